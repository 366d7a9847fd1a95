"""Step 13, the Body's child against the contract: xsi attributes, schema, values. One change each."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.contract import FAULTS, SERVICES, TYPES, Operation, Service, read_request, write_body
from gateway.refusals import Refused
from tests.kit import changes
from tests.kit.questions import BY_CODE, BY_DOCUMENT, NATIONAL, TERMINAL, VERIFY, element, find
from tests.kit.refusal import Unexpected, check

XSI = "http://www.w3.org/2001/XMLSchema-instance"
ITEMS = "presentedDocument/items"


def refused(
    root: etree._Element,
    rule: str,
    where: str,
    found: str = "",
    service: Service = TERMINAL,
    operation: Operation = VERIFY,
) -> None:
    """The element must be refused by this rule, at this path, for this kind of reason."""
    try:
        read_request(service, operation, root)
    except Refused as refusal:
        seen = (refusal.rule.name, refusal.where, refusal.found)
        wanted = (rule, where, found)
        if seen != wanted:
            raise Unexpected(f"{seen}, wanted {wanted}") from refusal
        check(str(refusal.rule.fault) == "juki:InvalidRequest", str(refusal.rule.fault))
        return
    raise Unexpected(f"accepted; wanted {rule} at {where}")


@pytest.mark.parametrize("question", [BY_CODE, BY_DOCUMENT])
def test_the_unchanged_message_is_read(question: object) -> None:
    check(read_request(TERMINAL, VERIFY, element(question)) == question, "another question came out")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("type", "t:Caller"),
        ("nil", "false"),
        ("schemaLocation", "urn:x file:///etc/hostname"),
        ("noNamespaceSchemaLocation", "x.xsd"),
    ],
)
@pytest.mark.parametrize("path", ["", "caller", "caller/operator/operatorId"])
def test_no_xsi_attribute_anywhere(path: str, name: str, text: str) -> None:
    root = element()
    (find(root, path) if path else root).set(f"{{{XSI}}}{name}", text)
    refused(root, "xsi", "VerifyIdentity")


def test_xsi_namespace_written_with_character_references() -> None:
    text = etree.tostring(element(BY_CODE)).replace(
        b"<t:caller ", b'<t:caller xmlns:q="http://www.w3.org/2001/XMLSchema&#45;instance" q:nil="false" '
    )
    refused(etree.fromstring(text), "xsi", "VerifyIdentity")


@pytest.mark.parametrize(
    "tag",
    [
        VERIFY.response,
        f"{{{TYPES}}}caller",
        f"{{{FAULTS}}}Refusal",
        f"{{{NATIONAL.namespace}}}VerifyIdentity",
        "VerifyIdentity",
    ],
)
def test_another_element_than_the_operations(tag: str) -> None:
    root = element()
    root.tag = tag
    refused(root, "schema", "VerifyIdentity", "element")


def test_a_schema_valid_element_that_is_not_the_operations() -> None:
    refused(find(element(), "caller"), "schema", "VerifyIdentity", "element")


def test_a_value_that_breaks_a_facet() -> None:
    root = element()
    find(root, f"{ITEMS}/sex").text = "9"
    refused(root, "schema", f"VerifyIdentity/{ITEMS}/sex", "enumeration")


def test_a_missing_element() -> None:
    root = element()
    find(root, "caller").remove(find(root, "caller/purpose"))
    refused(root, "schema", "VerifyIdentity/caller", "missing")


def test_both_keys() -> None:
    root = element(BY_CODE)
    root.append(find(element(), "presentedDocument"))
    refused(root, "schema", "VerifyIdentity/presentedDocument", "element")


def test_neither_key() -> None:
    root = element(BY_CODE)
    root.remove(find(root, "residentRecordCode"))
    refused(root, "schema", "VerifyIdentity", "missing")


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("caller/municipality", "131017", "check-digit"),
        (f"{ITEMS}/name", "東\u202e京", "format"),
        (f"{ITEMS}/name", "가나", "hidden-juki-code"),
        (f"{ITEMS}/name", "\ue000", "private-use"),
        (f"{ITEMS}/name", "{J+4E00}", "token-block"),
        (f"{ITEMS}/name", " 東", "edge-space"),
        (f"{ITEMS}/address", "\U000e0100東", "selector"),
    ],
)
def test_a_value_that_no_facet_can_refuse(path: str, text: str, code: str) -> None:
    root = element()
    find(root, path).text = text
    refused(root, "value", f"VerifyIdentity/{path}", code)


def test_the_check_digit_of_the_key() -> None:
    root = element(BY_CODE)
    find(root, "residentRecordCode").text = "12345678904"
    refused(root, "value", "VerifyIdentity/residentRecordCode", "check-digit")


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("digits", "19890108", "era"),
        ("digits", "19890100", "certainty"),
        ("calendar", "none", "calendar"),
        ("certainty", "season", "certainty"),
    ],
)
def test_a_date_that_contradicts_itself(field: str, text: str, code: str) -> None:
    root = element()
    find(root, f"{ITEMS}/birthDate/{field}").text = text
    refused(root, "value", f"VerifyIdentity/{ITEMS}/birthDate", code)


def test_a_report_of_changes_has_no_revisions() -> None:
    """再送信 is an operation of its own; only notices onward carry the revision."""
    service = SERVICES["resident_record"]
    operation = service.operation("ReportChanges")
    root = etree.fromstring(write_body(service, operation, changes.report(changes.move(1, 2, "千代田区"))))
    number = find(root, "change/number")
    revision = etree.Element(f"{{{TYPES}}}revision")
    number.addnext(revision)
    revision.text = "0"
    check(read_request(service, operation, root).changes[0].revision == 0, "the first report is revision 0")
    revision.text = "1"
    refused(root, "value", "ReportChanges/change/revision", "revision", service, operation)
