"""Step 4, the Security header's values: ids, Base64, times, and the two counts."""

from __future__ import annotations

import pytest

from tests.kit import identities
from tests.kit.messages import SERVICE, Draft, good_request
from tests.kit.refusal import Bench
from tests.kit.tree import Node

FAULT = "wsse:InvalidSecurity"


# Ids: every attribute that any reader takes for one, unique in the whole document

ID_NAMES = [
    "wsu:Id",
    "Id",
    "ID",
    "id",
    "iD",
    "xml:id",
    "AssertionID",
    "x:iD",
    "x:Id",
    "x:AssertionID",
    "soap:id",
]


@pytest.mark.parametrize("name", ID_NAMES)
@pytest.mark.parametrize("part", ["body", "timestamp", "token", "To"])
def test_the_id_of_a_signed_part_stands_again(bench: Bench, name: str, part: str) -> None:
    draft = good_request()
    value = draft.part(part).attributes["wsu:Id"]
    draft.header.insert(0, Node("x:hint", {"xmlns:x": "urn:x", name: value}))
    bench.refuses(draft, "id-doubled", FAULT)


@pytest.mark.parametrize("name", ID_NAMES)
@pytest.mark.parametrize("where", ["Body's child", "deep in the Body", "Envelope"])
def test_the_id_stands_again_in_the_body_or_above(bench: Bench, name: str, where: str) -> None:
    draft = good_request()
    node = {
        "Body's child": draft.body.elements[0],
        "deep in the Body": draft.body.one("name"),
        "Envelope": draft.root,
    }[where]
    node.attributes |= {"xmlns:x": "urn:x", name: draft.body.attributes["wsu:Id"]}
    bench.refuses(draft.resign(), "id-doubled", FAULT)


@pytest.mark.parametrize("first", ["ID", "xml:id", "x:iD"])
@pytest.mark.parametrize("second", ["Id", "AssertionID", "x:id"])
def test_two_ids_that_nothing_refers_to(bench: Bench, first: str, second: str) -> None:
    draft = good_request()
    draft.header.insert(0, Node("x:hint", {"xmlns:x": "urn:x", first: "same"}))
    draft.header.insert(0, Node("x:hint", {"xmlns:x": "urn:x", second: "same"}))
    bench.refuses(draft, "id-doubled", FAULT)


def test_two_ids_on_one_element(bench: Bench) -> None:
    draft = good_request()
    draft.body.attributes |= {"Id": draft.body.attributes["wsu:Id"]}
    bench.refuses(draft.resign(), "id-doubled", FAULT)


def test_ids_in_the_signature(bench: Bench) -> None:
    draft = good_request()
    draft.signature.attributes["Id"] = draft.body.attributes["wsu:Id"]
    bench.refuses(draft.resign(), "id-doubled", FAULT)


def test_different_ids_are_fine(bench: Bench) -> None:
    draft = good_request()
    draft.signature.attributes["Id"] = "signature"
    draft.root.one("KeyInfo").attributes["Id"] = "key-info"
    draft.root.one("SecurityTokenReference").attributes["wsu:Id"] = "str"
    draft.body.elements[0].attributes["id"] = "child"
    bench.accepts(draft.resign())


# Base64


def changed(draft: Draft, name: str, text: str) -> Draft:
    """The draft with another text in one element; signed with it where that can be."""
    node = draft.root.one(name)
    if name == "BinarySecurityToken":
        node.text = text
        return draft.resign()
    node.text = text
    if name == "DigestValue":
        value = draft.root.one("SignatureValue")
        twin = draft.root.copy()
        value.text = value_of(twin, draft)
    return draft


def value_of(root: Node, draft: Draft) -> str:
    """The signature value over a SignedInfo as it stands, digests left alone."""
    import base64

    from tests.kit import signing

    return base64.b64encode(signing.signature_value(root.one("SignedInfo"), draft.identity)).decode()


VALUES = ["BinarySecurityToken", "DigestValue", "SignatureValue"]


def wrong_forms(text: str) -> dict[str, str]:
    """The ways in which the same bytes, or nearly, are written wrongly; the text ends in ``=``."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare = text.rstrip("=")
    padding = text[len(bare) :]
    last = alphabet[alphabet.index(bare[-1]) + 1]
    return {
        "trailing bits": bare[:-1] + last + padding,
        "no padding": bare,
        "too much padding": text + "=",
        "four more": text + "====",
        "padding inside": "QQ==" + text,
        "url-safe": "-_" + text[2:],
        "stranger": "!" + text[1:],
        "one left over": text[:-4] + "A",
        "no-break space": text[:8] + "\u00a0" + text[8:],
        "ideographic space": text[:8] + "\u3000" + text[8:],
        "zero width space": text[:8] + "\u200b" + text[8:],
        "vertical form": text[:8] + "\u2028" + text[8:],
        "full-width letter": "\uff21" + text[1:],
        "empty": "",
        "white space only": " \n",
        "data behind the padding": text + "AAAA",
    }


FORMS = sorted(wrong_forms("AAAA="))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", VALUES)
def test_base64_that_is_not_canonical(bench: Bench, name: str, form: str) -> None:
    draft = good_request(padded_identity())
    text = draft.root.one(name).text
    bench.refuses(changed(draft, name, wrong_forms(text)[form]), "base64", FAULT)


def padded_identity() -> identities.Identity:
    """A P-256 identity whose certificate's Base64 ends in padding, so that bits trail."""
    authority = identities.authority()
    for count in range(12):
        found = authority.identity("P-256", "padded" + "x" * count)
        if len(found.der) % 3:
            return found
    raise LookupError("no certificate of a padded length")


