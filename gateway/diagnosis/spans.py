"""Where an element stands in the bytes of its message."""

from __future__ import annotations

from xml.parsers import expat

from lxml import etree


def bytes_of(element: etree._Element, raw: bytes) -> bytes | None:
    """The element as it was written, from ``<`` of its start tag to ``>`` of its end tag.

    None where a second parser, which is asked for the places, does not read the message.
    """
    wanted = next(
        place
        for place, other in enumerate(element.getroottree().getroot().iter(etree.Element))
        if other is element
    )
    spans: dict[int, tuple[int, int]] = {}
    open_elements: list[tuple[int, int]] = []
    count = 0
    parser = expat.ParserCreate("utf-8")

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        open_elements.append((count, parser.CurrentByteIndex))
        count += 1

    def end(_name: str) -> None:
        place, begin = open_elements.pop()
        at = parser.CurrentByteIndex
        # Of an empty-element tag both events stand at its start.
        spans[place] = begin, raw.index(b">", at if at != begin else _tag_end(raw, begin)) + 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(raw, True)
    except (expat.ExpatError, ValueError):
        return None
    begin, after = spans[wanted]
    return raw[begin:after]


def _tag_end(raw: bytes, begin: int) -> int:
    """The place of the ``>`` that ends a tag, past any in its attribute values."""
    quote = None
    for place in range(begin, len(raw)):
        octet = raw[place]
        if quote is not None:
            quote = None if octet == quote else quote
        elif octet in b"\"'":
            quote = octet
        elif octet == ord(">"):
            return place
    return begin
