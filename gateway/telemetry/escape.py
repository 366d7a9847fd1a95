"""Makes any text safe to stand in a log line or on a terminal: control and bidi characters, length.

Terminal control sequences and direction marks could make a line read as another one (safety of
output; Unicode Standard Annex #9 lists the bidirectional controls).
"""

from __future__ import annotations

import re

CUT = 256
"""Longest value of a log line, in characters, with the mark of the cut."""

_MARK = "…"
# C0, DEL, C1; Arabic letter mark, directional marks, embeddings, overrides and isolates; line and
# paragraph separators; zero-width no-break space; lone surrogates; interlinear and tag characters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f\\\\]"
)


def escape(text: str, cut: int = CUT) -> str:
    """``text`` with unsafe characters written as ``\\uXXXX`` and at most ``cut`` characters long.

    A backslash is doubled, so that no two texts read the same unless cut.
    """
    if text.isascii() and text.isprintable() and len(text) <= cut and "\\" not in text:
        return text
    # What lies beyond the cut cannot show: each character yields at least one.
    escaped = _UNSAFE.sub(_written, text[: cut + 1])
    return escaped if len(escaped) <= cut else escaped[: cut - 1] + _MARK


def _written(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\\":
        return "\\\\"
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
