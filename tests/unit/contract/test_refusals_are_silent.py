"""A refusal of the contract names places and rules, and never a value or a name that the sender chose."""

from __future__ import annotations

import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest
from lxml import etree

from gateway.contract import read_request
from gateway.refusals import Refused
from tests.kit.questions import BY_DOCUMENT, TERMINAL, VERIFY, element, find

SECRET = "山田花子"
ITEMS = "presentedDocument/items"


def refusal_of(root: etree._Element) -> Refused:
    with pytest.raises(Refused) as caught:
        read_request(TERMINAL, VERIFY, root)
    return caught.value


def everything_said(refusal: Refused) -> str:
    told = "".join(traceback.format_exception(refusal))
    return "\n".join([repr(refusal), refusal.where, refusal.found, refusal.wanted, told])


@pytest.mark.parametrize(
    "path",
    [
        "caller/municipality",
        "caller/purpose",
        f"{ITEMS}/sex",
        f"{ITEMS}/birthDate/digits",
        f"{ITEMS}/birthDate/calendar",
    ],
)
def test_rejected_text_is_not_quoted(path: str) -> None:
    root = element()
    find(root, path).text = SECRET
    assert SECRET not in everything_said(refusal_of(root))


def test_value_errors_do_not_quote_either() -> None:
    root = element()
    find(root, f"{ITEMS}/name").text = SECRET + "\u202e"
    refusal = refusal_of(root)
    assert refusal.rule.name == "value"
    assert SECRET not in everything_said(refusal)


def test_an_element_name_of_the_senders_becomes_a_star() -> None:
    root = element()
    etree.SubElement(find(root, "caller"), SECRET)
    refusal = refusal_of(root)
    assert (refusal.rule.name, refusal.where, refusal.found) == (
        "schema",
        "VerifyIdentity/caller/*",
        "element",
    )
    assert SECRET not in everything_said(refusal)


def test_an_attribute_of_the_senders_is_not_named() -> None:
    root = element()
    find(root, "caller/operator").set(SECRET, SECRET)
    refusal = refusal_of(root)
    assert (refusal.where, refusal.found) == ("VerifyIdentity/caller/operator", "attribute")
    assert SECRET not in everything_said(refusal)


def test_where_is_found_whatever_prefixes_the_sender_uses() -> None:
    text = etree.tostring(element(), encoding="unicode")
    text = text.replace("<t:", "<").replace("</t:", "</").replace("xmlns:t=", "xmlns=")
    root = etree.fromstring(text)
    assert read_request(TERMINAL, VERIFY, root) == BY_DOCUMENT
    find(root, f"{ITEMS}/birthDate/certainty").text = "perhaps"
    refusal = refusal_of(root)
    assert (refusal.where, refusal.found) == (f"VerifyIdentity/{ITEMS}/birthDate/certainty", "enumeration")


def test_a_missing_element_says_what_was_wanted() -> None:
    root = element()
    find(root, "caller").remove(find(root, "caller/purpose"))
    assert refusal_of(root).wanted == "purpose"


def test_threads_do_not_mix_their_reasons() -> None:
    """The compiled schema is shared; each thread must get its own message's reason."""

    def try_one(number: int) -> str:
        root = element()
        path, text = (
            ("caller/municipality", "x"),
            (f"{ITEMS}/sex", "3"),
            (f"{ITEMS}/address", ""),
            ("", ""),
        )[number % 4]
        if path:
            find(root, path).text = text
        try:
            read_request(TERMINAL, VERIFY, root)
        except Refused as refusal:
            return f"{refusal.where.rpartition('/')[2]} {refusal.found}"
        return "read"

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(try_one, range(800)))
    assert seen == ["municipality pattern", "sex enumeration", "address min-length", "read"] * 200
