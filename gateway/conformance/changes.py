"""What a case may do to a message: one function for each ``do`` of the case files.

``at`` is an XPath in the profile's prefixes. Nothing is signed anew unless the case says ``resign``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from gateway.conformance.draft import PREFIXES, Draft
from gateway.wss.sign import instant_text

Change = Mapping[str, Any]


def spoil(draft: Draft, changes: Iterable[Change]) -> None:
    """Do the changes in order. Raises LookupError when one finds nothing to change."""
    for change in changes:
        _CHANGES[change["do"]](draft, change)


def _text(draft: Draft, change: Change) -> None:
    draft.one(change["at"]).text = change["value"] * change.get("times", 1)


def _attribute(draft: Draft, change: Change) -> None:
    prefix, _, local = change["name"].rpartition(":")
    name = f"{{{PREFIXES[prefix]}}}{local}" if prefix else local
    draft.one(change["at"]).set(name, change["value"])


def _drop_attribute(draft: Draft, change: Change) -> None:
    prefix, _, local = change["name"].rpartition(":")
    del draft.one(change["at"]).attrib[f"{{{PREFIXES[prefix]}}}{local}" if prefix else local]


def _remove(draft: Draft, change: Change) -> None:
    for element in draft.all(change["at"]):
        parent = element.getparent()
        if parent is None:
            raise LookupError(change["at"])
        parent.remove(element)


def _remove_reference(draft: Draft, change: Change) -> None:
    identifier = draft.one(change["to"]).get(f"{{{PREFIXES['wsu']}}}Id")
    _remove(draft, {"at": f"//ds:Reference[@URI='#{identifier}']"})


def _remove_signed(draft: Draft, change: Change) -> None:
    _remove_reference(draft, {"to": change["at"]})
    _remove(draft, change)


def _copy(draft: Draft, change: Change) -> None:
    element = draft.one(change["at"])
    element.addnext(deepcopy(element))


def _copy_signed(draft: Draft, change: Change) -> None:
    """A second one with an Id and a Reference of its own."""
    element = draft.one(change["at"])
    identifier = element.get(f"{{{PREFIXES['wsu']}}}Id")
    twin, reference = deepcopy(element), draft.one(f"//ds:Reference[@URI='#{identifier}']")
    twin.set(f"{{{PREFIXES['wsu']}}}Id", f"{identifier}-2")
    element.addnext(twin)
    second = deepcopy(reference)
    second.set("URI", f"#{identifier}-2")
    reference.addnext(second)


def _insert(draft: Draft, change: Change) -> None:
    draft.one(change["into"]).insert(change.get("index", 0), etree.fromstring(change["xml"]))


def _insert_signed(draft: Draft, change: Change) -> None:
    """An element whose wsu:Id is ``inserted``, with a Reference of its own."""
    _insert(draft, change)
    reference = draft.one("//ds:Reference")
    second = deepcopy(reference)
    second.set("URI", "#inserted")
    reference.addnext(second)


def _shift(draft: Draft, change: Change) -> None:
    for name in ("Created", "Expires"):
        element = draft.one(f"//wsu:{name}")
        at = datetime.fromisoformat(str(element.text)) + timedelta(seconds=change.get(name.lower(), 0))
        element.text = instant_text(at)


def _header(draft: Draft, change: Change) -> None:
    draft.headers[change["name"]] = change["value"]


def _replace(draft: Draft, change: Change) -> None:
    raw, old = draft.written(), change["old"].encode()
    if old not in raw:
        raise LookupError(change["old"])
    draft.raw = raw.replace(
        old, bytes.fromhex(change["hex"]) if "hex" in change else change["new"].encode(), 1
    )


def _prepend(draft: Draft, change: Change) -> None:
    draft.raw = change["value"].encode() + draft.written()


def _pad(draft: Draft, change: Change) -> None:
    draft.raw = draft.written() + b" " * change["bytes"]


def _resign(draft: Draft, _change: Change) -> None:
    draft.resign()


_CHANGES: Final[Mapping[str, Callable[[Draft, Change], None]]] = {
    "text": _text,
    "attribute": _attribute,
    "drop-attribute": _drop_attribute,
    "remove": _remove,
    "remove-reference": _remove_reference,
    "remove-signed": _remove_signed,
    "copy": _copy,
    "copy-signed": _copy_signed,
    "insert": _insert,
    "insert-signed": _insert_signed,
    "shift": _shift,
    "header": _header,
    "replace": _replace,
    "prepend": _prepend,
    "pad": _pad,
    "resign": _resign,
}
