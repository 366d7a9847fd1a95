"""Takes a first stock of people into an empty register: millions of them, in memory that does not grow.

Rows go in as they come, their search keys into a staging table; then each search table is filled in its own
order, range by range, so that no sort holds more than one range and every tree grows at its end. Each step
is a transaction that also notes how far the load is: the same load begun again goes on where it ended, after
a kill too. Until it is finished the register cannot be searched, and other processes' writers wait for a
step, not for the load.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any, Final, Literal

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from gateway.domain.folding import FOLDING
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.values import Masked
from gateway.errors import StoreError
from gateway.store.dialect import dialect_of
from gateway.store.failures import Conflict
from gateway.store.register import FOLDING_MARK, LOAD_MARK, SEARCH_TABLES, Work, mark_folding
from gateway.store.register_rows import SEARCH_COLUMNS, read_version, search_rows, version_row
from gateway.store.tables import (
    addressee_people,
    addressee_targets,
    card_states,
    people,
    person_changes,
    person_codes,
    person_numbers,
    person_standings,
    person_versions,
    register_marks,
    search_staging,
)

BATCH: Final = 5_000
"""People in one transaction."""

RANGE: Final = 50_000
"""Rows sorted at a time, about."""

_SAMPLE_EVERY = 101  # one row of so many tells where ranges end
_SOURCE_MARK = "source"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is: ``done`` of ``whole`` steps of a phase; ``whole`` is None where nobody knows.

    ``reading`` counts people, ``sorting`` ranges of search rows.
    """

    phase: Literal["reading", "sorting"]
    done: int
    whole: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Newcomer(Masked):
    """Somebody to be taken in: every version of the record, oldest first, and the card's state (cards.py)."""

    versions: tuple[IdentityRecord, ...]
    card_state: str | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """A table that is filled from the staging table in the order of its first column."""

    table: Table
    columns: tuple[str, ...]
    where: str = ""

    @property
    def leading(self) -> str:
        """The first column of its order."""
        return self.columns[0]


def _ordered(table: Table) -> tuple[str, ...]:
    order = tuple(column.name for column in table.primary_key.columns)
    return order + tuple(column.name for column in table.columns if column.name not in order)


_TARGETS = (
    _Target(person_codes, ("code", "person")),
    _Target(person_numbers, ("individual_number", "person"), "individual_number IS NOT NULL AND "),
    *(_Target(table, _ordered(table)) for table in SEARCH_TABLES),
)
_FIRST_SEARCH = len(_TARGETS) - len(SEARCH_TABLES)


