"""The access log (アクセスログ): appended in the transaction of the answer that it is about.

A link is the digest of the link before, the access's number, and the digest of its text: what is changed,
left out or put in later breaks the chain, and the evidence log notes where the chain ends under its signed
seals (``note``), so that nobody can write the chain anew up to there. Texts are made and people sealed before
the write lock is taken; inside it one digest an access is left, and two ``executemany`` for a whole batch.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, bindparam, insert, select, update

from gateway.domain.accesses import Access
from gateway.errors import StoreError
from gateway.evidence import Entry
from gateway.store.access_subjects import Subjects
from gateway.store.direct import run, run_many
from gateway.store.evidence_log import SHIFT, HoldsConnection
from gateway.store.instants import to_micros
from gateway.store.tables import access_chains, access_people, accesses

NOTE: Final = "accesses"
"""The kind of the evidence entries that note where a chain of the access log ends."""

_END = (
    select(access_chains.c.id, access_chains.c.number, access_chains.c.link)
    .where(access_chains.c.node == bindparam("this"))
    .with_for_update()
)
_MOVE = (
    update(access_chains)
    .where(access_chains.c.id == bindparam("chain"))
    .values(number=bindparam("last"), link=bindparam("end"))
)
_UNNOTED = (
    select(access_chains.c.id, access_chains.c.node, access_chains.c.number, access_chains.c.link)
    .where(access_chains.c.number > access_chains.c.noted)
    .order_by(access_chains.c.id)
)
_text = json.JSONEncoder(separators=(",", ":")).encode
_NOTED = update(access_chains).where(access_chains.c.id == bindparam("chain")).values(noted=bindparam("upto"))


@dataclass(frozen=True, slots=True, repr=False)
class SealedAccess:
    """An access ready to be written: its people sealed, the digest of its text taken."""

    columns: tuple[Any, ...]
    people: tuple[tuple[str, str, bytes], ...]  # subject, effect, sealed
    digest: bytes


class AccessLog:
    """Appends accesses; safe for threads."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[HoldsConnection]],
        read: Callable[[], AbstractContextManager[Connection]],
        node: str,
        *,
        apart: bool = False,
    ) -> None:
        """``apart``: each process has a chain of its own, for they write side by side."""
        self.subjects = Subjects(read)
        self._unit_of_work = unit_of_work
        self._node = f"{node}-{secrets.token_hex(4)}" if apart else node

    def sealed(self, access: Access) -> SealedAccess:
        """Seal the people of an access; outside of any unit of work."""
        seal = self.subjects.seal
        people = tuple(
            (one.subject.value, one.effect.value, seal(one.subject, one.text)) for one in access.people
        )
        who = access.who
        columns = (
            to_micros(access.at),
            access.direction,
            who.system,
            who.municipality,
            who.terminal,
            who.verification_id,
            who.operator_id,
            who.purpose,
            access.operation,
            access.outcome,
            access.message_id,
            access.with_number,
            access.passed_to,
            len(people),
        )
        return SealedAccess(columns, people, digest_of(columns, people))

    def append(self, connection: Connection, batch: Sequence[SealedAccess]) -> None:
        """Append accesses within the caller's transaction, in their order."""
        if not batch:
            return
        compiled = _compiled(connection.dialect)
        chain, number, link = self._end(connection, compiled)
        base = chain << SHIFT
        rows: list[tuple[Any, ...]] = []
        people: list[tuple[Any, ...]] = []
        for one in batch:
            number += 1
            link = link_of(link, number, one.digest)
            rows.append((base + number, *one.columns, link))
            people += [(base + number, at, *person) for at, person in enumerate(one.people)]
        if number >= 1 << SHIFT:
            raise StoreError("the chain of the access log is full")
        run_many(connection, compiled.accesses, rows)
        if people:
            run_many(connection, compiled.people, people)
        sql, order = compiled.move
        values = {"chain": chain, "last": number, "end": link}
        run(connection, sql, [values[name] for name in order])

    def write(self, *batch: SealedAccess) -> None:
        """Append in a transaction of its own, durable on return. Raises StoreError."""
        with self._unit_of_work() as work:
            self.append(work.connection, batch)

    def _end(self, connection: Connection, compiled: _Compiled) -> tuple[int, int, bytes]:
        sql, order = compiled.end
        values = {"this": self._node}
        found = run(connection, sql, [values[name] for name in order])
        if found:
            chain, number, link = found[0]
            return chain, number, bytes(link)
        genesis = genesis_of(self._node)
        begun = connection.execute(
            insert(access_chains),
            {
                "node": self._node,
                "number": 0,
                "link": genesis,
                "erased": 0,
                "erased_link": genesis,
                "noted": 0,
            },
        ).inserted_primary_key
        if begun is None:
            raise StoreError("the database gave no key for a new chain")
        return int(begun[0]), 0, genesis


def note(
    connection: Connection,
    system: str,
    now: datetime,
    append: Callable[[Connection, Sequence[Entry]], object],
) -> bool:
    """Note in the evidence where the chains end that grew since the last note; whether any did.

    The evidence first and the chains after it, as every transaction goes: that nobody waits in a circle.
    """
    found = list(connection.execute(_UNNOTED).all())
    append(connection, [noted(system, now, row.node, row.number, bytes(row.link)) for row in found])
    if found:
        connection.execute(_NOTED, [{"chain": row.id, "upto": row.number} for row in found])
    return bool(found)


def noted(system: str, now: datetime, node: str, number: int, link: bytes) -> Entry:
    """The entry that says that a node's chain ended so."""
    outcome = f"{node} {number} {link.hex()}"
    return Entry(now, "own", system, NOTE, None, None, None, outcome, None, hashlib.sha256(b"").digest(), 0)


def genesis_of(node: str) -> bytes:
    """The link before the first access of a node."""
    return hashlib.sha256(f"juki-access-log 1\n{node}\n".encode()).digest()


def link_of(previous: bytes, number: int, digest: bytes) -> bytes:
    """The link of an access."""
    return hashlib.sha256(previous + number.to_bytes(8, "big") + digest).digest()


def digest_of(columns: Sequence[Any], people: Sequence[tuple[str, str, bytes]]) -> bytes:
    """The digest of an access's text: its columns and people in the tables' order, as JSON in ASCII."""
    text = _text([*columns, [[*person[:2], person[2].hex()] for person in people]])
    return hashlib.sha256(text.encode("ascii")).digest()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """The statements as the driver takes them; the inserts' values in the tables' order."""

    accesses: str
    people: str
    end: tuple[str, tuple[str, ...]]
    move: tuple[str, tuple[str, ...]]


@lru_cache(maxsize=4)
def _compiled(dialect: Dialect) -> _Compiled:
    end, move = _END.compile(dialect=dialect), _MOVE.compile(dialect=dialect)
    return _Compiled(
        str(insert(accesses).compile(dialect=dialect)),
        str(insert(access_people).compile(dialect=dialect)),
        (str(end), tuple(end.positiontup or ())),
        (str(move), tuple(move.positiontup or ())),
    )