@pytest.mark.parametrize("space", ["\n", "\r\n", "\r", " ", "\t", "\r\n\t "])
@pytest.mark.parametrize("name", VALUES)
def test_white_space_in_base64_is_allowed(bench: Bench, name: str, space: str) -> None:
    # Santuario breaks lines with CRLF, which arrives as &#13; and a line feed.
    draft = good_request()
    text = draft.root.one(name).text
    broken = space + text[:20] + space + text[20:] + space
    bench.accepts(changed(draft, name, broken))


# Times

GOOD_TIMES = [
    ("2026-11-24T03:04:05Z", "2026-11-24T03:09:05Z"),
    ("2026-11-24T03:04:05.1Z", "2026-11-24T03:09:05.123456789Z"),
    ("2026-11-24T03:04:05.000000000Z", "2026-11-24T03:09:05.999999999Z"),
]
WRONG_TIMES = [
    "2026-11-24T03:04:05z",
    "2026-11-24t03:04:05Z",
    "2026-11-24 03:04:05Z",
    "2026-11-24T03:04:05",
    "2026-11-24T03:04:05+00:00",
    "2026-11-24T03:04:05-00:00",
    "2026-11-24T12:04:05+09:00",
    "2026-11-24T03:04:05Z+00:00",
    "2026-11-24T03:04:05ZZ",
    "2026-11-24T24:00:00Z",
    "2026-11-24T03:04:60Z",
    "2026-11-24T03:60:05Z",
    "2026-11-24T25:04:05Z",
    "2026-11-31T03:04:05Z",
    "2026-02-29T03:04:05Z",
    "2026-13-24T03:04:05Z",
    "2026-00-24T03:04:05Z",
    "2026-11-00T03:04:05Z",
    "0000-11-24T03:04:05Z",
    "-2026-11-24T03:04:05Z",
    "+2026-11-24T03:04:05Z",
    "02026-11-24T03:04:05Z",
    "26-11-24T03:04:05Z",
    "2026-11-24T3:04:05Z",
    "2026-11-24T03:04Z",
    "2026-11-24T03Z",
    "2026-11-24",
    "2026-11-24T03:04:05.Z",
    "2026-11-24T03:04:05.1234567890Z",
    "2026-11-24T03:04:05,678Z",
    "2026-W48-2T03:04:05Z",
    "2026-328T03:04:05Z",
    "20261124T030405Z",
    "1795489445",
    "２０２６-11-24T03:04:05Z",
    "2026-11-24T03:04:0\u0665Z",
    "2026-11-24T03:04:05\u00a0Z",
    "2026-11-24T03:0 4:05Z",
    "",
    " ",
    "now",
]


@pytest.mark.parametrize(("created", "expires"), GOOD_TIMES)
def test_times_of_the_grammar(bench: Bench, created: str, expires: str) -> None:
    draft = good_request()
    draft.root.one("Created").text = created
    draft.root.one("Expires").text = expires
    bench.accepts(draft.resign())


@pytest.mark.parametrize("text", WRONG_TIMES)
@pytest.mark.parametrize("name", ["Created", "Expires"])
def test_times_of_another_grammar(bench: Bench, name: str, text: str) -> None:
    draft = good_request()
    draft.root.one(name).text = text
    bench.refuses(draft.resign(), "timestamp-format", FAULT)


# Counts


def test_number_of_references(bench: Bench) -> None:
    # Nothing else is left to point to: the sixteenth passed the count and is refused by a later step.
    draft = good_request()
    while len(draft.references) < 16:
        draft.refer(draft.body)
    bench.refuses(draft.resign(), "reference-doubled", "wsse:FailedCheck")
    draft.refer(draft.body)
    bench.refuses(draft.resign(), "too-many-references", FAULT)


def prefixes(count: int) -> str:
    """That many different tokens."""
    return " ".join(f"p{number}" for number in range(count))


@pytest.mark.parametrize("parent", ["CanonicalizationMethod", "Transform"])
def test_number_of_prefixes(bench: Bench, parent: str) -> None:
    for count in (32, 33):
        draft = good_request()
        listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": prefixes(count)}
        draft.root.one(parent).append(Node("ec:InclusiveNamespaces", listed))
        draft.resign()
        if count == 32:
            bench.accepts(draft)
        else:
            bench.refuses(draft, "too-many-prefixes", FAULT)


def test_prefixes_are_counted_over_all_lists(bench: Bench) -> None:
    for count in (32, 33):
        draft = good_request()
        tokens = prefixes(count).split()
        for node, part in zip(
            draft.signed_info.all("Transform")[:2], (tokens[:20], tokens[20:]), strict=True
        ):
            listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": " ".join(part)}
            node.append(Node("ec:InclusiveNamespaces", listed))
        draft.resign()
        if count == 32:
            bench.accepts(draft)
        else:
            bench.refuses(draft, "too-many-prefixes", FAULT)


def test_the_same_prefixes_in_every_list_count_once(bench: Bench) -> None:
    draft = good_request()
    for node in draft.signed_info.all("Transform"):
        listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": prefixes(30)}
        node.append(Node("ec:InclusiveNamespaces", listed))
    bench.accepts(draft.resign())


def test_prefixes_times_elements(bench: Bench) -> None:
    """What a PrefixList costs grows with the message: ten tokens go with 10,000 elements, no more."""
    listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": prefixes(10)}

    def message(filler: int) -> Draft:
        draft = good_request(body=f'<t:Ask xmlns:t="{SERVICE}">{"<t:a/>" * filler}</t:Ask>')
        draft.root.one("CanonicalizationMethod").append(Node("ec:InclusiveNamespaces", dict(listed)))
        return draft.resign()

    others = message(0).raw().count(b"</") + message(0).raw().count(b"/>")
    bench.accepts(message(10_000 - others))
    bench.refuses(message(10_001 - others), "too-many-prefixes", FAULT)
