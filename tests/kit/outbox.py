"""An outbox over a fresh database whose clock the test moves, and messages to put in it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import text

from gateway.clock import FixedClock
from gateway.store import Lease, Outbox, OutboxDesk, OutboxRow, Outgoing, Settlement, Store, Wanted
from gateway.store.instants import to_micros

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def outgoing(destination: str = "a", *, key: str = "k1", body: bytes = b"<a/>", **changes: Any) -> Outgoing:
    """A message with a MessageID of its own."""
    values: dict[str, Any] = {
        "service": "prefectural",
        "operation": "ReportChange",
        "action": "urn:juki-gateway:prefectural:1:ReportChange",
        "message_id": f"urn:uuid:test-{next(_numbers)}",
    }
    return Outgoing(destination=destination, key=key, body=body, **{**values, **changes})


@dataclass
class Boxes:
    """The store, and its outbox on a clock of the test's own."""

    store: Store
    clock: FixedClock
    outbox: Outbox
    desk: OutboxDesk
    start: datetime = START

    @classmethod
    def open(cls, location: Path | str) -> Self:
        """A new database, in a folder or by its URL."""
        clock = FixedClock(START)
        store = Store.open(location, clock=clock, upgrade=True)

        def micros(_connection: object) -> int:
            return to_micros(clock.now())

        return cls(store, clock, Outbox(store.read, micros), OutboxDesk(store.read, micros))

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def pass_time(self, seconds: float) -> None:
        """Move the database's clock, also back."""
        self.clock.advance(timedelta(seconds=seconds))

    def enqueue(self, *messages: Outgoing) -> None:
        """In a unit of its own."""
        with self.store.unit_of_work() as work:
            self.outbox.enqueue(work, *messages)

    def claim(self, wanted: Mapping[str, Wanted], owner: str = "local/0") -> list[Lease]:
        """In a unit of its own."""
        with self.store.unit_of_work() as work:
            return self.outbox.claim(work, wanted, owner)

    def settle(self, lease: Lease, settlement: Settlement) -> bool:
        """In a unit of its own."""
        with self.store.unit_of_work() as work:
            return self.outbox.settle(work, lease, settlement)

    def requeue(self, row_id: int, new_message_id: str) -> OutboxRow | None:
        """In a unit of its own."""
        with self.store.unit_of_work() as work:
            return self.desk.requeue(work, row_id, lambda: new_message_id)

    def drop(self, row_id: int) -> OutboxRow | None:
        """In a unit of its own."""
        with self.store.unit_of_work() as work:
            return self.desk.drop(work, row_id)

    def row(self, row_id: int) -> OutboxRow:
        """A row that is there."""
        filed = self.desk.find(row_id)
        if filed is None:
            raise AssertionError(f"there is no row {row_id}")
        return filed.row

    def lines(self) -> int:
        """How many lines there are."""
        with self.store.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM outbox_lines").scalar_one())

    def value(self, column: str, row_id: int = 1) -> Any:
        """One column of a row."""
        with self.store.read() as connection:
            statement = text(f"SELECT {column} FROM outbox WHERE id = :id")  # noqa: S608 - a name from the test
            return connection.execute(statement, {"id": row_id}).scalar_one()
