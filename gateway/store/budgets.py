"""How often each operator, terminal and person was met with a negative answer in the last while.

Verification and search are an oracle: who may ask without bound can find out. The subjects are kept as
digests under a key that is drawn once per database, so the table tells nobody who was asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, delete, func, insert, select

from gateway.store.instants import to_micros
from gateway.store.tables import budget_spends, register_marks

_KEY_MARK = "budget-key"
_KEY_BYTES = 32


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
        read: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._read = read
        self._key: bytes | None = None

    def spent(self, kind: str, subject: str, *, since: datetime) -> int:
        """How many since ``since``."""
        with self._read() as connection:
            query = select(func.count()).where(
                budget_spends.c.kind == kind,
                budget_spends.c.subject == self._digest(subject),
                budget_spends.c.at > to_micros(since),
            )
            return connection.execute(query).scalar_one()

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
        with self._unit_of_work() as work:
            work.connection.execute(insert(budget_spends), rows)

    def sweep(self, *, before: datetime) -> int:
        """Forget what is older than ``before``; gives how many rows."""
        with self._unit_of_work() as work:
            gone = work.connection.execute(
                delete(budget_spends).where(budget_spends.c.at <= to_micros(before))
            )
            return gone.rowcount

    def _digest(self, subject: str) -> str:
        return hmac.new(self._secret(), subject.encode("utf-8"), hashlib.sha256).hexdigest()

    def _secret(self) -> bytes:
        """The database's own key: drawn by whoever needs it first, the same for every process."""
        if self._key is None:
            with self._unit_of_work() as work:
                query = select(register_marks.c.value).where(register_marks.c.name == _KEY_MARK)
                found = work.connection.execute(query).scalar_one_or_none()
                if found is None:
                    found = secrets.token_hex(_KEY_BYTES)
                    work.connection.execute(insert(register_marks), {"name": _KEY_MARK, "value": found})
            self._key = bytes.fromhex(found)
        return self._key
