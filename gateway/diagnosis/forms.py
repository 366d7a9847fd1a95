"""The bytes that a sender may have digested or signed instead: every known way, one after the other.

Each way undoes one kind of damage, or repeats one mistake. A form whose digest is the sender's proves its
cause, since digests do not meet by chance.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain, combinations
from typing import Final

from lxml import etree

from gateway.diagnosis.spans import bytes_of
from gateway.wss import names

Form = tuple[str, bytes]
"""The code of a cause, and what would have been digested."""

_PREFIXES: Final = (
    "soap", "soapenv", "SOAP-ENV", "soap-env", "env", "s", "S", "SOAP", "e",
    "wsse", "o", "wsu", "u", "wsa", "a", "wsa5", "ds", "dsig", "Signature",
    "ns", "ns0", "ns1", "ns2", "ns3", "ns4", "tns", "t", "m", "q1", "web", "ser", None,
)  # fmt: skip
_ENCODINGS: Final = ("cp932", "shift_jis", "euc_jp", "utf-16-le", "utf-16-be", "utf-16", "latin-1", "cp1252")
_READ_AS: Final = ("latin-1", "cp1252", "cp932", "shift_jis", "euc_jp")
_MOST_PREFIXES: Final = 8
_LIKELY: Final = etree.XPath("/* | /*/* | /*/*/* | //*[@u:Id]", namespaces={"u": names.WSU})
_MOST_TEXTS: Final = 100
_SPACE: Final = " \t\r\n"
# What JIS X 0208 and Windows-31J make of the same code point of Shift_JIS.
_JIS: Final = "\u301c\u2016\u2212\u00a2\u00a3\u00ac\u2014\u00a5\u203e"
_WINDOWS: Final = "\uff5e\u2225\uff0d\uffe0\uffe1\uffe2\u2015\uffe5\uffe3"


def forms(element: etree._Element, prefixes: Sequence[str], raw: bytes) -> Iterator[Form]:
    """What may have been taken for the canonical form of an element, the simplest ways first.

    ``prefixes`` is the PrefixList that the message declares for it, ``raw`` the message.
    """
    return chain(
        _by_namespaces(element, prefixes),
        _by_white_space(element, prefixes),
        _by_extent(element, prefixes, raw),
        _by_characters(element, prefixes),
        _by_prefixes(element, prefixes),
    )


def canonical(element: etree._Element, prefixes: Sequence[str] = (), *, exclusive: bool = True) -> bytes:
    """A canonical form without comments; empty where there is none."""
    try:
        return etree.tostring(
            element,
            method="c14n",
            exclusive=exclusive,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
    except (etree.C14NError, ValueError):
        return b""


def _by_namespaces(element: etree._Element, prefixes: Sequence[str]) -> Iterator[Form]:
    if prefixes:
        yield "prefix-list-ignored", canonical(element)
    yield "inclusive-form", canonical(element, exclusive=False)
    scope = [prefix for prefix in element.nsmap if prefix is not None][:_MOST_PREFIXES]
    for size in range(1, len(scope) + 1):
        for tried in combinations(scope, size):
            yield "prefix-list-missing", canonical(element, tried)


def _by_white_space(element: etree._Element, prefixes: Sequence[str]) -> Iterator[Form]:
    yield "pretty-printed", _altered(element, prefixes, between="")
    yield "pretty-printed", _altered(element, prefixes, _stripped, between="")
    for indent in ("  ", "    ", "\t", ""):
        for depth in (0, _depth(element)):
            yield "white-space-removed", _indented(element, prefixes, indent, depth)
    for found, wanted in (("\r?\n", "\r\n"), ("\r\n", "\n"), ("\r", ""), ("\r", "\n"), ("\n", "")):
        yield "line-ends", _altered(element, prefixes, partial(re.sub, found, wanted))
    for form in _one_text_longer(element, prefixes):
        yield "text-trimmed", form


def _by_extent(element: etree._Element, prefixes: Sequence[str], raw: bytes) -> Iterator[Form]:
    if (octets := bytes_of(element, raw)) is not None:
        yield "not-canonical", octets
        yield "not-canonical", octets.replace(b"\r\n", b"\n")
    yield "id-added", _without_id(element, prefixes)
    for exclusive in (True, False):
        yield "content-only", _content(element, prefixes, exclusive=exclusive)
    for other in _LIKELY(element):
        if other is not element:
            yield "other-element", canonical(other, prefixes)


def _by_characters(element: etree._Element, prefixes: Sequence[str]) -> Iterator[Form]:
    text = canonical(element, prefixes).decode()
    for encoding in _READ_AS:
        yield "mis-decoded", _altered(element, prefixes, _read_again(encoding))
    for encoding in _ENCODINGS:
        yield "other-encoding", text.encode(encoding, "replace")
        yield "other-encoding", text.encode(encoding, "ignore")
        yield "other-encoding", text.encode(encoding, "xmlcharrefreplace")
    yield "escaped-twice", _altered(element, prefixes, _unescaped)
    yield "windows-31j", _altered(element, prefixes, _exchanged(_WINDOWS, _JIS))
    yield "windows-31j", _altered(element, prefixes, _exchanged(_JIS, _WINDOWS))
    yield "normalised", _altered(element, prefixes, partial(unicodedata.normalize, "NFD"))
    yield "normalised", _altered(element, prefixes, partial(unicodedata.normalize, "NFC"))


def _by_prefixes(element: etree._Element, prefixes: Sequence[str]) -> Iterator[Form]:
    uris = {etree.QName(node).namespace for node in element.iter(etree.Element)}
    uris |= {etree.QName(name).namespace for node in element.iter(etree.Element) for name in node.attrib}
    for uri in sorted(uri for uri in uris if uri is not None):
        for prefix in _PREFIXES:
            if (form := _renamed(element, prefixes, uri, prefix)) is not None:
                yield "prefix-changed", form


def _twin(element: etree._Element) -> etree._Element:
    """The same element in a copy of the whole document: its namespaces stay in scope."""
    tree = element.getroottree()
    twin = copy.deepcopy(tree)
    found = twin.getroot() if element is tree.getroot() else twin.find(tree.getelementpath(element))
    if found is None:
        raise LookupError("an element is not where its path says")
    return found


def _altered(
    element: etree._Element,
    prefixes: Sequence[str],
    text: Callable[[str], str] | None = None,
    *,
    between: str | None = None,
) -> bytes:
    """With every text changed; ``between`` replaces white space that stands alone between elements."""
    twin = _twin(element)
    for node in twin.iter(etree.Element):
        node.text = _changed(node.text, text, between if len(node) else None)
        if node is not twin:
            node.tail = _changed(node.tail, text, between)
        for name, value in node.attrib.items():
            if text is not None:
                node.set(name, text(value))
    return canonical(twin, prefixes)


def _changed(value: str | None, text: Callable[[str], str] | None, between: str | None) -> str | None:
    if value is None:
        return None
    if between is not None and not value.strip(_SPACE):
        return between
    return value if text is None or not value else _only_xml(text(value), value)


def _only_xml(new: str, old: str) -> str:
    """``new``, unless XML cannot have it."""
    return old if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", new) else new


def _indented(element: etree._Element, prefixes: Sequence[str], indent: str, depth: int) -> bytes:
    twin = _twin(element)
    tail = twin.tail
    if indent:
        etree.indent(twin, space=indent, level=depth)
    else:
        for node in twin.iter(etree.Element):
            if len(node):
                node.text = "\n"
            if node is not twin:
                node.tail = "\n"
    twin.tail = tail
    return canonical(twin, prefixes)


def _one_text_longer(element: etree._Element, prefixes: Sequence[str]) -> Iterator[bytes]:
    """With white space at one end of one text."""
    twin = _twin(element)
    leaves = [node for node in twin.iter(etree.Element) if not len(node)]
    for node in leaves[:_MOST_TEXTS]:
        text = node.text or ""
        for space in (" ", "\u3000", "\n", "\t"):
            for longer in (text + space, space + text):
                node.text = longer
                yield canonical(twin, prefixes)
        node.text = text


def _depth(element: etree._Element) -> int:
    return sum(1 for _ in element.iterancestors())


def _without_id(element: etree._Element, prefixes: Sequence[str]) -> bytes:
    twin = _twin(element)
    twin.attrib.pop(names.WSU_ID, None)
    return canonical(twin, prefixes)


def _content(element: etree._Element, prefixes: Sequence[str], *, exclusive: bool) -> bytes:
    if len(element) == 0:
        return (element.text or "").encode()
    return b"".join(canonical(child, prefixes, exclusive=exclusive) for child in element)


def _read_again(encoding: str) -> Callable[[str], str]:
    """Undo: UTF-8 was taken for ``encoding`` and written as UTF-8 once more."""

    def undone(text: str) -> str:
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            return text

    return undone


def _unescaped(text: str) -> str:
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text


def _exchanged(found: str, wanted: str) -> Callable[[str], str]:
    table = str.maketrans(found, wanted)
    return lambda text: text.translate(table)


def _stripped(text: str) -> str:
    return text.strip(_SPACE)


def _renamed(element: etree._Element, prefixes: Sequence[str], uri: str, prefix: str | None) -> bytes | None:
    """The form with one namespace under another prefix; None where that prefix means something else."""
    if any(prefix in node.nsmap for node in element.iter(etree.Element)):
        return None
    if prefix is None and any(
        etree.QName(name).namespace == uri for node in element.iter(etree.Element) for name in node.attrib
    ):
        return None
    twin = _rebuilt(element, None, uri, prefix)
    twin.tail = None
    return canonical(twin, prefixes)


def _rebuilt(
    element: etree._Element, parent: etree._Element | None, uri: str, prefix: str | None
) -> etree._Element:
    declared = {known: name for known, name in element.nsmap.items() if name != uri} | {prefix: uri}
    twin = (
        etree.Element(element.tag, nsmap=declared)
        if parent is None
        else etree.SubElement(parent, element.tag, nsmap=declared)
    )
    twin.text, twin.tail = element.text, element.tail
    for name, value in element.attrib.items():
        twin.set(name, value)
    for child in element.iterchildren(etree.Element):
        _rebuilt(child, twin, uri, prefix)
    return twin
