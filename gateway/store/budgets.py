"""How often each operator, terminal and person was met with a negative answer in the last while.

Verification and search are an oracle: who may ask without bound can find out. The subjects are kept as
digests under a key that is drawn once per database, so the table tells nobody who was asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, delete, func, insert, select

from gateway.store.instants import to_micros
from gateway.store.secret_key import SecretKey
from gateway.store.tables import budget_spends

_KEY_MARK = "budget-key"
_COUNT = (
    "(SELECT count(*) FROM budget_spends WHERE kind = :kind{0} AND subject = :subject{0} AND at > :since)"
)
_BLOCK = 64  # bytes, of SHA-256
_PADS = tuple(bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


@cache
def _counts(subjects: int) -> str:
    return f"SELECT {', '.join(_COUNT.format(number) for number in range(subjects))}"


class HoldsConnection(Protocol):
    """A unit of work, as far as budgets go."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class BudgetLog:
    """Negative answers by kind of subject (``operator``, ``terminal``, ``person``) and subject."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[HoldsConnection]],
        unit_beside: Callable[[], AbstractContextManager[HoldsConnection]],
        read: Callable[[], AbstractContextManager[Connection]],
        rows: Callable[[str, Mapping[str, Any]], list[Any]],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._unit_beside = unit_beside
        self._read = read
        self._rows = rows
        self._key = SecretKey(_KEY_MARK, unit_of_work)
        self._keyed: tuple[hashlib._Hash, hashlib._Hash] | None = None
        self._digest_of_asker = lru_cache(maxsize=1024)(self._digest)

    def spent(self, subjects: Sequence[tuple[str, str]], *, since: datetime) -> tuple[int, ...]:
        """How many since ``since``, for each (kind, subject); one statement, for it is asked every time."""
        parameters: dict[str, Any] = {"since": to_micros(since)}
        for number, (kind, subject) in enumerate(subjects):
            known = kind != "person"  # the same few ask again and again
            digest = self._digest_of_asker(subject) if known else self._digest(subject)
            parameters[f"kind{number}"], parameters[f"subject{number}"] = kind, digest
        return tuple(self._rows(_counts(len(subjects)), parameters)[0])

    def highest(self, kind: str, *, since: datetime) -> int:
        """The most that any one subject of a kind was met with since ``since``."""
        with self._read() as connection:
            each = (
                select(func.count().label("count"))
                .where(budget_spends.c.kind == kind, budget_spends.c.at > to_micros(since))
                .group_by(budget_spends.c.subject)
                .subquery()
            )
            return connection.execute(select(func.max(each.c.count))).scalar_one() or 0

    def spend(self, subjects: Iterable[tuple[str, str]], *, at: datetime) -> None:
        """Count one negative answer for each (kind, subject)."""
        rows = [
            {"kind": kind, "subject": self._digest(subject), "at": to_micros(at)}
            for kind, subject in subjects
        ]
        with self._unit_beside() as work:
            work.connection.execute(insert(budget_spends), rows)

    def sweep(self, *, before: datetime) -> int:
        """Forget what is older than ``before``; gives how many rows."""
        with self._unit_of_work() as work:
            gone = work.connection.execute(
                delete(budget_spends).where(budget_spends.c.at <= to_micros(before))
            )
            return gone.rowcount

    def _digest(self, subject: str) -> str:
        """HMAC-SHA-256 (RFC 2104), in hex."""
        inner, outer = (half.copy() for half in self._halves())
        inner.update(subject.encode("utf-8"))
        outer.update(inner.digest())
        return outer.hexdigest()

    def _halves(self) -> tuple[hashlib._Hash, hashlib._Hash]:
        """What HMAC digests of the key alone, which is the same each time."""
        if self._keyed is None:
            key = self._key.value().ljust(_BLOCK, b"\0")
            inner, outer = (hashlib.sha256(key.translate(pad)) for pad in _PADS)
            self._keyed = inner, outer
        return self._keyed
