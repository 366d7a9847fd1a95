"""Bytes as HTML: nothing lost, nothing obeyed, the right parts marked."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.markup import elements_of, exact, plain, readable, visible
from tests.kit.messages import good_request

HOSTILE = "\x00\x07\x1b\x7f\x85\u061c\u200e\u202e\u2028\u2029\u2066\ufeff\ufff9\U000e0041"


def text_of(markup: str) -> str:
    """What a reader sees: markup gone, references resolved."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


@pytest.mark.parametrize("character", HOSTILE)
def test_unsafe_characters_are_shown_not_obeyed(character: str) -> None:
    shown = visible(f"a{character}b")
    assert character not in shown
    assert shown == f'a<b class="unsafe">U+{ord(character):04X}</b>b'
    assert plain(f"a{character}b") == f"aU+{ord(character):04X}b"


def test_what_is_no_danger_stays() -> None:
    text = "渡邉\U000e0101 𠮷田\t\nカタカナ﨑"
    assert visible(text) == text


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    shown = visible(text)
    assert "<" not in re.sub(r'<b class="unsafe">U\+[0-9A-F]{4,6}</b>', "", shown)
    assert "</script" not in shown


@given(st.binary())
def test_any_bytes_can_be_shown(raw: bytes) -> None:
    exact(raw, [], {})


def test_elements_have_their_bytes() -> None:
    raw = '<?xml version="1.0"?>\n<a x=\'>\'><b y="/>"/><c >é&lt;</c\n></a> '.encode()
    a, b, c = elements_of(raw)
    assert raw[a.start : a.end] == raw[22:-1]
    assert raw[b.start : b.end] == b'<b y="/>"/>'
    assert raw[c.start : c.end] == "<c >é&lt;</c\n>".encode()
    assert (c.text, a.children, b.attributes) == ("é<", [b, c], {"y": "/>"})


def test_a_byte_order_mark_moves_nothing() -> None:
    raw = b"\xef\xbb\xbf<a><b/></a>"
    a, b = elements_of(raw)
    assert (raw[a.start : a.end], raw[b.start : b.end]) == (b"<a><b/></a>", b"<b/>")


def test_the_exact_form_is_the_bytes_whatever_is_marked() -> None:
    raw = good_request().raw()
    elements = elements_of(raw)
    for marks in ({}, {element.start: "signed" for element in elements[1:]}, {elements[5].start: "signed"}):
        assert text_of(exact(raw, elements, marks)) == raw.decode()
    marked = exact(raw, elements, {elements[5].start: "signed"})
    found = re.search(r'<mark class="signed">(.*?)</mark>', marked, re.DOTALL)
    assert found is not None
    assert html.unescape(found[1]).encode() == raw[elements[5].start : elements[5].end]


def test_the_readable_form_has_every_value() -> None:
    raw = good_request().raw()
    elements = elements_of(raw)
    body = next(element for element in elements if element.name == "soap:Body")
    shown = readable(elements[0], {body.start: "signed"})
    assert text_of(shown).count("\n") > 30
    assert "xmlns" not in shown
    found = re.search(r'<mark class="signed">(.*?)</mark>', shown, re.DOTALL)
    assert found is not None
    assert "髙橋" in found[1]
    assert "葛\U000e0100" in found[1]
