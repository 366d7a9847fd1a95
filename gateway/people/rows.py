"""The file of people: its columns, and how they are written.

CSV in UTF-8 without a byte order mark, lines end in LF, and the first names the columns:

    resident_record_code, individual_number    住民票コード (11 digits) and 個人番号 (12 digits, may be empty)
    name, kana, address          inline form of register text; the reading may be empty
    birth_date                   as written in Japanese, of forms with a text that text; may be empty
    birth_calendar, birth_digits, birth_certainty, birth_text     the same as the contract sends it
    sex                          1 or 2
    municipality                 six digits
    card_state                   none, active, suspended or lapsed
    recorded_at                  ids of the systems that have the person on record, parted by spaces
    note                         what is special, in English
    latin_name, common_name, former_surname    name in Latin letters, 通称, 旧氏; each may be empty
    household                    the same text for all who live together; may be empty
    past_name, past_kana, past_address         before the last change; each may be empty

The columns from ``latin_name`` on may be missing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Final, NamedTuple, TextIO

from gateway.domain.csv_text import FORMULA
from gateway.domain.register_date_text import written
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue
from gateway.people.person import Person


class Row(NamedTuple):
    """One person as text."""

    resident_record_code: str
    individual_number: str
    name: str
    kana: str
    birth_date: str
    birth_calendar: str
    birth_digits: str
    birth_certainty: str
    birth_text: str
    sex: str
    address: str
    municipality: str
    card_state: str
    recorded_at: str = ""
    note: str = ""
    latin_name: str = ""
    common_name: str = ""
    former_surname: str = ""
    household: str = ""
    past_name: str = ""
    past_kana: str = ""
    past_address: str = ""


COLUMNS: Final = Row._fields
REQUIRED: Final = COLUMNS[: COLUMNS.index("latin_name")]
"""The columns that every file has."""


def row_of(person: Person) -> Row:
    """The row of one person. Raises InvalidValue ``formula`` for a text that no file holds."""
    record, birth = person.record, person.record.birth_date
    row = Row(
        resident_record_code=record.code.digits,
        individual_number="" if record.individual_number is None else record.individual_number.digits,
        name=record.name.inline,
        kana="" if record.kana is None else record.kana.text,
        birth_date=written(birth),
        birth_calendar=birth.calendar.value,
        birth_digits=birth.digits,
        birth_certainty=birth.certainty.value,
        birth_text=_inline(birth.text),
        sex=record.sex.value,
        address=record.address.inline,
        municipality=record.municipality.digits,
        card_state=person.card_state.value,
        recorded_at=" ".join(person.recorded_at),
        note=person.note,
        latin_name=_inline(record.latin_name),
        common_name=_inline(record.common_name),
        former_surname=_inline(record.former_surname),
        household=person.household,
        past_name=_inline(person.past_name),
        past_kana="" if person.past_kana is None else person.past_kana.text,
        past_address=_inline(person.past_address),
    )
    for cell in row:
        if cell and cell[0] in FORMULA:
            raise InvalidValue("row", "formula")
    return row


def _inline(text: RegisterText | None) -> str:
    return "" if text is None else text.inline


def write_rows(rows: Iterable[Row], out: TextIO, *, header: bool = True) -> None:
    """Write rows as they come; ``out`` must not translate line ends."""
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    writer.writerows(rows)


def write_people(people: Iterable[Person], out: TextIO) -> None:
    """Write people as they come; ``out`` must not translate line ends."""
    write_rows(map(row_of, people), out)
