"""Reads the access log: by time, and by any of who, what and whom; in pages, with no long transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, or_, select, tuple_

from gateway.domain.accesses import Effect, LoggedAccess, SealedPerson, Subject, Who, items_text
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.values import read_code
from gateway.store.access_subjects import Subjects
from gateway.store.evidence_log import SHIFT
from gateway.store.instants import from_micros, to_micros
from gateway.store.register_rows import RECORD_COLUMNS, read_record
from gateway.store.tables import (
    access_chains,
    access_people,
    accesses,
    person_codes,
    person_numbers,
    person_versions,
)

_PAGE: Final = 500
_A = accesses.c


@dataclass(frozen=True, slots=True)
class AccessQuery:
    """What to look for; what is None or empty does not matter. ``until`` is the first instant after.

    ``people`` are sealed names (AccessRows.names, Subjects.seal). ``outcome`` may be a
    beginning: ``fault`` is every fault.
    """

    since: datetime | None = None
    until: datetime | None = None
    system: str | None = None
    operator: str | None = None
    terminal: str | None = None
    operation: str | None = None
    outcome: str | None = None
    people: tuple[bytes, ...] = ()


class AccessRows:
    """The access log, to be read."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]], subjects: Subjects) -> None:
        self._read = read
        self._subjects = subjects

    def find(self, query: AccessQuery) -> Iterator[LoggedAccess]:
        """Every access that fits, oldest first."""
        nodes = self._nodes()
        wanted = _conditions(query)
        pages = self._by_people(query.people, wanted) if query.people else self._by_time(wanted)
        for page in pages:
            people = self._people([row.id for row in page])
            for row in page:
                yield _logged(row, nodes, people.get(row.id, []))

    def names(self, person: ResidentRecordCode | IndividualNumber) -> tuple[tuple[Subject, str], ...]:
        """How the log may name somebody: by the numbers and by the items of each version on record.

        Whoever is not on record here, but was inquired for, is named by what is given only.
        """
        number = self._number_of(person)
        codes, numbers, items = set[str](), set[str](), set[str]()
        (codes if isinstance(person, ResidentRecordCode) else numbers).add(person.digits)
        if number is not None:
            versions = select(*RECORD_COLUMNS).where(person_versions.c.person == number)
            with self._read() as connection:
                for row in connection.execute(versions):
                    record = read_record(row)
                    codes.add(record.code.digits)
                    if record.individual_number is not None:
                        numbers.add(record.individual_number.digits)
                    items.add(items_text(record.name, record.birth_date, record.address))
        named = [(Subject.CODE, code) for code in sorted(codes)]
        named += [(Subject.NUMBER, digits) for digits in sorted(numbers)]
        return (*named, *((Subject.ITEMS, text) for text in sorted(items)))

    def _number_of(self, person: ResidentRecordCode | IndividualNumber) -> int | None:
        if isinstance(person, ResidentRecordCode):
            query = select(person_codes.c.person).where(person_codes.c.code == person.digits)
        else:
            query = select(person_numbers.c.person).where(person_numbers.c.individual_number == person.digits)
        with self._read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def _nodes(self) -> dict[int, str]:
        with self._read() as connection:
            return {
                row.id: row.node
                for row in connection.execute(select(access_chains.c.id, access_chains.c.node))
            }

    def _by_time(self, wanted: Sequence[ColumnElement[bool]]) -> Iterator[Sequence[Any]]:
        after: tuple[int, int] | None = None
        while True:
            page = select(accesses).where(*wanted).order_by(_A.at, _A.id).limit(_PAGE)
            if after is not None:
                page = page.where(tuple_(_A.at, _A.id) > after)
            with self._read() as connection:
                rows = connection.execute(page).all()
            if rows:
                yield rows
            if len(rows) < _PAGE:
                return
            after = rows[-1].at, rows[-1].id

    def _by_people(
        self, people: Sequence[bytes], wanted: Sequence[ColumnElement[bool]]
    ) -> Iterator[Sequence[Any]]:
        found = select(access_people.c.access).where(access_people.c.sealed.in_(people)).distinct()
        with self._read() as connection:
            ids = list(connection.execute(found).scalars())
        rows: list[Any] = []
        for start in range(0, len(ids), _PAGE):
            some = select(accesses).where(_A.id.in_(ids[start : start + _PAGE]), *wanted)
            with self._read() as connection:
                rows += connection.execute(some).all()
        rows.sort(key=lambda row: (row.at, row.id))
        for start in range(0, len(rows), _PAGE):
            yield rows[start : start + _PAGE]

    def _people(self, ids: Sequence[int]) -> dict[int, list[SealedPerson]]:
        query = (
            select(access_people)
            .where(access_people.c.access.in_(ids))
            .order_by(access_people.c.access, access_people.c.position)
        )
        found: dict[int, list[SealedPerson]] = {}
        with self._read() as connection:
            for row in connection.execute(query):
                person = SealedPerson(
                    read_code(Subject, row.subject), read_code(Effect, row.effect), bytes(row.sealed)
                )
                found.setdefault(row.access, []).append(person)
        return found


def _conditions(query: AccessQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.since is not None:
        wanted.append(_A.at >= to_micros(query.since))
    if query.until is not None:
        wanted.append(_A.at < to_micros(query.until))
    if query.system is not None:
        wanted.append(or_(_A.system == query.system, _A.passed_to == query.system))
    for column, value in (
        (_A.verification_id, query.operator),
        (_A.terminal, query.terminal),
        (_A.operation, query.operation),
    ):
        if value is not None:
            wanted.append(column == value)
    if query.outcome is not None:
        wanted.append(
            or_(_A.outcome == query.outcome, _A.outcome.startswith(f"{query.outcome}:", autoescape=True))
        )
    return wanted


def _logged(row: Any, nodes: dict[int, str], people: Sequence[SealedPerson]) -> LoggedAccess:
    chain = row.id >> SHIFT
    return LoggedAccess(
        id=f"{nodes.get(chain, chain)}/{row.id - (chain << SHIFT)}",
        at=from_micros(row.at),
        direction=row.direction,
        who=Who(
            row.system, row.municipality, row.terminal, row.verification_id, row.operator_id, row.purpose
        ),
        operation=row.operation,
        outcome=row.outcome,
        message_id=row.message_id,
        with_number=bool(row.with_number),
        passed_to=row.passed_to,
        people=tuple(people),
    )
