"""The file of changes that ``registry report`` sends: its columns, a strict reader, and a writer.

CSV in UTF-8 without a byte order mark, lines end in LF, the first names the columns, in any order:

    number                          更新順番号 of the person: 1, 2, 3 …
    reason                          異動事由, a code of the contract (move_in, move_within …)
    event_calendar, event_digits, event_certainty, event_text     異動年月日, as the contract sends it
    former_code                     住民票コード before, with a change of the code; else empty
    resident_record_code, individual_number, name, kana, latin_name, common_name, former_surname,
    birth_calendar, birth_digits, birth_certainty, birth_text, sex, address, municipality
                                    the record after the change; of a removal the record as it was

No error quotes what stands in the file. Nothing is guessed or mended: an unknown or missing column, a line
with more or fewer cells, a cell that a spreadsheet would run as a formula, are errors with line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from gateway.cli.strict_csv import (
    Row,
    date_cells,
    read_cell,
    read_date_cells,
    read_optional,
    read_rows,
    write_rows,
)
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.codes import Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code

COLUMNS: Final = (
    "number",
    "reason",
    "event_calendar",
    "event_digits",
    "event_certainty",
    "event_text",
    "former_code",
    "resident_record_code",
    "individual_number",
    "name",
    "kana",
    "latin_name",
    "common_name",
    "former_surname",
    "birth_calendar",
    "birth_digits",
    "birth_certainty",
    "birth_text",
    "sex",
    "address",
    "municipality",
)
"""Every one of them, in the order in which they are written."""

_NUMBER: Final = re.compile("[1-9][0-9]{0,8}")


def read_changes(source: Path) -> Iterator[tuple[int, Change]]:
    """The changes of a file with their lines, one after another, in memory that does not grow.

    Raises UsageError that names the line, and the column where one is at fault; the first line is 1.
    """
    yield from read_rows(source, COLUMNS, _change)


def _change(values: Row) -> Change:
    """The change of one row. Raises InvalidValue whose ``what`` is the column at fault."""
    if not _NUMBER.fullmatch(values["number"]):
        raise InvalidValue("number", "number")
    reason = read_cell(values, "reason", lambda code: read_code(ChangeReason, code))
    event_date = read_date_cells(values, "event")
    former = read_optional(values, "former_code", ResidentRecordCode)
    record = _record(values)
    try:
        return Change(int(values["number"]), reason, event_date, record, former)
    except InvalidValue as error:
        column = {"former-code": "former_code", "event-date": "event_digits"}.get(error.code, "number")
        raise InvalidValue(column, error.code) from None


def _record(values: Row) -> IdentityRecord:
    return IdentityRecord(
        code=read_cell(values, "resident_record_code", ResidentRecordCode),
        individual_number=read_optional(values, "individual_number", IndividualNumber),
        name=read_cell(values, "name", RegisterText),
        kana=read_optional(values, "kana", Kana),
        latin_name=read_optional(values, "latin_name", RegisterText),
        common_name=read_optional(values, "common_name", RegisterText),
        former_surname=read_optional(values, "former_surname", RegisterText),
        birth_date=read_date_cells(values, "birth"),
        sex=read_cell(values, "sex", lambda code: read_code(Sex, code)),
        address=read_cell(values, "address", RegisterText),
        municipality=read_cell(values, "municipality", MunicipalityCode),
    )


def write_changes(changes: Iterable[Change], out: TextIO) -> int:
    """Write changes as they come; gives how many. ``out`` must not translate line ends.

    Raises InvalidValue ``formula`` for a text that no file for machines holds.
    """
    return write_rows(COLUMNS, map(_row, changes), out)


def _row(change: Change) -> tuple[str, ...]:
    record = change.record
    return (
        str(change.number),
        change.reason.value,
        *date_cells(change.event_date),
        "" if change.former_code is None else change.former_code.digits,
        record.code.digits,
        "" if record.individual_number is None else record.individual_number.digits,
        record.name.inline,
        "" if record.kana is None else record.kana.text,
        *("" if text is None else text.inline for text in _names(record)),
        *date_cells(record.birth_date),
        record.sex.value,
        record.address.inline,
        record.municipality.digits,
    )


def _names(record: IdentityRecord) -> tuple[RegisterText | None, ...]:
    return record.latin_name, record.common_name, record.former_surname
