"""What is written in canonical form is what lxml canonicalises to, whatever text there is in it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.wss import names
from gateway.wss.canonical_text import attribute_value, character_data
from gateway.wss.sign import Outgoing, sign
from tests.kit.evidence import file_signer
from tests.kit.examples import examples

_WSU_ID = f"{{{names.WSU}}}Id"
_HOSTILE = "&<>\"'\r\n\t ]a%{}\x85\u2028𠮷\U000e0100\ufeff"
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40) | st.text(
    _HOSTILE, max_size=20
)
TEXT = TEXT.filter(lambda text: not {"\ufffe", "\uffff"} & set(text))


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


@settings(max_examples=examples(1_000))
@given(TEXT, TEXT)
def test_text_and_attributes(text: str, attribute: str) -> None:
    element = etree.Element("a", {"b": attribute})
    element.text = text
    written = f'<a b="{attribute_value(attribute)}">{character_data(text)}</a>'.encode()
    assert written == canonical(element)
    again = etree.fromstring(written)
    assert (again.text or "", again.get("b")) == (text, attribute)


@given(st.characters())
def test_exactly_what_xml_can_carry(character: str) -> None:
    """lxml itself says which characters those are (XML 1.0 section 2.2)."""
    try:
        etree.Element("a").text = character
    except ValueError:
        for write in (character_data, attribute_value):
            with pytest.raises(ValueError, match="cannot carry"):
                write(f"a{character}")
    else:
        assert character_data(character)
        assert attribute_value(character)


@settings(max_examples=examples(500))
@given(
    to=TEXT.filter(bool),
    action=TEXT.filter(bool),
    message_id=TEXT.filter(bool),
    bound=st.none() | st.tuples(TEXT.filter(bool), st.binary(max_size=300).map(base64.b64encode)),
    text=TEXT,
    prefix=st.sampled_from(["t", "soap", "wsu", "wsse", ""]),
    as_bytes=st.booleans(),
    inclusive=st.booleans(),
)
def test_every_signed_part_leaves_as_it_is_digested(
    *,
    to: str,
    action: str,
    message_id: str,
    bound: tuple[str, bytes] | None,
    text: str,
    prefix: str,
    as_bytes: bool,
    inclusive: bool,
) -> None:
    """The message is parsed again: each part's canonical form stands in it verbatim, and has its digest."""
    content = etree.Element("{urn:x}Ask", nsmap={prefix or None: "urn:x"})
    content.text = text
    outgoing = Outgoing(
        canonical(content) if as_bytes else content,
        to,
        action,
        message_id,
        None if bound is None else bound[0],
        None if bound is None else bound[1].decode("ascii"),
        (prefix,) if inclusive and prefix == "t" else (),
    )
    signed = sign(outgoing, file_signer(), datetime.now(UTC))
    root = etree.fromstring(signed.raw)
    parts = {element.get(_WSU_ID): element for element in root.iter() if element.get(_WSU_ID)}
    references = list(root.iter(f"{{{names.DS}}}Reference"))
    assert {str(reference.get("URI"))[1:] for reference in references} == parts.keys()
    for reference in references:
        part = parts[str(reference.get("URI"))[1:]]
        listed = [one.get("PrefixList", "").split() for one in reference.iter(names.INCLUSIVE_NAMESPACES)]
        form = etree.tostring(
            part, method="c14n", exclusive=True, inclusive_ns_prefixes=listed[0] if listed else None
        )
        assert form in signed.raw
        digest = reference.findtext(f"{{{names.DS}}}DigestValue")
        assert digest == base64.b64encode(hashlib.sha256(form).digest()).decode("ascii")
    (signed_info,) = root.iter(names.SIGNED_INFO)
    assert canonical(signed_info) == signed.signed_info
    assert signed.signed_info in signed.raw
    body = root.find(names.BODY)
    assert body is not None
    assert (body[0].tag, body[0].text or "") == ("{urn:x}Ask", text)
    for name, value in (("To", to), ("Action", action), ("MessageID", message_id)):
        assert root.findtext(f"*/{{{names.WSA}}}{name}") == value
