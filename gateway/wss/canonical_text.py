"""Text and attribute values as Canonical XML writes them, for whoever writes canonical form directly."""

from __future__ import annotations

import re
from typing import Final

_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN: Final = re.compile("[\t\n\x20-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
"""Text that stands for itself: nothing that XML forbids, no ``&``, ``<``, ``>`` or carriage return."""


def is_plain(text: str) -> bool:
    """Whether every character stands for itself as character data."""
    return _PLAIN.fullmatch(text) is not None


def character_data(value: str) -> str:
    """Character data (Canonical XML 1.0 section 2.3). Raises ValueError for what XML cannot carry."""
    if _PLAIN.fullmatch(value):
        return value
    _refuse_forbidden(value)
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def attribute_value(value: str) -> str:
    """An attribute's value, to stand between double quotes. Raises ValueError for what XML cannot carry."""
    _refuse_forbidden(value)
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return escaped.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")


def _refuse_forbidden(value: str) -> None:
    if _FORBIDDEN.search(value):
        raise ValueError("a character that XML cannot carry")
