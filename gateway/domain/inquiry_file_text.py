"""The two files as text: a strict reader of 情報参照ファイル, a writer of both (docs/flows/inquiry-files.md).

Errors name line and column and quote nothing. Memory does not grow with a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, ParamSpec, TypeVar

from gateway.domain.basic_four import BasicFour
from gateway.domain.codes import Purpose, Sex
from gateway.domain.csv_text import FORMULA, cells_of, line_of
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import FileError, FileHeader, FileName, InquiryLine, LineResult
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import GatewayError

INQUIRIES, RESULTS, VERSION = "juki-inquiry-file", "juki-inquiry-results", "1"
_HEAD: Final = (
    *("kind", "version", "municipality", "office", "file", "purpose", "basis", "count", "digest"),
)
_ITEMS: Final = (
    *("name", "birth_calendar", "birth_digits", "birth_certainty", "birth_text", "sex", "address"),
)
COLUMNS: Final = ("line", "individual_number", *_ITEMS)
"""The second line of an inquiry file."""

RESULT_COLUMNS: Final = (
    *("line", "result", "checked_at", "reference", "resident_record_code", "individual_number"),
    *("name", "kana", "latin_name", "common_name", "former_surname"),
    *_ITEMS[1:],
    "municipality",
)
"""The second line of a result file."""

_COUNT: Final = re.compile("[1-9][0-9]{0,6}")

Value = TypeVar("Value")
Given = ParamSpec("Given")


class NotAsItMustBe(GatewayError):
    """A file that is not taken, with what is wrong where."""

    def __init__(self, error: FileError) -> None:
        place = f", column {error.column}" if error.column else ""
        super().__init__(f"line {error.line}{place}: {error.code}")
        self.error = error


def read_header(raw: bytes) -> FileHeader:
    """The first line of an inquiry file. Raises NotAsItMustBe."""
    return _told(1, _header, raw)


def read_lines(lines: Iterable[bytes]) -> Iterator[InquiryLine]:
    """Every inquiry of a file, given line by line with their LFs; the last is yielded after all is judged.

    So whoever reads to the end has read a whole file: as many lines, and the digest, as the first line says.
    Raises NotAsItMustBe.
    """
    coming = iter(lines)
    header = read_header(next(coming, b""))
    digest, held, place = hashlib.sha256(), None, 1
    for place, raw in enumerate(coming, start=2):
        digest.update(raw)
        if place == 2:
            _told(2, _columns, raw)
            continue
        if held is not None:
            yield held
        held = _told(place, _line, raw, place - 2)
        if held.number > header.count:
            raise NotAsItMustBe(FileError(place, "line", "more-than-count"))
    if held is None or held.number != header.count:
        raise NotAsItMustBe(FileError(place, "line", "fewer-than-count"))
    if digest.hexdigest() != header.digest:
        raise NotAsItMustBe(FileError(1, "digest", "differs"))
    yield held


def lines_after(lines: Iterable[bytes], answered: int) -> Iterator[InquiryLine]:
    """The inquiries of a file that was read to its end before, those after the first ``answered``."""
    for place, raw in enumerate(lines, start=1):
        if place > answered + 2:
            yield _line(raw, place - 2)


def write_header(kind: str, header: FileHeader) -> str:
    """The first line of either file."""
    name = header.name
    return line_of(
        (
            *(kind, VERSION, header.municipality.digits, name.office, name.file),
            *(header.purpose.value, header.basis.value, str(header.count), header.digest),
        )
    )


def write_line(line: InquiryLine) -> str:
    """One line of an inquiry file. Raises InvalidValue ``formula``."""
    key = line.key
    if isinstance(key, IndividualNumber):
        return line_of((str(line.number), key.digits, *[""] * len(_ITEMS)))
    return line_of(
        (str(line.number), "", key.name.inline, *_date(key.birth_date), key.sex.value, key.address.inline)
    )


def write_result(
    number: int, result: LineResult, checked_at: str, reference: str, record: IdentityRecord | None
) -> str:
    """One line of a result file; a record that no file for machines may hold is withheld."""
    told = (str(number), result.value, checked_at, reference)
    if record is None:
        return line_of((*told, *[""] * (len(RESULT_COLUMNS) - len(told))))
    try:
        return line_of((*told, *_record(record)))
    except InvalidValue:
        return write_result(number, LineResult.WITHHELD, checked_at, reference, None)


def _record(record: IdentityRecord) -> Iterator[str]:
    yield record.code.digits
    yield "" if record.individual_number is None else record.individual_number.digits
    yield record.name.inline
    yield "" if record.kana is None else record.kana.text
    for name in (record.latin_name, record.common_name, record.former_surname):
        yield "" if name is None else name.inline
    yield from _date(record.birth_date)
    yield record.sex.value
    yield record.address.inline
    yield record.municipality.digits


def _date(date: RegisterDate) -> tuple[str, str, str, str]:
    text = "" if date.text is None else date.text.inline
    return date.calendar.value, date.digits, date.certainty.value, text


def _told(line: int, make: Callable[Given, Value], *args: Given.args, **kwargs: Given.kwargs) -> Value:
    """What ``make`` makes; its InvalidValue is one of this line, and of the column that ``what`` names."""
    try:
        return make(*args, **kwargs)
    except InvalidValue as error:
        column = error.what if error.what in {*_HEAD, *COLUMNS} else ""
        whole = column == "line" and error.code not in {"order", "range"}
        raise NotAsItMustBe(FileError(line, "" if whole else column, error.code)) from None


def _header(raw: bytes) -> FileHeader:
    cells = cells_of(raw)
    if len(cells) != len(_HEAD):
        raise InvalidValue("line", "cells")
    values = dict(zip(_HEAD, cells, strict=True))
    if values["kind"] != INQUIRIES:
        raise InvalidValue("kind", "code")
    if values["version"] != VERSION:
        raise InvalidValue("version", "code")
    if not _COUNT.fullmatch(values["count"]):
        raise InvalidValue("count", "digits")
    return FileHeader(
        _cell(values, "municipality", MunicipalityCode),
        FileName(values["office"], values["file"]),
        _cell(values, "purpose", lambda code: read_code(Purpose, code)),
        _cell(values, "basis", lambda code: read_code(LegalBasis, code)),
        int(values["count"]),
        values["digest"],
    )


def _columns(raw: bytes) -> None:
    if tuple(cells_of(raw)) != COLUMNS:
        raise InvalidValue("line", "columns")


def _line(raw: bytes, number: int) -> InquiryLine:
    cells = cells_of(raw)
    if len(cells) != len(COLUMNS):
        raise InvalidValue("line", "cells")
    values = dict(zip(COLUMNS, cells, strict=True))
    for column, cell in values.items():
        if cell and cell[0] in FORMULA:
            raise InvalidValue(column, "formula")
    if values["line"] != str(number):
        raise InvalidValue("line", "order")
    if values["individual_number"]:
        for column in _ITEMS:
            if values[column]:
                raise InvalidValue(column, "both-keys")
        return InquiryLine(number, _cell(values, "individual_number", IndividualNumber))
    return InquiryLine(
        number,
        BasicFour(
            _cell(values, "name", RegisterText),
            _read_date(values),
            _cell(values, "sex", lambda code: read_code(Sex, code)),
            _cell(values, "address", RegisterText),
        ),
    )


def _read_date(values: dict[str, str]) -> RegisterDate:
    calendar = _cell(values, "birth_calendar", lambda code: read_code(Calendar, code))
    certainty = _cell(values, "birth_certainty", lambda code: read_code(Certainty, code))
    text = _cell(values, "birth_text", RegisterText) if values["birth_text"] else None
    return _cell(values, "birth_digits", lambda digits: RegisterDate(calendar, digits, certainty, text))


def _cell(values: dict[str, str], column: str, make: Callable[[str], Value]) -> Value:
    try:
        return make(values[column])
    except InvalidValue as error:
        raise InvalidValue(column, error.code) from None
