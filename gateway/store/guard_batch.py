"""Messages that are answered before they are claimed: claim, answer and evidence of many in one transaction.

Only for questions that are answered from what is at hand: working on one twice has no effect. The answer
leaves after the commit. Inside the write transaction nobody else writes, so what is looked up in it decides:
a message of which anything is known is not taken, and guard.py decides on it alone, as on any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, and_, bindparam, insert, or_, select
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.evidence import Entry
from gateway.store.access_log import SealedAccess
from gateway.store.direct import run, run_many
from gateway.store.failures import Conflict
from gateway.store.guard_rules import Arrival, State, StoredAnswer, clock_in_order
from gateway.store.instants import from_micros, to_micros
from gateway.store.tables import clock_marks, messages, signatures

_MARK = select(clock_marks.c.at).where(clock_marks.c.node == bindparam("this"))


class Worked(NamedTuple):
    """A message with its answer, as DuplicateGuard.claim and settle take them, with evidence and accesses."""

    arrival: Arrival
    keep_until: datetime
    answer: StoredAnswer
    evidence: Sequence[Entry] = ()
    accesses: Sequence[SealedAccess] = ()


def take(
    connection: Connection, batch: Sequence[Worked], node: str, tolerance_seconds: int
) -> tuple[bool, ...]:
    """Claim and settle every message of which nothing is known yet; tells which ones.

    Of two that are alike the first counts. None is taken whose clock lies behind the newest commit.
    """
    mark = run(connection, _mark(connection.dialect), (node,))
    newest = from_micros(mark[0][0]) if mark else None
    in_order = [clock_in_order(one.arrival.now, newest, tolerance_seconds=tolerance_seconds) for one in batch]
    if all(in_order) and _insert_new(connection, batch):
        return (True,) * len(batch)
    arrivals = [one.arrival for one in batch]
    seen, known = _known_of(arrivals, partial(run, connection), connection.dialect)
    taken, new = [], []
    for one, orderly in zip(batch, in_order, strict=True):
        digest, key = one.arrival.signed_info_digest, one.arrival.key
        takes = orderly and digest not in seen and key not in known
        taken.append(takes)
        if takes:
            seen.add(digest)
            known.add(key)
            new.append(one)
    _insert(connection, new)
    return tuple(taken)


def known(
    batch: Sequence[Arrival], rows: Callable[[str, Sequence[Any]], list[Any]], dialect: Dialect
) -> tuple[bool, ...]:
    """Of which messages anything is known so far; a look, and no decision."""
    if not batch:
        return ()
    seen, keys = _known_of(batch, rows, dialect)
    return tuple(one.signed_info_digest in seen or one.key in keys for one in batch)


def _insert_new(connection: Connection, batch: Sequence[Worked]) -> bool:
    """Insert all of them, as nearly always can be done; False, and nothing, when anything is known."""
    run(connection, "SAVEPOINT taken")
    try:
        _insert(connection, batch)
    except Conflict:
        run(connection, "ROLLBACK TO SAVEPOINT taken")
        return False
    return True


def _insert(connection: Connection, batch: Sequence[Worked]) -> None:
    if batch:
        for table, row_of in ((signatures, _signature_row), (messages, _message_row)):
            rows = list(map(row_of, batch))
            made = _insert_into(connection.dialect, table, tuple(rows[0]))
            run_many(connection, made.sql, list(map(made.values, rows)))


def _signature_row(one: Worked) -> dict[str, Any]:
    return {"digest": one.arrival.signed_info_digest, "until": to_micros(one.arrival.seen_until)}


def _message_row(one: Worked) -> dict[str, Any]:
    return {
        "sender": one.arrival.sender,
        "message_id": one.arrival.message_id,
        "body_digest": one.arrival.body_digest,
        "state": State.ANSWERED.value,
        "token": "",  # nobody ever holds a claim on it
        "lease_until": to_micros(one.arrival.now),
        "kept_until": to_micros(one.keep_until),
        "answer_action": one.answer.action,
        "answer_body": one.answer.body,
        "answer_fault": one.answer.fault,
    }


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as the driver takes it, and the order of its values."""

    sql: str
    order: tuple[str, ...]

    @classmethod
    def of(cls, compiled: SQLCompiler) -> _Compiled:
        return cls(str(compiled), tuple(compiled.positiontup or ()))

    def values(self, named: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values in that order."""
        return tuple([named[name] for name in self.order])


def _known_of(
    batch: Sequence[Arrival], rows: Callable[[str, Sequence[Any]], list[Any]], dialect: Dialect
) -> tuple[set[bytes], set[tuple[str, str]]]:
    """The digests and the keys of the batch that are in the tables."""
    seen_among, known_among = _lookups(dialect, len(batch))
    seen = rows(seen_among, [one.signed_info_digest for one in batch])
    found = rows(known_among, [part for one in batch for part in one.key])
    return {row[0] for row in seen}, {(row[0], row[1]) for row in found}


@lru_cache(maxsize=4)
def _mark(dialect: Dialect) -> str:
    return _Compiled.of(_MARK.compile(dialect=dialect)).sql


@lru_cache(maxsize=8)
def _insert_into(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> _Compiled:
    return _Compiled.of(insert(table).compile(dialect=dialect, column_keys=list(columns)))


@lru_cache(maxsize=64)
def _lookups(dialect: Dialect, count: int) -> tuple[str, str]:
    """Which of so many digests, and which of so many keys, are known: two statements with values in order.

    Compiled once for each count.
    """
    numbers = range(count)
    digests = select(signatures.c.digest).where(
        signatures.c.digest.in_([bindparam(f"digest{number}") for number in numbers])
    )
    keys = select(messages.c.sender, messages.c.message_id).where(
        or_(
            *(
                and_(
                    messages.c.sender == bindparam(f"sender{number}"),
                    messages.c.message_id == bindparam(f"message{number}"),
                )
                for number in numbers
            )
        )
    )
    found = _Compiled.of(digests.compile(dialect=dialect)), _Compiled.of(keys.compile(dialect=dialect))
    wanted = (
        tuple(f"digest{number}" for number in numbers),
        tuple(f"{part}{number}" for number in numbers for part in ("sender", "message")),
    )
    if tuple(one.order for one in found) != wanted:
        raise RuntimeError("the values of a compiled statement stand in another order than they were named")
    return found[0].sql, found[1].sql