class RegisterLoader:
    """Fills the register of one store."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[Work]],
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._read = read

    def source(self) -> str | None:
        """What the register was loaded from; None before the first load and while one is unfinished."""
        with self._read() as connection:
            return None if _mark(connection, LOAD_MARK) else _mark(connection, _SOURCE_MARK)

    def unfinished(self) -> str | None:
        """The source of a load that is to be gone on with; None when there is none."""
        with self._read() as connection:
            written = _mark(connection, LOAD_MARK)
        source = None if written is None else json.loads(written)["source"]
        return None if source is None else str(source)

    def load(
        self,
        newcomers: Iterable[Newcomer],
        *,
        source: str,
        recorded_at: datetime,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> int:
        """Fill an empty register, or go on with a load of the same ``source``; gives how many people.

        ``source`` names the content (a digest, a seed): ``newcomers`` must be the same, in the same order,
        each time; those that are in are passed over. Raises StoreError when the register holds other people,
        and Conflict when two records have one 住民票コード or 個人番号: then ``clear`` it.
        """
        state = self._begin(source)
        coming = iter(newcomers)
        for _ in islice(coming, state["people"]):
            pass
        while state["targets"] is None:
            state = self._take(list(islice(coming, BATCH)), state, recorded_at)
            progress(Progress("reading", state["people"], None))
        self._fill_all(state, progress)
        self._finish(source)
        return int(state["people"])

    def is_stale(self) -> bool:
        """Whether the search keys are of another version of the folding, or were left half made anew."""
        with self._read() as connection:
            written = _mark(connection, LOAD_MARK)
            folding = _mark(connection, FOLDING_MARK)
        if written is not None:
            return json.loads(written)["source"] is None
        return folding not in (None, str(FOLDING))

    def fold_again(self, progress: Callable[[Progress], None] = lambda _: None) -> None:
        """Make every search key anew from all versions of all records; goes on where it was ended.

        Raises StoreError while a load is unfinished.
        """
        state = self._begin_again()
        while state["targets"] is None:
            state = self._take_again(state)
            progress(Progress("reading", state["people"], state["whole"]))
        self._fill_all(state, progress)
        self._finish()

    def clear(self) -> None:
        """Forget everybody with all history: for development, where people are a file's.

        What else names people by this database's numbers goes too, for those numbers are given anew; the
        database's keys stay, by which other tables are read.
        """
        tables = (
            *(people, person_codes, person_numbers, person_versions, card_states, search_staging),
            *(person_changes, person_standings, addressee_people, addressee_targets),
        )
        marks = register_marks.c.name.in_((FOLDING_MARK, LOAD_MARK, _SOURCE_MARK))
        with self._unit_of_work() as work:
            for table in (*tables, *SEARCH_TABLES):
                work.connection.execute(delete(table))
            work.connection.execute(delete(register_marks).where(marks))

    def _begin(self, source: str) -> dict[str, Any]:
        with self._unit_of_work() as work:
            mark_folding(work.connection)
            written = _mark(work.connection, LOAD_MARK)
            if written is None:
                if work.connection.execute(select(people.c.person).limit(1)).first() is not None:
                    raise StoreError("the register holds people already: only an empty one is loaded")
                state = {"source": source, "people": 0, "targets": None, "ranges": 0}
                _set_mark(work.connection, LOAD_MARK, json.dumps(state))
                return state
        state = json.loads(written)
        if state["source"] != source:
            raise StoreError("another load of the register is unfinished: finish that, or clear the register")
        return dict(state)

    def _take(self, batch: list[Newcomer], state: dict[str, Any], recorded_at: datetime) -> dict[str, Any]:
        """One batch, people numbered as they come; an empty one ends the reading."""
        numbered, versions, staged, cards = [], [], [], []
        for person, newcomer in enumerate(batch, start=state["people"] + 1):
            numbered.append({"person": person, "version": len(newcomer.versions)})
            versions += [
                version_row(person, version, record, valid_from=None, reason=None, recorded_at=recorded_at)
                for version, record in enumerate(newcomer.versions, start=1)
            ]
            staged += _staged(person, newcomer.versions)
            if newcomer.card_state is not None:
                cards.append({"code": newcomer.versions[-1].code.digits, "state": newcomer.card_state})
        after = {**state, "people": state["people"] + len(batch), "targets": None if batch else 0}
        filled = ((people, numbered), (person_versions, versions), (search_staging, staged))
        with self._unit_of_work() as work:
            for table, rows in filled:
                if rows:
                    work.connection.execute(insert(table), rows)
            if cards:
                try:
                    work.connection.execute(insert(card_states), cards)
                except Conflict:
                    raise Conflict("two records have the same code") from None
            _set_mark(work.connection, LOAD_MARK, json.dumps(after))
        return after

    def _begin_again(self) -> dict[str, Any]:
        with self._unit_of_work() as work:
            connection = work.connection
            written = _mark(connection, LOAD_MARK)
            if written is not None:
                state = json.loads(written)
                if state["source"] is not None:
                    raise StoreError("a load of the register is unfinished: finish that first")
                if state["folding"] == FOLDING:
                    return dict(state)
            for table in (*SEARCH_TABLES, search_staging):
                connection.execute(delete(table))
            last = connection.execute(select(func.max(people.c.person))).scalar_one() or 0
            state = {"source": None, "people": 0, "whole": last, "targets": None, "ranges": 0}
            state["folding"] = FOLDING
            _set_mark(connection, LOAD_MARK, json.dumps(state))
            return state

    def _take_again(self, state: dict[str, Any]) -> dict[str, Any]:
        """The keys of the next people, by their numbers."""
        low, high = state["people"], state["people"] + BATCH
        of = person_versions.c
        removed = select(people.c.person).where(people.c.removed)
        query = select(person_versions).where(of.person > low, of.person <= high, of.person.not_in(removed))
        with self._read() as connection:
            rows = connection.execute(query.order_by(of.person, of.version)).all()
        staged = []
        for person, versions in groupby(rows, key=lambda row: int(row.person)):
            records = [read_version(row).record for row in versions]
            staged += _staged(person, records)
        ended = high >= state["whole"]
        after = {**state, "people": min(high, state["whole"]), "targets": _FIRST_SEARCH if ended else None}
        with self._unit_of_work() as work:
            if staged:
                work.connection.execute(insert(search_staging), staged)
            _set_mark(work.connection, LOAD_MARK, json.dumps(after))
        return after

    def _fill_all(self, state: dict[str, Any], progress: Callable[[Progress], None]) -> None:
        for number, target in enumerate(_TARGETS):
            if number >= state["targets"]:
                state = self._fill(target, number, state, progress)

    def _fill(
        self, target: _Target, number: int, state: dict[str, Any], progress: Callable[[Progress], None]
    ) -> dict[str, Any]:
        ranges = list(self._ranges(target.leading))
        for place in range(state["ranges"], len(ranges)):
            low, high = ranges[place]
            last = place + 1 == len(ranges)
            after = {**state, "targets": number + last, "ranges": 0 if last else place + 1}
            bounds = f"{target.leading} >= :low" + ("" if high is None else f" AND {target.leading} < :high")
            columns = ", ".join(target.columns)
            try:
                with self._unit_of_work() as work:
                    work.connection.execute(
                        text(
                            f"INSERT INTO {target.table.name} ({columns}) "  # noqa: S608 - names only
                            f"SELECT DISTINCT {columns} FROM search_staging "
                            f"WHERE {target.where}{bounds} ORDER BY {columns}"
                        ),
                        {"low": low} if high is None else {"low": low, "high": high},
                    )
                    _set_mark(work.connection, LOAD_MARK, json.dumps(after))
            except Conflict:
                raise Conflict(f"two records have the same {target.leading}") from None
            state = after
            progress(Progress("sorting", number * len(ranges) + place + 1, len(_TARGETS) * len(ranges)))
        return state

    def _ranges(self, column: str) -> Iterator[tuple[str, str | None]]:
        """Half-open ranges of a staged column, about ``RANGE`` rows each; the same each time."""
        of = search_staging.c[column]
        sampled = search_staging.c.id % _SAMPLE_EVERY == 0
        with self._read() as connection:
            sample = connection.execute(select(of).where(sampled, of.is_not(None))).scalars().all()
        ends = sorted(set(sorted(sample)[RANGE // _SAMPLE_EVERY :: RANGE // _SAMPLE_EVERY]) - {""})
        yield from zip(["", *ends], [*ends, None], strict=True)

    def _finish(self, source: str | None = None) -> None:
        with self._unit_of_work() as work:
            connection = work.connection
            connection.execute(delete(search_staging))
            dialect_of(connection).numbered(connection, people.name, people.c.person.name)
            connection.execute(delete(register_marks).where(register_marks.c.name == LOAD_MARK))
            _set_mark(connection, FOLDING_MARK, str(FOLDING))
            if source is not None:
                _set_mark(connection, _SOURCE_MARK, source)


def _staged(person: int, versions: Sequence[IdentityRecord]) -> list[dict[str, Any]]:
    """Rows of the staging table for one person; the last version is the current one."""
    now = versions[-1]
    number = now.individual_number and now.individual_number.digits
    return [
        {**dict(zip(SEARCH_COLUMNS, row, strict=True)), "code": now.code.digits, "individual_number": number}
        for row in search_rows(person, versions)
    ]


def _mark(connection: Connection, name: str) -> str | None:
    found = connection.execute(select(register_marks.c.value).where(register_marks.c.name == name))
    return found.scalar_one_or_none()


def _set_mark(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(register_marks).where(register_marks.c.name == name))
    connection.execute(insert(register_marks), {"name": name, "value": value})
