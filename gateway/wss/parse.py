"""Step 2: bytes to a tree, with everything refused that makes two readers see two documents.

XML 1.0 in UTF-8 only; no DOCTYPE (so no entity), no comment, no processing instruction, no XInclude or
XOP, no relative namespace name; bounded in depth and in every count. One parse per message.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import Any, Final, NamedTuple

from lxml import etree

from gateway.refusals import Refused
from gateway.wss import names
from gateway.wss.profile import Limits

_FOREIGN_BOMS: Final = (
    b"\xfe\xff",
    b"\xff\xfe",
    b"\x00\x00\xfe\xff",
    b"+/v",
    b"\xf7\x64\x4c",
    b"\xdd\x73\x66\x73",
)
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_DECLARATION: Final = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?P<version>\"[^\"<]*\"|'[^'<]*')"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?P<encoding>\"[^\"<]*\"|'[^'<]*'))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?[ \t\r\n]*\?>"
)
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_PLAINLY_DECLARED: Final = re.compile(  # behind the word xmlns
    rb"(?::[^\s=<>\"']*)?[ \t\r\n]*=[ \t\r\n]*"
    rb"(?:\"(?:[A-Za-z][A-Za-z0-9+.\-]*:[^\"<&]*)?\"|'(?:[A-Za-z][A-Za-z0-9+.\-]*:[^'<&]*)?')"
)
_OFTEN: Final = tuple(  # declarations as most messages have them, plain ones all
    f':{prefix}="{namespace}"'.encode("ascii")
    for prefix, namespace in (
        ("soap", names.SOAP),
        ("wsa", names.WSA),
        ("wsu", names.WSU),
        ("wsse", names.WSSE),
        ("wsse11", names.WSSE11),
        ("ds", names.DS),
    )
)
_FOREIGN: Final = (
    etree.Comment,
    etree.ProcessingInstruction,
    f"{{{names.XINCLUDE}}}*",
    f"{{{names.XOP}}}*",
)
_INCLUSIONS: Final = (names.XINCLUDE.encode("ascii"), names.XOP.encode("ascii"))
_INSTANCE: Final = b"XMLSchema-instance"
_OPTIONS: Final[dict[str, Any]] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "collect_ids": False,
}
_parsers = threading.local()


class Parsed(NamedTuple):
    """A tree whose depth, attributes and elements are still to be counted, and what the bytes alone tell."""

    root: etree._Element
    few: bool
    """There cannot be too many elements."""
    bare: bool
    """No attribute of XML Schema itself (xsi) can be in it."""


def step_2_parse(raw: bytes, limits: Limits) -> etree._Element:
    """The document element of ``raw``, which is one whole message as it came from the wire."""
    parsed = step_2_tree(raw, limits)
    step_2_counts(parsed, limits)
    return parsed.root


def step_2_tree(raw: bytes, limits: Limits) -> Parsed:
    """All of step 2 but the counts, for who looks at the whole tree anyway (gateway.wss.usual)."""
    if len(raw) > limits.body_bytes:
        raise Refused("body-too-large", found=f"{len(raw)} bytes", wanted=f"at most {limits.body_bytes}")
    _check_encoding(raw)
    begin = _check_prolog(raw)
    plain = _is_plain(raw, limits)
    root = _tree(raw, limits, plain=plain)
    if not (plain and _has_only_elements(raw, begin)):
        _check_nodes(root)
    return Parsed(root, raw.count(b"<") <= limits.elements, plain and _INSTANCE not in raw)


def step_2_counts(parsed: Parsed, limits: Limits) -> None:
    """The bounds of the tree itself."""
    root, any_of, deep, wide, count = parsed.root, *_counters(limits.depth, limits.attributes)
    if any_of(root):
        if deep(root):
            raise Refused("too-deep", wanted=f"at most {limits.depth}")
        if wide(root):
            raise Refused("too-many-attributes", wanted=f"at most {limits.attributes}")
    if not parsed.few and count(root) > limits.elements:
        raise Refused("too-many-elements", wanted=f"at most {limits.elements}")


def past_counts(depth: int, attributes: int) -> str:
    """The XPath condition that a tree is deeper, or has an element with more attributes."""
    return " or ".join(_past(depth, attributes))


def _check_encoding(raw: bytes) -> None:
    if raw.startswith(_FOREIGN_BOMS):
        raise Refused("foreign-bom", wanted="UTF-8")
    try:
        raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Refused("not-utf8", found=f"{error.reason} at byte {error.start}") from None


def _check_prolog(raw: bytes) -> int:
    """Before the document element there may be a declaration and white space, nothing else; where it ends."""
    start = len(_UTF8_BOM) if raw.startswith(_UTF8_BOM) else 0
    declaration = _DECLARATION.match(raw, start)
    if declaration:
        if declaration["version"][1:-1] != b"1.0":
            raise Refused("xml-version", wanted="1.0")
        encoding = declaration["encoding"]
        if encoding is not None and encoding[1:-1].lower() != b"utf-8":
            raise Refused("xml-encoding", wanted="UTF-8")
        start = declaration.end()
    space = _SPACE.match(raw, start)
    begin = space.end() if space else start
    rest = raw[begin : begin + 9]
    if rest.startswith(b"<!DOCTYPE"):
        raise Refused("doctype")
    if rest.startswith(b"<!--"):
        raise Refused("comment", where="before the Envelope")
    if rest.startswith(b"<?"):
        if not declaration and re.match(rb"<\?xml[ \t\r\n]", rest):
            raise Refused("not-well-formed", where="the XML declaration")
        raise Refused("processing-instruction", where="before the Envelope")
    return begin


def _is_plain(raw: bytes, limits: Limits) -> bool:
    """Whether the bytes alone prove that every namespace is absolute, spelt out, and within its counts.

    A declaration needs the literal ``xmlns``, which cannot be written with a character reference, so the
    count of that word bounds the declarations from above. Each one is judged where it stands: text that
    looks like the start of a declaration must not swallow the real one behind it. What is not plain is parsed
    the counting way, which tells exactly.
    """
    most = min(limits.namespaces_per_element, limits.namespaces_in_scope)
    behind = raw.split(b"xmlns", most + 1)[1:]
    rare = [one for one in behind if not one.startswith(_OFTEN)]
    return len(behind) <= most and all(map(_PLAINLY_DECLARED.match, rare))


def _has_only_elements(raw: bytes, begin: int) -> bool:
    """Whether plain bytes prove that there is no comment, processing instruction or inclusion in them.

    Each begins with a mark that a message seldom has anywhere, and text may have too: this may say no for
    nothing. The inclusions' namespaces would stand in a declaration as they are spelt.
    """
    return b"!" not in raw and raw.find(b"?", begin) < 0 and not any(map(raw.__contains__, _INCLUSIONS))


def _tree(raw: bytes, limits: Limits, *, plain: bool) -> etree._Element:
    """Parse once; the plain way where the bytes alone tell enough."""
    try:
        if plain:
            root: etree._Element = etree.fromstring(raw, _parser())
            return root
        return _tree_counting_namespaces(raw, limits)
    except etree.XMLSyntaxError as error:
        if (
            error.code == etree.ErrorTypes.ERR_RESOURCE_LIMIT
        ):  # 256 levels; its other bounds are larger than ours
            raise Refused("too-deep", found="the parser's own bound", wanted=f"{limits.depth}") from None
        raise Refused("not-well-formed", found=_place(error)) from None


def _parser() -> etree.XMLParser[Any]:
    """One parser a thread: threads that share one wait for each other."""
    parser: etree.XMLParser[Any] | None = getattr(_parsers, "parser", None)
    if parser is None:
        parser = _parsers.parser = etree.XMLParser(**_OPTIONS)
    return parser


def _tree_counting_namespaces(raw: bytes, limits: Limits) -> etree._Element:
    """Parse with an event for each declaration, which the finished tree no longer tells exactly."""
    parser = etree.XMLPullParser(events=("start-ns", "start", "end"), **_OPTIONS)
    parser.feed(raw)
    root = parser.close()
    scopes: list[frozenset[str]] = [frozenset()]
    declared: list[str] = []
    for event, value in parser.read_events():
        if event == "start-ns":
            prefix, uri = map(str, value)
            if uri and not _ABSOLUTE.match(uri):
                raise Refused("relative-namespace")
            declared.append(prefix)
        elif event == "start":
            if len(declared) > limits.namespaces_per_element:
                raise Refused(
                    "too-many-namespaces",
                    found=f"{len(declared)}",
                    wanted=f"at most {limits.namespaces_per_element}",
                )
            scopes.append(scopes[-1].union(declared) if declared else scopes[-1])
            if len(scopes[-1]) > limits.namespaces_in_scope:
                raise Refused(
                    "too-many-namespaces-in-scope",
                    found=f"{len(scopes[-1])}",
                    wanted=f"at most {limits.namespaces_in_scope}",
                )
            declared = []
        else:
            scopes.pop()
    return root


def _place(error: etree.XMLSyntaxError) -> str:
    """Where the parser stopped. Its message may quote the document, so only its place is kept."""
    return f"line {error.lineno}, column {error.offset}"


def _check_nodes(root: etree._Element) -> None:
    """Comments and processing instructions inside and after the document element; inclusions."""
    for node in (*root.iter(*_FOREIGN), *root.itersiblings(*_FOREIGN)):
        where = f"line {node.sourceline}"
        if isinstance(node, etree._Comment):
            raise Refused("comment", where=where)
        if isinstance(node, etree._ProcessingInstruction):
            raise Refused("processing-instruction", where=where)
        raise Refused("inclusion", where=where)


@cache
def _counters(depth: int, attributes: int) -> tuple[etree.XPath, ...]:
    deep, wide = _past(depth, attributes)
    return tuple(map(etree.XPath, (past_counts(depth, attributes), deep, wide, "count(//*)")))


def _past(depth: int, attributes: int) -> tuple[str, str]:
    return f"boolean({'/*' * (depth + 1)})", f"boolean(//*/@*[{attributes + 1}])"
