"""The strict reader of a file of people (rows.py): a stream of them, or an error that names line and column.

No error quotes what stands in the file. Nothing is guessed or mended: an unknown column, a line with more or
fewer cells, and a date that says two things are errors.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, TypeVar

from gateway.domain.codes import Sex
from gateway.domain.csv_text import FORMULA
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_date_text import written
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import UsageError
from gateway.people.person import CardState, Person
from gateway.people.rows import COLUMNS, REQUIRED

MOST_BYTES: Final = 65_536
"""Of one line."""

_FREE_TEXT: Final = 200  # characters of a household or note
_SYSTEM: Final = re.compile("[0-9A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?")
_MAY_BE_FORMULA: Final = re.compile(f'(?:^|,)"?[{re.escape(FORMULA)}]')
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_CELL: Final = '(?:[^",]*|"(?:[^"]|"")*")'
_QUOTED_LINE: Final = re.compile(f"{_CELL}(?:,{_CELL})*")  # RFC 4180, which csv.reader takes loosely

Value = TypeVar("Value")


def read_people(source: Path) -> Iterator[Person]:
    """The people of the file, one after another, in memory that does not grow with it.

    Raises UsageError that names the line, and the column where one is at fault; the first line is 1.
    """
    try:
        with source.open("rb") as file:
            yield from _people(source, file)
    except OSError as error:
        raise UsageError(f"{source}: cannot be read ({error.strerror})") from None


def _people(source: Path, file: IO[bytes]) -> Iterator[Person]:
    lines = _Lines(source, file)
    order = _order(lines, _cells(next(lines, ""), lines))
    for text in lines:
        row = _cells(text, lines)
        if len(row) != len(order):
            raise lines.error(f"{len(row)} cells, the first line names {len(order)} columns")
        if _MAY_BE_FORMULA.search(text):
            _refuse_formulas(row, order, lines)
        try:
            yield person_of(dict(zip(order, row, strict=True)))
        except InvalidValue as error:
            raise lines.error(error.code, error.what) from None


def _cells(text: str, lines: _Lines) -> list[str]:
    if '"' not in text:
        return text.split(",")
    if not _QUOTED_LINE.fullmatch(text):
        raise lines.error("quotation marks are wrongly set")
    return next(csv.reader([text], strict=True))


class _Lines:
    """The lines of the file as text, and where the reader is."""

    def __init__(self, source: Path, file: IO[bytes]) -> None:
        self._source = source
        self._file = file
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MOST_BYTES)
        if not raw:
            raise StopIteration
        self._number += 1
        if not raw.endswith(b"\n"):
            raise self.error("longer than 65,536 bytes" if len(raw) == MOST_BYTES else "does not end in LF")
        try:
            text = raw[:-1].decode()
        except UnicodeDecodeError:
            raise self.error("not UTF-8") from None
        if _CONTROL.search(text):
            raise self.error("holds a control character, a line end or a byte order mark")
        return text

    def error(self, text: str, column: str = "") -> UsageError:
        """The error for where the reader is."""
        place = f", column {column}" if column else ""
        return UsageError(f"{self._source}: line {self._number or 1}{place}: {text}")


def _order(lines: _Lines, header: list[str]) -> list[str]:
    """The columns as they stand in this file."""
    for number, name in enumerate(header, start=1):
        if name not in COLUMNS:
            raise lines.error(f"there is no column of the name in place {number}")
        if header.index(name) != number - 1:
            raise lines.error("named twice", name)
    for name in REQUIRED:
        if name not in header:
            raise lines.error("is missing", name)
    return header


def _refuse_formulas(row: list[str], order: list[str], lines: _Lines) -> None:
    for name, cell in zip(order, row, strict=True):
        if cell and cell[0] in FORMULA:
            raise lines.error("formula", name)


def _cell(values: Mapping[str, str], column: str, make: Callable[[str], Value]) -> Value:
    try:
        return make(values[column])
    except InvalidValue as error:
        raise InvalidValue(column, error.code) from None


def _optional(values: Mapping[str, str], column: str, make: Callable[[str], Value]) -> Value | None:
    return _cell(values, column, make) if values.get(column) else None


@lru_cache(maxsize=4096)
def _municipality(digits: str) -> MunicipalityCode:
    return MunicipalityCode(digits)


_CALENDARS: Final = {one.value: one for one in Calendar}
_CERTAINTIES: Final = {one.value: one for one in Certainty}
_SEXES: Final = {one.value: one for one in Sex}
_CARDS: Final = {one.value: one for one in CardState}


def _calendar(text: str) -> Calendar:
    return _CALENDARS.get(text) or read_code(Calendar, text)


def _certainty(text: str) -> Certainty:
    return _CERTAINTIES.get(text) or read_code(Certainty, text)


def _sex(text: str) -> Sex:
    return _SEXES.get(text) or read_code(Sex, text)


def _card(text: str) -> CardState:
    return _CARDS.get(text) or read_code(CardState, text)


def person_of(values: Mapping[str, str]) -> Person:
    """The person of one row, cells by column. Raises InvalidValue whose ``what`` is the column at fault."""
    record = IdentityRecord(
        code=_cell(values, "resident_record_code", ResidentRecordCode),
        individual_number=_optional(values, "individual_number", IndividualNumber),
        name=_cell(values, "name", RegisterText),
        kana=_optional(values, "kana", Kana),
        latin_name=_optional(values, "latin_name", RegisterText),
        common_name=_optional(values, "common_name", RegisterText),
        former_surname=_optional(values, "former_surname", RegisterText),
        birth_date=_birth_date(values),
        sex=_cell(values, "sex", _sex),
        address=_cell(values, "address", RegisterText),
        municipality=_cell(values, "municipality", _municipality),
    )
    return Person(
        record=record,
        card_state=_cell(values, "card_state", _card),
        household=_free_text(values, "household"),
        past_name=_optional(values, "past_name", RegisterText),
        past_kana=_optional(values, "past_kana", Kana),
        past_address=_optional(values, "past_address", RegisterText),
        recorded_at=_systems(values["recorded_at"]),
        note=_free_text(values, "note"),
    )


def _birth_date(values: Mapping[str, str]) -> RegisterDate:
    calendar = _cell(values, "birth_calendar", _calendar)
    certainty = _cell(values, "birth_certainty", _certainty)
    text = _optional(values, "birth_text", RegisterText)
    found = _cell(values, "birth_digits", lambda digits: RegisterDate(calendar, digits, certainty, text))
    if values["birth_date"] and values["birth_date"] != written(found):
        raise InvalidValue("birth_date", "not the date of the columns behind it")
    return found


def _free_text(values: Mapping[str, str], column: str) -> str:
    text = values.get(column, "")
    if len(text) > _FREE_TEXT:
        raise InvalidValue(column, "too-long")
    return text


def _systems(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    ids = text.split(" ")
    if not all(_SYSTEM.fullmatch(one) for one in ids):
        raise InvalidValue("recorded_at", "system-id")
    return tuple(ids)
