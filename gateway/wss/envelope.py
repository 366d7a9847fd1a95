"""Step 3: the envelope's shape, every element by its exact qualified name.

One Header, one Body, one element in the Body, and no header for us that must be understood and is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from gateway.refusals import Refused
from gateway.wss import names

_SPACE = " \t\r\n"
_WSA_PREFIX = f"{{{names.WSA}}}"
_UNDERSTOOD = frozenset(
    _WSA_PREFIX + local for local in ("To", "Action", "MessageID", "RelatesTo", "ReplyTo", "FaultTo", "From")
) | {names.SECURITY}


class Envelope(NamedTuple):
    """The parts of a well-shaped envelope; ``content`` is the Body's only child element."""

    root: etree._Element
    header: etree._Element
    body: etree._Element
    content: etree._Element
    addressing: tuple[etree._Element, ...]  # every header of the WS-Addressing namespace
    security: tuple[etree._Element, ...]  # every wsse:Security header for this receiver


def step_3_shape(root: etree._Element) -> Envelope:
    """The envelope's parts, each standing where it must."""
    if root.tag != names.ENVELOPE:
        if etree.QName(root).localname == "Envelope":
            raise Refused("envelope-version", wanted=names.SOAP)
        raise Refused("not-an-envelope", wanted=names.ENVELOPE)
    children = list(root)
    if [child.tag for child in children] != [names.HEADER, names.BODY]:
        raise Refused("envelope-children", found=f"{len(children)} children")
    header, body = children
    for element in (root, header):
        if not only_elements(element):
            raise Refused("envelope-text", where=local_name(element))
    if len(body) != 1 or not only_elements(body):
        raise Refused("body-children", found=f"{len(body)} elements", wanted="one element and no text")
    for block in header:
        if block.tag not in _UNDERSTOOD and _must_understand(block) and for_us(block):
            raise Refused("header-not-understood", where=local_name(block))
    return Envelope(
        root=root,
        header=header,
        body=body,
        content=body[0],
        addressing=tuple(block for block in header if str(block.tag).startswith(_WSA_PREFIX)),
        security=tuple(block for block in header.iterchildren(names.SECURITY) if for_us(block)),
    )


def for_us(block: etree._Element) -> bool:
    """Whether a header block is addressed to this receiver (SOAP 1.1 section 4.2.2)."""
    return block.get(names.ACTOR) in {None, "", names.ACTOR_NEXT}


def _must_understand(block: etree._Element) -> bool:
    """Anything but an absent attribute or a plain 0 counts as a demand."""
    return block.get(names.MUST_UNDERSTAND, "0") != "0"


def only_elements(element: etree._Element) -> bool:
    """True when no text but white space stands between the element's children."""
    return not any(text.strip(_SPACE) for text in _own_text(element))


def _own_text(element: etree._Element) -> Iterator[str]:
    if element.text:
        yield element.text
    for child in element:
        if child.tail:
            yield child.tail


def local_name(element: etree._Element) -> str:
    """The element's local name, for telling where; one that the profile does not have is a sender's text."""
    name = etree.QName(element)
    return name.localname if name.localname in names.TOLD else "another element"
