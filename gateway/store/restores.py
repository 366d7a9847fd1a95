"""What a restore does to the duplicate guard and the evidence, in any kind of database.

A restored database is an older one. What the guard of the database before knew is taken over where that can
be read and is the newest there is: then no retry acts twice, though what a message of the lost time did here
is gone. Where it cannot, the guard does not know the messages of the lost time: a retry of one acts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from sqlalchemy import Connection, delete, func, insert, select, text, tuple_

from gateway.evidence import Seal
from gateway.store.evidence_rows import EvidenceRows
from gateway.store.guard_rules import State
from gateway.store.instants import from_micros, to_micros
from gateway.store.tables import clock_marks, evidence_chains, messages, restores, signatures

Guard = Literal["taken", "lost"]
"""Whether the duplicate guard of the database before was taken over."""

_AT_ONCE: Final = 1_000
_KEY: Final = tuple_(messages.c.sender, messages.c.message_id)
_ANSWERED: Final = State.ANSWERED.value
_MESSAGE: Final = tuple(column.name for column in messages.c if column.name != "id")
_TAKE_MARK: Final = text(
    "INSERT INTO clock_marks (node, at) VALUES (:node, :at)"
    " ON CONFLICT (node) DO UPDATE SET at = excluded.at WHERE clock_marks.at < excluded.at"
)


class HoldsConnection(Protocol):
    """A unit of work, as far as a restore goes."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class Readable(Protocol):
    """A store, as far as it is read here."""

    @property
    def evidence_rows(self) -> EvidenceRows:
        """Its evidence."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """A reading connection."""
        ...


@dataclass(frozen=True, slots=True)
class Restored:
    """One restore. Until ``window_until`` a retry of a message that came after ``backup_at`` acts twice."""

    at: datetime
    backup_at: datetime
    lost_seal: int | None
    guard: Guard
    taken_over: int
    effects_lost: int
    window_until: datetime | None


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What the guard took over: messages in all, and those that were answered after the backup was made."""

    messages: int
    effects_lost: int


class RestoreLog:
    """Every restore that a database went through."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._read = read

    def all(self) -> list[Restored]:
        """Oldest first."""
        with self._read() as connection:
            rows = connection.execute(select(restores).order_by(restores.c.id)).all()
        return [
            Restored(
                from_micros(row.at),
                from_micros(row.backup_at),
                row.lost_seal,
                row.guard,
                row.taken_over,
                row.effects_lost,
                None if row.window_until is None else from_micros(row.window_until),
            )
            for row in rows
        ]

    def open_until(self, now: datetime) -> datetime | None:
        """Until when a retry may act twice, by any restore; None when none may any more."""
        with self._read() as connection:
            until = connection.execute(select(func.max(restores.c.window_until))).scalar()
        return None if until is None or until <= to_micros(now) else from_micros(until)

    def note(self, connection: Connection, restored: Restored) -> None:
        """Keep one, within a transaction."""
        until = restored.window_until
        connection.execute(
            insert(restores),
            {
                "at": to_micros(restored.at),
                "backup_at": to_micros(restored.backup_at),
                "lost_seal": restored.lost_seal,
                "guard": restored.guard,
                "taken_over": restored.taken_over,
                "effects_lost": restored.effects_lost,
                "window_until": None if until is None else to_micros(until),
            },
        )


def take_over_guard(connection: Connection, old: Readable) -> TakenOver:
    """Bring the guard up to what ``old`` knows, within a transaction. Raises StoreError."""
    total = lost = 0
    for rows in _pages(old, messages, messages.c.id, _MESSAGE):
        answered = {(row["sender"], row["message_id"]) for row in rows if row["state"] == _ANSWERED}
        lost += len(answered - _answered(connection, answered))
        keys = [(row["sender"], row["message_id"]) for row in rows]
        connection.execute(delete(messages).where(_KEY.in_(keys)))
        connection.execute(insert(messages), rows)
        total += len(rows)
    for rows in _pages(old, signatures, signatures.c.digest, ("digest", "until")):
        digests = [row["digest"] for row in rows]
        connection.execute(delete(signatures).where(signatures.c.digest.in_(digests)))
        connection.execute(insert(signatures), rows)
    for rows in _pages(old, clock_marks, clock_marks.c.node, ("node", "at")):
        connection.execute(_TAKE_MARK, rows)
    return TakenOver(total, lost)


def why_not_newest(old: Readable, restored: Readable, outside: Seal | None) -> str | None:
    """Why ``old`` is not the database that the restored one is replaced for; None when it is.

    It must hold the restored one's evidence, and the newest seal that was copied outside.
    """
    with restored.read() as connection:
        newest = connection.execute(
            select(evidence_chains.c.id, evidence_chains.c.genesis).order_by(evidence_chains.c.id.desc())
        ).first()
    with old.read() as connection:
        there = None
        if newest is not None:
            there = connection.execute(
                select(evidence_chains.c.genesis).where(evidence_chains.c.id == newest.id)
            ).scalar()
    if newest is None or there != newest.genesis:
        return "it is another database than the one that the backup is of"
    seal = restored.evidence_rows.newest_seal()
    for wanted in (seal, outside):
        found = None if wanted is None else old.evidence_rows.seal(wanted.number)
        if wanted is not None and (found is None or found.statement != wanted.statement):
            return f"it is older than the newest seal outside ({wanted.number})"
    return None


def newest_epochs(*stores: Readable) -> dict[str, int]:
    """The newest epoch of each node's chains, in any of the databases."""
    found: dict[str, int] = {}
    query = select(evidence_chains.c.node, func.max(evidence_chains.c.epoch)).group_by(evidence_chains.c.node)
    for store in stores:
        with store.read() as connection:
            for node, epoch in connection.execute(query):
                found[node] = max(epoch, found.get(node, 0))
    return found


def _answered(connection: Connection, asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of (sender, MessageID) the restored database has an answer for."""
    found = connection.execute(
        select(messages.c.sender, messages.c.message_id).where(
            _KEY.in_(list(asked)), messages.c.state == _ANSWERED
        )
    )
    return {(row.sender, row.message_id) for row in found}


def _pages(old: Readable, table: Any, key: Any, names: tuple[str, ...]) -> Iterator[list[dict[str, Any]]]:
    columns = [table.c[name] for name in names]
    after: Any = None
    while True:
        statement = select(key.label("page_key"), *columns).order_by(key).limit(_AT_ONCE)
        if after is not None:
            statement = statement.where(key > after)
        with old.read() as connection:
            rows = connection.execute(statement).all()
        if not rows:
            return
        after = rows[-1].page_key
        yield [_values(row._mapping, names) for row in rows]


def _values(row: Mapping[Any, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}
