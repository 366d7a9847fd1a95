"""The people that a simulated counterpart has on record: its own SQLite file, filled from a CSV file.

The columns of the CSV are those of a development network's ``people.csv``; all of it is synthetic.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, MetaData, Row, String, Table, delete, insert, select

from gateway.domain.basic_four import BasicFour
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import StateError
from gateway.store.engine import Database, open_database

_METADATA = MetaData()
_PEOPLE: Final = Table(
    "people",
    _METADATA,
    Column("resident_record_code", String(11), primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False, index=True),  # the name without its spaces
    Column("kana", String, nullable=False),
    Column("birth_calendar", String, nullable=False),
    Column("birth_digits", String(8), nullable=False),
    Column("birth_certainty", String, nullable=False),
    Column("birth_text", String, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("address", String, nullable=False),
    Column("municipality", String(6), nullable=False),
    Column("card_state", String, nullable=False),
)
_LOADED: Final = Table("loaded", _METADATA, Column("digest", String, primary_key=True))


@dataclass(frozen=True, slots=True)
class Person:
    """One record: the code, the four items, and the state of the card (active, suspended, lapsed, none)."""

    code: ResidentRecordCode
    items: BasicFour
    card_state: str


class People:
    """All people on record; reads only, once loaded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, file: Path) -> People:
        """Open the store that ``load`` made."""
        return cls(open_database(f"sqlite:///{file}"))

    @classmethod
    def load(cls, file: Path, source: Path) -> None:
        """Bring the store at ``file`` to what the CSV at ``source`` says. Raises StateError with the line."""
        content = source.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        database = open_database(f"sqlite:///{file}", create=True)
        try:
            with database.writer.begin() as connection:
                _METADATA.create_all(connection)
                if connection.execute(select(_LOADED.c.digest)).scalar() == digest:
                    return
                connection.execute(delete(_PEOPLE))
                connection.execute(delete(_LOADED))
                connection.execute(insert(_PEOPLE), list(_rows(content.decode("utf-8"), source)))
                connection.execute(insert(_LOADED), {"digest": digest})
        finally:
            database.close()

    def by_code(self, code: ResidentRecordCode) -> Person | None:
        """The person with this 住民票コード."""
        with self._database.reader.connect() as connection:
            row = connection.execute(
                select(_PEOPLE).where(_PEOPLE.c.resident_record_code == code.digits)
            ).one_or_none()
        return None if row is None else _person(row)

    def by_name(self, name: RegisterText) -> list[Person]:
        """Everybody of this name, spaces aside."""
        with self._database.reader.connect() as connection:
            rows = connection.execute(
                select(_PEOPLE).where(_PEOPLE.c.name_key == name.without_spaces())
            ).all()
        return [_person(row) for row in rows]

    def other_than(self, code: ResidentRecordCode | None) -> Person:
        """Somebody, but not the one with this code."""
        with self._database.reader.connect() as connection:
            query = select(_PEOPLE).order_by(_PEOPLE.c.resident_record_code.desc()).limit(1)
            if code is not None:
                query = query.where(_PEOPLE.c.resident_record_code != code.digits)
            return _person(connection.execute(query).one())

    def close(self) -> None:
        """Close the connections."""
        self._database.close()


def _rows(text: str, source: Path) -> Iterator[dict[str, str]]:
    columns = {column.name for column in _PEOPLE.columns} - {"name_key"}
    for line, record in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            row = {column: record[column] for column in columns}
            person = _person_of(row)
        except (KeyError, InvalidValue) as error:
            raise StateError(f"{source}, line {line}: {error}") from None
        yield {**row, "name_key": person.items.name.without_spaces()}


def _person(row: Row[Any]) -> Person:
    return _person_of(dict(row._mapping))


def _person_of(row: dict[str, str]) -> Person:
    return Person(
        ResidentRecordCode(row["resident_record_code"]),
        BasicFour(
            name=RegisterText(row["name"]),
            birth_date=RegisterDate(
                read_code(Calendar, row["birth_calendar"]),
                row["birth_digits"],
                read_code(Certainty, row["birth_certainty"]),
                RegisterText(row["birth_text"]) if row["birth_text"] else None,
            ),
            sex=read_code(Sex, row["sex"]),
            address=RegisterText(row["address"]),
            kana=Kana(row["kana"]) if row["kana"] else None,
        ),
        row["card_state"],
    )
