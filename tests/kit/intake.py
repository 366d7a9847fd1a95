"""A municipal CS, its prefectural server and the national one as three stores in this process, no network.

What the outbox of one holds is carried to the next by hand, one message at a time, as the dispatcher would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from lxml import etree

from gateway.app import NOTIFY, change_writer, notice_maker
from gateway.clock import FixedClock
from gateway.contract import SERVICES, read_request
from gateway.domain.change import ChangeResult
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.flows.decision import Decision
from gateway.flows.identity_update import IdentityUpdate
from gateway.flows.notified_changes import NotifiedChanges
from gateway.store import NoticeRoute, OutboxState, Store

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def _route(destination: str, service: str) -> NoticeRoute:
    operation = SERVICES[service].operation(NOTIFY)
    return NoticeRoute(destination, service, operation.name, operation.action)


@dataclass
class Office:
    """One system's store, and what it does with changes."""

    store: Store
    update: IdentityUpdate
    notified: NotifiedChanges
    refused: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path, onward: tuple[str, str] | None) -> Self:
        """A new store in ``folder``; ``onward`` is the next server and its service."""
        folder.mkdir(parents=True, exist_ok=True)
        clock = FixedClock(NOW)
        store = Store.open(folder, clock=clock, upgrade=True)
        write = change_writer(store, clock, None if onward is None else _route(*onward))
        refused: list[str] = []
        update = IdentityUpdate(
            store.changes, store.changes, clock, notice=notice_maker("prefectural"), write=write
        )
        notified = NotifiedChanges(
            store.changes,
            clock,
            onward=None if onward is None else notice_maker(onward[1]),
            write=write,
            prefix="T",
            refused=refused.append,
        )
        return cls(store, update, notified, refused)

    def commit(self, decision: Decision[ChangeReceipt]) -> list[ChangeResult]:
        """Write a decision as the endpoint does; gives the results."""
        with self.store.unit_of_work() as work:
            decision.write(work)
        return [outcome.result for outcome in decision.answer.outcomes]

    def report(self, report: ChangeReport) -> list[ChangeResult]:
        """Decide and write."""
        return self.commit(self.update.report(report))

    def notify(self, report: ChangeReport) -> list[ChangeResult]:
        """Decide and write. Raises OperationFault."""
        return self.commit(self.notified(report))

    def waiting(self) -> list[ChangeReport]:
        """What the outbox holds, in the order of its rows."""
        rows = self.store.outbox_desk.rows(states=[OutboxState.PENDING], limit=10_000)
        return [_read(row.service, row.body) for row in rows]

    def rows(self, query: str) -> list[Any]:
        """Rows of the database."""
        with self.store.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]


def _read(service: str, body: bytes) -> ChangeReport:
    made = SERVICES[service]
    report: ChangeReport = read_request(made, made.operation(NOTIFY), etree.fromstring(body))
    return report
