"""A message's bytes as HTML: exactly as received, and laid out for reading, signed parts marked in both.

Nothing is parsed here that the verifier's step 2 has not found harmless; other bytes are shown as they are.
Control and bidirectional characters stand as visible ``U+202E``, in an element of their own so that no text
can pretend to be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from markupsafe import Markup

# As gateway.telemetry.escape, but for the tab and the line feed, which a page shows as they are.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_TAG: Final = re.compile(rb"<[^\"'>]*(?:(?:\"[^\"]*\"|'[^']*')[^\"'>]*)*>")
_LONG: Final = 100  # characters of one text that the readable form shows of Base64
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]{101,}")
_INDENT: Final = "  "


Marks = Mapping[int, str]
"""What is marked, and how: the class of the mark by the first byte of the element."""


@dataclass(slots=True)
class Element:
    """One element of a message: its bytes are ``raw[start:end]``; names and attributes as written."""

    name: str
    attributes: Mapping[str, str]
    start: int
    end: int = 0
    text: str = ""
    children: list[Element] = field(default_factory=list)


def visible(text: str) -> Markup:
    """Text as HTML, unsafe characters made visible."""
    parts, done = [], 0
    for match in _UNSAFE.finditer(text):
        parts.append(
            Markup('{}<b class="unsafe">U+{:04X}</b>').format(text[done : match.start()], ord(match[0]))
        )
        done = match.end()
    return Markup("").join(parts) + Markup("{}").format(text[done:])


def plain(text: str) -> str:
    """Text for an attribute or a title: unsafe characters written as ``U+202E``."""
    return _UNSAFE.sub(lambda match: f"U+{ord(match[0]):04X}", text)


def elements_of(raw: bytes) -> list[Element]:
    """Every element of a message that passed step 2, in document order; the first is the document element.

    None for a message with names that only the fifth edition of XML 1.0 allows: expat knows the fourth.
    """
    found: list[Element] = []
    open_elements: list[Element] = []
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        element = Element(name, attributes, parser.CurrentByteIndex)
        if open_elements:
            open_elements[-1].children.append(element)
        found.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        element = open_elements.pop()
        tag = _TAG.match(raw, element.start)
        if tag is None or not tag[0].endswith(b"/>"):  # an empty-element tag is its own end
            tag = _TAG.match(raw, parser.CurrentByteIndex)
        element.end = tag.end() if tag else len(raw)

    def text(content: str) -> None:
        if open_elements:
            open_elements[-1].text += content

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(raw, True)
    except expat.ExpatError:
        return []
    return found


def exact(raw: bytes, elements: Sequence[Element], marks: Marks) -> Markup:
    """The bytes as text, each in its place; bytes that are no UTF-8 stand as ``\\xNN``."""
    parts, done = [], 0
    for element in elements:
        kind = marks.get(element.start)
        if kind is None or element.start < done:  # unmarked, or inside one that is marked already
            continue
        parts.append(_decoded(raw[done : element.start]))
        parts.append(
            Markup('<mark class="{}">{}</mark>').format(kind, _decoded(raw[element.start : element.end]))
        )
        done = element.end
    return Markup("").join([*parts, _decoded(raw[done:])])


def readable(root: Element, marks: Marks) -> Markup:
    """The message laid out, one element a line; namespace declarations left out, Base64 cut short."""
    return Markup("\n").join(_laid_out(root, 0, marks))


def _laid_out(element: Element, depth: int, marks: Marks) -> Iterator[Markup]:
    lines = list(_lines(element, depth, marks))
    if element.start in marks:
        yield Markup('<mark class="{}">{}</mark>').format(marks[element.start], Markup("\n").join(lines))
    else:
        yield from lines


def _lines(element: Element, depth: int, marks: Marks) -> Iterator[Markup]:
    indent, name = _INDENT * depth, visible(element.name)
    attributes = Markup("").join(
        Markup(' <i>{}</i>="{}"').format(visible(key), visible(value))
        for key, value in element.attributes.items()
        if key != "xmlns" and not key.startswith("xmlns:")
    )
    opening = Markup("<b>{}</b>{}").format(name, attributes)
    if element.children:
        yield Markup("{}&lt;{}&gt;").format(indent, opening)
        for child in element.children:
            yield from _laid_out(child, depth + 1, marks)
        yield Markup("{}&lt;/<b>{}</b>&gt;").format(indent, name)
    elif element.text:
        yield Markup("{}&lt;{}&gt;{}&lt;/<b>{}</b>&gt;").format(indent, opening, _short(element.text), name)
    else:
        yield Markup("{}&lt;{}/&gt;").format(indent, opening)


def _short(text: str) -> Markup:
    if not _BASE64.fullmatch(text):
        return visible(text)
    return Markup('{}<span class="cut">… ({})</span>').format(text[:_LONG].strip(), len(text))


def _decoded(raw: bytes) -> Markup:
    return visible(raw.decode("utf-8", "backslashreplace"))
