"""The register of people (本人確認情報): what is on record of whom, all that ever was, and search.

The same for the gateway and for a simulated server, each over its own database. Reading goes over read
connections, writing is part of a unit of work. Nothing is overwritten: a change is a new version, and the
names and addresses of all versions are found. register_search.py decides how a search reads,
register_load.py takes a first stock of up to millions.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from gateway.domain.change_reason import ChangeReason
from gateway.domain.folding import FOLDING
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import RegisterDate
from gateway.domain.search import SearchTerms
from gateway.errors import StoreError
from gateway.store.failures import Conflict
from gateway.store.register_rows import (
    RECORD_COLUMNS,
    SEARCH_COLUMNS,
    PersonVersion,
    read_record,
    read_version,
    search_rows,
    version_row,
)
from gateway.store.register_search import Run, search
from gateway.store.tables import (
    people,
    person_codes,
    person_numbers,
    person_versions,
    register_marks,
    search_by_address,
    search_by_birth,
    search_by_kana,
    search_by_name,
)

DEFAULT_LIMIT: Final = 50
"""Records that one search gives at most (own rule)."""

FOLDING_MARK, LOAD_MARK = "folding", "load"
SEARCH_TABLES: Final[tuple[Table, ...]] = (
    search_by_name,
    search_by_kana,
    search_by_address,
    search_by_birth,
)

_RECORD: Final = (
    f"SELECT {', '.join(f'v.{column.name}' for column in RECORD_COLUMNS)} FROM {{}} k "  # noqa: S608 - names
    "JOIN people p ON p.person = k.person "
    "JOIN person_versions v ON v.person = p.person AND v.version = p.version "
    "WHERE k.{} = :digits AND NOT p.removed"
)
_BY_CODE: Final = _RECORD.format("person_codes", "code")
_BY_NUMBER: Final = _RECORD.format("person_numbers", "individual_number")
_PERSON = select(person_codes.c.person).where(person_codes.c.code == bindparam("code"))
_VERSIONS = (
    select(person_versions)
    .where(person_versions.c.person == bindparam("person"))
    .order_by(person_versions.c.version)
)
_IS_REMOVED = select(people.c.removed).where(people.c.person == bindparam("who"))
_SET_CURRENT = update(people).where(people.c.person == bindparam("who"))
_MARK = select(register_marks.c.value).where(register_marks.c.name == bindparam("name"))


class Work(Protocol):
    """A unit of work, as far as the register goes."""

    @property
    def connection(self) -> Connection:
        """The connection, inside the transaction."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Everybody who fits, by reading and then 住民票コード; may be empty."""

    records: tuple[IdentityRecord, ...]


@dataclass(frozen=True, slots=True)
class TooMany:
    """More than ``limit`` people fit; which ones is not told."""

    limit: int


class Register:
    """People by 住民票コード, by 個人番号 and by search."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]], rows: Run) -> None:
        self._read = read
        self._rows = rows
        self._searchable = False

    def find(self, code: ResidentRecordCode) -> IdentityRecord | None:
        """The record with this 住民票コード, as it is now."""
        return self._one(_BY_CODE, code.digits)

    def by_individual_number(self, number: IndividualNumber) -> IdentityRecord | None:
        """The record with this 個人番号, as it is now."""
        return self._one(_BY_NUMBER, number.digits)

    def _one(self, sql: str, digits: str) -> IdentityRecord | None:
        rows = self._rows(sql, {"digits": digits})
        return read_record(rows[0]) if rows else None

    def count(self) -> int:
        """How many people are on record; reads through all of them."""
        with self._read() as connection:
            counted = select(func.count()).select_from(people).where(people.c.removed.is_(False))
            return connection.execute(counted).scalar_one()

    def history(self, code: ResidentRecordCode) -> tuple[PersonVersion, ...]:
        """Every version of the record that has this 住民票コード now, oldest first; empty for nobody's."""
        with self._read() as connection:
            person = connection.execute(_PERSON, {"code": code.digits}).scalar_one_or_none()
            rows = connection.execute(_VERSIONS, {"person": person}).all() if person is not None else []
        return tuple(map(read_version, rows))

    def search(
        self,
        terms: SearchTerms,
        *,
        limit: int = DEFAULT_LIMIT,
        municipality: str | None = None,
        prefecture: str | None = None,
    ) -> Found | TooMany:
        """Who fits every term, compared by folded keys (gateway.domain.folding).

        Any name, reading and address that a person has or had counts. Unknown parts of a date of birth
        fit any, on either side. ``municipality`` (six digits) and ``prefecture`` (two) keep to records of
        that body. Raises StoreError while the register is being loaded, and when its keys are of another
        version of the folding.
        """
        if limit < 1:
            raise ValueError("a search must be allowed at least one hit")
        self._check_searchable()
        rows = search(terms, limit=limit, municipality=municipality, prefecture=prefecture, run=self._rows)
        if rows is None:
            return TooMany(limit)
        records = map(read_record, rows)
        return Found(
            tuple(sorted(records, key=lambda r: ("" if r.kana is None else r.kana.text, r.code.digits)))
        )

    def put(
        self,
        work: Work,
        record: IdentityRecord,
        *,
        valid_from: RegisterDate | None,
        reason: ChangeReason | None,
        recorded_at: datetime,
        formerly: ResidentRecordCode | None = None,
        removed: bool = False,
        checked: bool = False,
    ) -> int:
        """Record one person anew, or a new version of one known; gives the version's number, from 1.

        The person is the one with the record's 住民票コード, or with ``formerly`` when the code changes. Who
        is ``removed`` (消除) keeps the history and the numbers, and is found no more until recorded again.
        ``checked`` says that check_writable was called in this unit of work. Raises Conflict when another
        person has the code or the 個人番号, or nobody has ``formerly``.
        """
        connection = work.connection
        if not checked:
            self.check_writable(work)
        key = {"code": (formerly or record.code).digits}
        person = connection.execute(_PERSON, key).scalar_one_or_none()
        if person is None and formerly is not None:
            raise Conflict("nobody on record has the former 住民票コード")
        if person is None and removed:
            raise Conflict("nobody on record has the 住民票コード")
        if person is None:
            return _enter(connection, record, valid_from, reason, recorded_at)
        return _change(connection, person, record, valid_from, reason, recorded_at, removed)

    def check_writable(self, work: Work) -> None:
        """Raise StoreError while the register is being loaded, or has keys of another folding."""
        connection = work.connection
        if connection.execute(_MARK, {"name": LOAD_MARK}).scalar_one_or_none() is not None:
            raise StoreError("the register is being loaded; nobody else can be recorded yet")
        mark_folding(connection)

    def _check_searchable(self) -> None:
        if self._searchable:
            return
        with self._read() as connection:
            loading = connection.execute(_MARK, {"name": LOAD_MARK}).scalar_one_or_none()
            folding = connection.execute(_MARK, {"name": FOLDING_MARK}).scalar_one_or_none()
        if loading is not None:
            raise StoreError("the register is being loaded; it cannot be searched yet")
        if folding is None:
            return  # nobody on record yet
        if folding != str(FOLDING):
            raise StoreError(
                f"the register's search keys are of folding {folding}, this program's is {FOLDING}: "
                "they must be made anew"
            )
        self._searchable = True


