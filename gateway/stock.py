"""Fills a register with a first stock of people, from a CSV file of synthetic ones.

The columns are those of a development network's ``people.csv``; ``latin_name``, ``common_name`` and
``former_surname`` may be missing. The file is read as a stream, so that a million people fit.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import StateError
from gateway.store import Store

NO_CARD = "none"
_BATCH = 5_000


def fill(store: Store, source: Path, *, now: datetime, within: str | None = None) -> None:
    """Bring the register to what the file says, unless it was filled from the same content before.

    ``within`` keeps to the people of a prefecture (two digits) or municipality (six). Another content
    replaces everybody. Raises StateError with the line that cannot be read.
    """
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest() + (within or "")
    if store.loader.is_stale():
        store.loader.fold_again()
    if store.loader.source() == digest:
        return
    if store.loader.unfinished() != digest:
        store.loader.clear()
    _fill_cards(store, source, within)
    people = (record for record in read_people(source) if _is_within(record.municipality.digits, within))
    store.loader.load(people, source=digest, recorded_at=now)


def read_people(source: Path) -> Iterator[IdentityRecord]:
    """The people of the file, one after another. Raises StateError."""
    for line, row in _rows(source):
        try:
            yield _record(row)
        except (KeyError, InvalidValue) as error:
            raise StateError(f"{source}, line {line}: {error}") from None


def _is_within(municipality: str, within: str | None) -> bool:
    return within is None or municipality.startswith(within)


def _fill_cards(store: Store, source: Path, within: str | None) -> None:
    states = (
        (ResidentRecordCode(row["resident_record_code"]), row["card_state"])
        for row in _checked(source)
        if row["card_state"] != NO_CARD and _is_within(row["municipality"], within)
    )
    while batch := list(islice(states, _BATCH)):
        with store.unit_of_work() as work:
            store.cards.put(work, batch)


def _checked(source: Path) -> Iterator[dict[str, str]]:
    for line, row in _rows(source):
        try:
            ResidentRecordCode(row["resident_record_code"])
            row["card_state"]
        except (KeyError, InvalidValue) as error:
            raise StateError(f"{source}, line {line}: {error}") from None
        yield row


def _rows(source: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with source.open(encoding="utf-8", newline="") as file:
        yield from enumerate(csv.DictReader(file), start=2)


def _record(row: dict[str, str]) -> IdentityRecord:
    return IdentityRecord(
        code=ResidentRecordCode(row["resident_record_code"]),
        individual_number=IndividualNumber(row["individual_number"]) if row["individual_number"] else None,
        name=RegisterText(row["name"]),
        kana=Kana(row["kana"]) if row["kana"] else None,
        latin_name=_optional(row, "latin_name"),
        common_name=_optional(row, "common_name"),
        former_surname=_optional(row, "former_surname"),
        birth_date=RegisterDate(
            read_code(Calendar, row["birth_calendar"]),
            row["birth_digits"],
            read_code(Certainty, row["birth_certainty"]),
            RegisterText(row["birth_text"]) if row["birth_text"] else None,
        ),
        sex=read_code(Sex, row["sex"]),
        address=RegisterText(row["address"]),
        municipality=MunicipalityCode(row["municipality"]),
    )


def _optional(row: dict[str, str], column: str) -> RegisterText | None:
    return RegisterText(row[column]) if row.get(column) else None
