"""Lines of CSV files for machines (RFC 4180), taken strictly: nothing is guessed or mended.

UTF-8 without a byte order mark; a line ends in LF and has no line end within; no control character; no cell
that a spreadsheet would run as a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

from gateway.domain.values import InvalidValue

FORMULA: Final = "=+-@\t\r＝＋－＠"
"""A cell that begins so would be run by a spreadsheet; no file for machines holds one."""

MOST_BYTES: Final = 65_536
"""Of one line."""

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CELL: Final = '(?:[^",]*|"(?:[^"]|"")*")'
_LINE: Final = re.compile(f"{_CELL}(?:,{_CELL})*")  # which csv.reader takes loosely


def cells_of(raw: bytes) -> list[str]:
    """The cells of a line with its LF.

    Raises InvalidValue ``too-long``, ``no-line-end``, ``not-utf-8``, ``control-character`` or ``quotation``.
    """
    if not raw.endswith(b"\n"):
        raise InvalidValue("line", "too-long" if len(raw) >= MOST_BYTES else "no-line-end")
    try:
        text = raw[:-1].decode()
    except UnicodeDecodeError:
        raise InvalidValue("line", "not-utf-8") from None
    if _CONTROL.search(text):
        raise InvalidValue("line", "control-character")
    if '"' not in text:
        return text.split(",")
    if not _LINE.fullmatch(text):
        raise InvalidValue("line", "quotation")
    return next(csv.reader([text], strict=True))


def line_of(cells: Sequence[str]) -> str:
    """A line with its LF. Raises InvalidValue ``formula`` or ``control-character``."""
    for cell in cells:
        if cell and cell[0] in FORMULA:
            raise InvalidValue("cell", "formula")
        if _CONTROL.search(cell):
            raise InvalidValue("cell", "control-character")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
