"""InquirePerson crosses the contract unchanged; purpose, legal basis and one key are mandatory."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from gateway.contract import SERVICES, Service, read_answer, read_request, write_answer, write_request
from gateway.domain.inquiry import Inquiry, ProvidedAnswer
from gateway.refusals import Refused
from tests.kit.inquiries import BY_ITEMS, BY_NUMBER, FOUND, LISTED, NOBODY
from tests.kit.questions import find

EVERY_SERVICE = pytest.mark.parametrize(
    "service", [SERVICES[name] for name in ("terminal", "number_use", "jlis")], ids=lambda s: s.name
)


@EVERY_SERVICE
@pytest.mark.parametrize("inquiry", [BY_NUMBER, BY_ITEMS, LISTED])
def test_an_inquiry_crosses_unchanged(service: Service, inquiry: Inquiry) -> None:
    operation = service.operation("InquirePerson")
    assert read_request(service, operation, write_request(service, operation, inquiry)) == inquiry


@EVERY_SERVICE
@pytest.mark.parametrize("answer", [FOUND, NOBODY])
@pytest.mark.parametrize("inquiry", [BY_NUMBER, BY_ITEMS])
def test_an_answer_crosses_unchanged(service: Service, answer: Any, inquiry: Inquiry) -> None:
    operation = service.operation("InquirePerson")
    told = ProvidedAnswer(answer, inquiry.key) if service.name == "jlis" else answer
    element = etree.fromstring(write_answer(service, operation, told))
    assert read_answer(service, operation, element) == told


@EVERY_SERVICE
@pytest.mark.parametrize("missing", ["legalBasis", "caller/purpose", "individualNumber"])
def test_what_every_inquiry_names(service: Service, missing: str) -> None:
    operation = service.operation("InquirePerson")
    element = write_request(service, operation, BY_NUMBER)
    gone = find(element, missing)
    parent = gone.getparent()
    assert parent is not None
    parent.remove(gone)
    with pytest.raises(Refused) as caught:
        read_request(service, operation, element)
    assert caught.value.rule.name == "schema"


def test_both_keys_are_refused() -> None:
    service = SERVICES["number_use"]
    operation = service.operation("InquirePerson")
    element = write_request(service, operation, BY_NUMBER)
    element.append(find(write_request(service, operation, BY_ITEMS), "items"))
    with pytest.raises(Refused) as caught:
        read_request(service, operation, element)
    assert caught.value.rule.name == "schema"


@pytest.mark.parametrize(("path", "value"), [("legalBasis", "because"), ("individualNumber", "12345678901")])
def test_values_that_no_schema_takes(path: str, value: str) -> None:
    service = SERVICES["number_use"]
    operation = service.operation("InquirePerson")
    element = write_request(service, operation, BY_NUMBER)
    find(element, path).text = value
    with pytest.raises(Refused) as caught:
        read_request(service, operation, element)
    assert (caught.value.rule.name, caught.value.where) == ("schema", f"InquirePerson/{path}")


def test_a_wrong_check_digit_is_refused_without_the_number() -> None:
    service = SERVICES["number_use"]
    operation = service.operation("InquirePerson")
    element = write_request(service, operation, BY_NUMBER)
    find(element, "individualNumber").text = "123456789012"
    with pytest.raises(Refused) as caught:
        read_request(service, operation, element)
    told = caught.value
    assert (told.rule.name, told.where, told.found) == (
        "value",
        "InquirePerson/individualNumber",
        "check-digit",
    )
    assert "123456789012" not in repr(told) + str(told)
