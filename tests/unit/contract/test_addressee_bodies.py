"""Messages with addressees that the contract refuses: where, by which rule, and never with a value."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.contract import SERVICES, TYPES, read_request, write_body
from gateway.refusals import Refused
from tests.kit.addressees import addressee, elsewhere, piece, somebody

GOOD = piece(elsewhere("A1", somebody(1)), addressee("A2", somebody(2)))


@pytest.mark.parametrize("service", ["resident_record", "card_management"])
@pytest.mark.parametrize(
    ("path", "text", "where", "rule"),
    [
        ("addressee/number", "番号", "number", "schema"),
        ("addressee/postalCode", "907180", "postalCode", "schema"),
        ("addressee/count", "0", "count", "schema"),
        ("addressee/printClass", "x", "printClass", "schema"),
        ("addressee/address", "a\u200bb", "addressee/address", "value"),
        ("addressee/person/residentRecordCode", "12345678901", "residentRecordCode", "value"),
        ("addressee/person/individualNumber", "123456789010", "individualNumber", "value"),
        ("addressee/person/birthDate/digits", "19260101", "birthDate", "value"),
        ("addresseeHeader/processedOn", "2026-02-30", "processedOn", "value"),
        ("addresseeHeader/office/phone", "0312-3264-2111", "office/phone", "value"),
        ("addresseeHeader/municipality", "131017", "municipality", "value"),
    ],
)
def test_what_has_no_form_refuses_the_message(
    service: str, path: str, text: str, where: str, rule: str
) -> None:
    made = SERVICES[service]
    name = "DeliverAddressees" if service == "resident_record" else "NotifyAddressees"
    operation = made.operation(name)
    element = etree.fromstring(write_body(made, operation, GOOD))
    found = element.find("/".join(f"{{{TYPES}}}{part}" for part in path.split("/")))
    assert found is not None
    found.text = text
    with pytest.raises(Refused) as caught:
        read_request(made, operation, element)
    assert caught.value.rule.name == rule
    assert where.rsplit("/", maxsplit=1)[-1] in (caught.value.where or "")
    assert text not in f"{caught.value} {caught.value.where} {caught.value.found} {caught.value.wanted}"


def test_places_that_do_not_rise() -> None:
    service = SERVICES["resident_record"]
    operation = service.operation("DeliverAddressees")
    raw = write_body(service, operation, GOOD).decode()
    spoilt = raw.replace(
        "<t:conversion>unneeded</t:conversion>",
        "<t:conversion>converted</t:conversion><t:substituteName><t:text>x</t:text>"
        "<t:places>2 1</t:places></t:substituteName>",
        1,
    )
    assert spoilt != raw
    with pytest.raises(Refused) as caught:
        read_request(service, operation, etree.fromstring(spoilt))
    assert (caught.value.rule.name, caught.value.found) == ("value", "places")
