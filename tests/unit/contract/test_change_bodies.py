"""Reports of changes at the contract: what a schema or a rule refuses, and how large a batch may be."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.contract import SERVICES, read_answer, read_request, write_answer, write_body
from gateway.domain.change import ChangeResult
from gateway.domain.change_report import MOST_CHANGES, MOST_NOTICES, ChangeOutcome, ChangeReceipt
from gateway.domain.register_text import RegisterText
from gateway.refusals import Refused
from tests.kit.changes import code, entry, move, recode, report

REPORTS = SERVICES["resident_record"]
REPORT = REPORTS.operation("ReportChanges")
NOTIFY = SERVICES["prefectural"].operation("NotifyChanges")
T = "{urn:juki-gateway:types:1}"


def refused(body: bytes) -> tuple[str, str, str]:
    with pytest.raises(Refused) as caught:
        read_request(REPORTS, REPORT, etree.fromstring(body))
    return caught.value.rule.name, caught.value.where, caught.value.found


def test_a_whole_batch_is_read_with_its_individual_numbers() -> None:
    asked = report(*(entry(person) for person in range(MOST_CHANGES)))
    body = write_body(REPORTS, REPORT, asked)
    assert len(body) < REPORTS.body_bytes
    assert read_request(REPORTS, REPORT, etree.fromstring(body)) == asked
    item = body[body.index(b"<t:change ") : body.index(b"</t:change>")] + b"</t:change>"
    one_more = body.replace(b"</s:ReportChanges>", item + b"</s:ReportChanges>")
    assert refused(one_more)[0] == "schema"


def test_the_longest_receipt_fits_an_answer() -> None:
    outcome = ChangeOutcome(code(1), 999_999_999, ChangeResult.INDIVIDUAL_NUMBER_IN_USE, 999_999_999)
    receipt = ChangeReceipt(datetime(2026, 11, 25, tzinfo=UTC), "x" * 64, (outcome,) * MOST_CHANGES)
    body = write_answer(REPORTS, REPORT, receipt)
    assert len(body) < 256 * 1024 - 16_384  # beside the headers
    assert read_answer(REPORTS, REPORT, etree.fromstring(body)) == receipt


def test_the_longest_notices_of_everyday_records_fit_a_message() -> None:
    long = move(1, 2, "東京都千代田区霞が関一丁目" * 6, name=RegisterText("試験" * 12))
    body = write_body(SERVICES["prefectural"], NOTIFY, report(*(long,) * MOST_NOTICES))
    assert len(body) < 256 * 1024 - 16_384


def test_a_report_has_no_revisions() -> None:
    body = write_body(
        SERVICES["prefectural"], NOTIFY, report(dataclasses.replace(move(1, 2, "x"), revision=1))
    )
    body = body.replace(b"prefectural", b"resident_record").replace(b"NotifyChanges", b"ReportChanges")
    assert refused(body) == ("value", "ReportChanges/change/revision", "revision")
    assert read_request(REPORTS, REPORT, etree.fromstring(body.replace(b"<t:revision>1", b"<t:revision>0")))


@pytest.mark.parametrize(
    ("old", "new", "rule", "where"),
    [
        (b"<t:number>2<", b"<t:number>0<", "schema", "ReportChanges/change/number"),
        (b"<t:number>2<", b"<t:number>1000000000<", "schema", "ReportChanges/change/number"),
        (b"<t:number>2<", b"<t:number>2.0<", "schema", "ReportChanges/change/number"),
        (b"code_change_asked", b"code_change", "schema", "ReportChanges/change/reason"),
        (b"code_change_asked", b"move_within", "value", "ReportChanges/change"),
        (b"<t:digits>20261120<", b"<t:digits>20260230<", "value", "ReportChanges/change"),
        (b"<t:digits>20261120<", b"<t:digits>18260220<", "value", "ReportChanges/change/eventDate"),
        (b"<t:formerCode>0", b"<t:formerCode>1", "value", "ReportChanges/change/formerCode"),
        (
            b"<t:individualNumber>",
            b"<t:individualNumber>1",
            "schema",
            "ReportChanges/change/record/individualNumber",
        ),
        (b"<t:record>", b"<t:change>", "", ""),
    ],
)
def test_one_bad_item_refuses_the_batch(old: bytes, new: bytes, rule: str, where: str) -> None:
    body = write_body(REPORTS, REPORT, report(entry(9), recode(1, 2, 2)))
    assert old in body
    if not rule:
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(body.replace(old, new))
        return
    first = body.index(b"</t:change>")  # the second item is the bad one
    assert refused(body[:first] + body[first:].replace(old, new))[:2] == (rule, where)


def test_the_same_numbers_in_other_words() -> None:
    body = write_body(REPORTS, REPORT, report(move(1, 2, "x")))
    read = read_request(REPORTS, REPORT, etree.fromstring(body.replace(b"<t:number>2<", b"<t:number> +02 <")))
    assert read.changes[0].number == 2
