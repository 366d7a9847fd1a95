"""CSV for machines, read strictly: what the files of changes and of addressees have in common.

UTF-8 without a byte order mark, lines end in LF, the first names the columns, in any order, all of them, none
twice. No error quotes what stands in the file. Nothing is guessed or mended: an unknown or missing column, a
line with more or fewer cells, a cell that a spreadsheet would run as a formula, are errors with line and
column.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, TextIO, TypeVar

from gateway.domain.csv_text import FORMULA, MOST_BYTES, cells_of
from gateway.domain.eras import Calendar
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import UsageError

_TOLD: Final = {
    "too-long": "longer than 65,536 bytes",
    "no-line-end": "does not end in LF",
    "not-utf-8": "not UTF-8",
    "control-character": "holds a control character, a line end or a byte order mark",
    "quotation": "quotation marks are wrongly set",
}

Row = Mapping[str, str]
Value = TypeVar("Value")


def read_rows(
    source: Path, columns: Sequence[str], make: Callable[[Row], Value]
) -> Iterator[tuple[int, Value]]:
    """What ``make`` makes of each line, with its number, in memory that does not grow.

    ``make`` raises InvalidValue whose ``what`` is the column at fault. Raises UsageError that names the line,
    and the column where one is at fault; the first line is 1.
    """
    try:
        with source.open("rb") as file:
            yield from _rows(source, file, columns, make)
    except OSError as error:
        raise UsageError(f"{source}: cannot be read ({error.strerror})") from None


def _rows(
    source: Path, file: IO[bytes], columns: Sequence[str], make: Callable[[Row], Value]
) -> Iterator[tuple[int, Value]]:
    lines = enumerate(iter(lambda: file.readline(MOST_BYTES), b""), start=1)
    order: list[str] = []
    for number, raw in lines:
        cells = _cells(source, number, raw)
        if not order:
            order = _order(source, cells, columns)
            continue
        if len(cells) != len(order):
            raise line_error(source, number, f"{len(cells)} cells, the first line names {len(order)} columns")
        for name, cell in zip(order, cells, strict=True):
            if cell and cell[0] in FORMULA:
                raise line_error(source, number, "formula", name)
        try:
            yield number, make(dict(zip(order, cells, strict=True)))
        except InvalidValue as error:
            raise line_error(source, number, error.code, error.what) from None
    if not order:
        raise line_error(source, 1, "names no columns")


def _cells(source: Path, number: int, raw: bytes) -> list[str]:
    try:
        return cells_of(raw)
    except InvalidValue as error:
        raise line_error(source, number, _TOLD[error.code]) from None


def _order(source: Path, header: list[str], columns: Sequence[str]) -> list[str]:
    for place, name in enumerate(header, start=1):
        if name not in columns:
            raise line_error(source, 1, f"there is no column of the name in place {place}")
        if header.index(name) != place - 1:
            raise line_error(source, 1, "named twice", name)
    for name in columns:
        if name not in header:
            raise line_error(source, 1, "is missing", name)
    return header


def line_error(source: Path, line: int, text: str, column: str = "") -> UsageError:
    """What is wrong with a line, and in which column."""
    place = f", column {column}" if column else ""
    return UsageError(f"{source}: line {line}{place}: {text}")


def read_cell(values: Row, column: str, make: Callable[[str], Value]) -> Value:
    """The value of a cell. Raises InvalidValue whose ``what`` is the column."""
    try:
        return make(values[column])
    except InvalidValue as error:
        raise InvalidValue(column, error.code) from None


def read_optional(values: Row, column: str, make: Callable[[str], Value]) -> Value | None:
    """The value of a cell that may be empty: None then."""
    return read_cell(values, column, make) if values[column] else None


def read_date_cells(values: Row, what: str) -> RegisterDate:
    """The date of the four columns that begin with ``what``."""
    calendar = read_cell(values, f"{what}_calendar", lambda code: read_code(Calendar, code))
    certainty = read_cell(values, f"{what}_certainty", lambda code: read_code(Certainty, code))
    text = read_optional(values, f"{what}_text", RegisterText)
    return read_cell(values, f"{what}_digits", lambda digits: RegisterDate(calendar, digits, certainty, text))


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[str]], out: TextIO) -> int:
    """Write lines as they come, the columns first; gives how many. ``out`` must not translate line ends.

    Raises InvalidValue ``formula`` for a text that no file for machines holds.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        if any(cell and cell[0] in FORMULA for cell in row):
            raise InvalidValue("cell", "formula")
        writer.writerow(row)
        count += 1
    return count


def date_cells(date: RegisterDate) -> tuple[str, str, str, str]:
    """The four cells of a date."""
    text = "" if date.text is None else date.text.inline
    return date.calendar.value, date.digits, date.certainty.value, text
