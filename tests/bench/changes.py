"""What a change costs that is acknowledged: accepted, durable, with its evidence, and then delivered.

A resident record system reports people who move in, one to a message, over 1, 8 and 64 connections, each
with one message in flight. Beside it stands what the same SQLite does with the same bytes and nothing else:
one row and one synced commit for each change. Delivery is measured with the prefectural server of the network
up: from the first acknowledgement to the last change that is confirmed there.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from gateway.clock import SystemClock
from gateway.contract import SERVICES, write_body
from gateway.store import Store
from gateway.store.engine import open_database
from tests.bench.drive import drive
from tests.bench.ready import Request, sign_all
from tests.bench.rig import PREFECTURE, REGISTRY, Rig
from tests.kit.changes import entry, report

_SERVICE = SERVICES["resident_record"]
_OPERATION = _SERVICE.operation("ReportChanges")
_PATIENCE = 60.0  # s, for what is accepted to be delivered
_STORED: Final = (
    "SELECT (SELECT count(*) FROM person_changes),"
    " (SELECT sum(length(body)) FROM evidence_bodies), (SELECT sum(length(body)) FROM outbox)"
)


def changes(
    rig: Rig, folder: Path, *, cores: Sequence[int], warm: int, count: int, clients: Sequence[int]
) -> dict[str, Any]:
    """Everything about changes that the report tells."""
    found: dict[str, Any] = {"accepted": {}}
    asked = requests_of(rig, warm + count)
    for connections in clients:
        with rig.served(cores=cores, masked=False) as served:
            load = drive(
                rig,
                folder,
                served,
                asked,
                state=rig.state(REGISTRY),
                connections=connections,
                warm=warm,
                count=count,
            )
        size = _bytes_of_a_change(rig)
        inserts = durable_inserts(folder / f"inserts-{connections}", size, seconds=2.0)
        found["accepted"][str(connections)] = {
            "per_second": load["per_second"],
            "inserts_per_second": inserts,
            "ratio": load["per_second"] / inserts,
            "p50_ms": load["p50_ms"],
            "p99_ms": load["p99_ms"],
            "cpu_us": load["cpu_us"],
            "bytes": size,
            "parts_ms": parts_of(rig.gateway.log / "gateway.jsonl", _OPERATION.name),
        }
    return found | {"delivery": _delivered(rig, folder, asked, cores=cores, warm=warm, count=count)}


def requests_of(rig: Rig, count: int) -> list[Request]:
    """So many reports of one change each, all about different people."""
    bodies = [write_body(_SERVICE, _OPERATION, report(entry(1_000 + number))) for number in range(count)]
    return sign_all(rig, rig.state(REGISTRY), _SERVICE, _OPERATION, bodies)


def _delivered(
    rig: Rig, folder: Path, asked: list[Request], *, cores: Sequence[int], warm: int, count: int
) -> dict[str, float]:
    with rig.counterpart(PREFECTURE, cores=cores), rig.served(cores=cores, masked=False) as served:
        began = time.monotonic()
        drive(rig, folder, served, asked, state=rig.state(REGISTRY), connections=8, warm=warm, count=count)
        accepted = time.monotonic() - began
        store = Store.open(rig.gateway.path, clock=SystemClock())
        try:
            left = _waiting(store)
            behind = left
            while left and time.monotonic() < began + accepted + _PATIENCE:
                time.sleep(0.05)
                left = _waiting(store)
        finally:
            store.close()
        seconds = time.monotonic() - began
    if left:
        raise RuntimeError(f"{left} changes were not delivered within {_PATIENCE:.0f} s")
    return {"per_second": (warm + count) / seconds, "behind_when_all_were_accepted": behind}


def _waiting(store: Store) -> int:
    """Changes on their way to the prefecture; what else follows from them has nobody to go to here."""
    backlog = [one for one in store.outbox_desk.backlog() if one.destination == PREFECTURE]
    return sum(one.pending + one.leased + one.dead for one in backlog)


def _bytes_of_a_change(rig: Rig) -> int:
    """Bytes of messages kept for one change: report and answer as evidence, the notice to be delivered."""
    store = Store.open(rig.gateway.path, clock=SystemClock())
    try:
        with store.read() as connection:
            changes_made, evidence, notices = connection.execute(text(_STORED)).one()
    finally:
        store.close()
    return round((evidence + notices) / changes_made)


def durable_inserts(folder: Path, size: int, *, seconds: float) -> float:
    """Rows of so many bytes a second, a synced commit for each, through the store's own connection."""
    database = open_database(folder, create=True)
    body = os.urandom(size)
    try:
        with database.writer.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        made, began = 0, time.monotonic()
        while (spent := time.monotonic() - began) < seconds:
            with database.writer.begin() as connection:
                connection.exec_driver_sql("INSERT INTO rows (body) VALUES (?)", (body,))
            made += 1
    finally:
        database.close()
    return made / spent


def parts_of(log: Path, operation: str) -> dict[str, float]:
    """Milliseconds of a message by part, from the gateway's own log lines: the median of each."""
    found: dict[str, list[float]] = {}
    with log.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["event"] == "message" and line.get("operation") == operation:
                for key, value in line.items():
                    if key.endswith("_ms"):
                        found.setdefault(key.removesuffix("_ms"), []).append(value)
    return {part: round(statistics.median(values), 3) for part, values in found.items()}