def _enter(
    connection: Connection,
    record: IdentityRecord,
    valid_from: RegisterDate | None,
    reason: ChangeReason | None,
    recorded_at: datetime,
) -> int:
    """The first version of somebody not known."""
    (person,) = connection.execute(insert(people), {"version": 1}).inserted_primary_key or (None,)
    if person is None:
        raise StoreError("the database gave no number for a new row")
    connection.execute(insert(person_codes), {"code": record.code.digits, "person": person})
    _set_number(connection, person, None, record.individual_number)
    row = version_row(person, 1, record, valid_from=valid_from, reason=reason, recorded_at=recorded_at)
    connection.execute(insert(person_versions), row)
    _set_search_rows(connection, set(), search_rows(person, [record]))
    return 1


def _change(
    connection: Connection,
    person: int,
    record: IdentityRecord,
    valid_from: RegisterDate | None,
    reason: ChangeReason | None,
    recorded_at: datetime,
    removed: bool,
) -> int:
    """The next version of somebody known."""
    was_removed = connection.execute(_IS_REMOVED, {"who": person}).scalar_one()
    rows = connection.execute(_VERSIONS, {"person": person}).all()
    before = [read_version(row).record for row in rows]
    version = len(before) + 1
    last = before[-1]
    if last.code != record.code:
        connection.execute(
            update(person_codes).where(
                person_codes.c.person == person, person_codes.c.code == last.code.digits
            ),
            {"code": record.code.digits},
        )
    _set_number(connection, person, last.individual_number, record.individual_number)
    row = version_row(person, version, record, valid_from=valid_from, reason=reason, recorded_at=recorded_at)
    connection.execute(insert(person_versions), row)
    connection.execute(_SET_CURRENT, {"who": person, "version": version, "removed": removed})
    old = set() if was_removed else search_rows(person, before)
    _set_search_rows(connection, old, set() if removed else search_rows(person, [*before, record]))
    return version


def _set_number(
    connection: Connection, person: int, old: IndividualNumber | None, new: IndividualNumber | None
) -> None:
    if old == new:
        return
    if old is not None:
        connection.execute(
            delete(person_numbers).where(person_numbers.c.individual_number == bindparam("digits")),
            {"digits": old.digits},
        )
    if new is not None:
        connection.execute(insert(person_numbers), {"individual_number": new.digits, "person": person})


def _set_search_rows(
    connection: Connection, old: set[tuple[str | int, ...]], new: set[tuple[str | int, ...]]
) -> None:
    """Take the search tables from ``old`` to ``new``."""
    for table in SEARCH_TABLES:
        if gone := old - new:
            connection.execute(
                delete(table).where(*(table.c[name] == bindparam(f"old_{name}") for name in SEARCH_COLUMNS)),
                [
                    {f"old_{name}": value for name, value in zip(SEARCH_COLUMNS, row, strict=True)}
                    for row in gone
                ],
            )
        if added := new - old:
            connection.execute(insert(table), [dict(zip(SEARCH_COLUMNS, row, strict=True)) for row in added])


def mark_folding(connection: Connection) -> None:
    """Note the version of the keys with the first of them; refuse to mix two. Raises StoreError."""
    found = connection.execute(_MARK, {"name": FOLDING_MARK}).scalar_one_or_none()
    if found is None:
        connection.execute(insert(register_marks), {"name": FOLDING_MARK, "value": str(FOLDING)})
    elif found != str(FOLDING):
        raise StoreError("the register's search keys are of another version and must be made anew first")
