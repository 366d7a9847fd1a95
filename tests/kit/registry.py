"""The resident record system of a running network, and what each register of it holds in the end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clients.connect import connect
from clients.resident_record_system import ResidentRecordSystem
from gateway.clock import SystemClock
from gateway.errors import StoreError
from gateway.settings import Settings, clock_of, load_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store
from gateway.trust.configured import trust_store
from tests.kit.rows import rows

SYSTEM, GATEWAY = "131016-registry", "131016-cs"
PREFECTURE, NATION, CARDS = "13-prefectural-server", "national-server", "card-management-server"

TAKEN = (
    "SELECT v.code, c.number, v.address FROM person_changes c"
    " JOIN person_versions v ON v.person = c.person AND v.version = c.version"
    " WHERE c.revision = 0 ORDER BY c.id"
)
"""Every change that a register took, in its order, with what it then held: code, number and address."""


@contextlib.contextmanager
def registry(
    folder: Path, system: str = SYSTEM, *, cs: str = GATEWAY, at: str | None = None, **observing: Any
) -> Iterator[ResidentRecordSystem]:
    """The client of a resident record system in the network ``folder``; ``at`` is the address of a node."""
    state = StateFolder(folder / system)
    settings = load_settings(state.settings_file)
    if at is not None:
        there = [one.model_copy(update={"url": at}) for one in settings.destinations]
        settings = settings.model_copy(update={"destinations": tuple(there)})
    client = ResidentRecordSystem(
        connect(
            settings,
            state.path,
            destination=cs,
            service=ResidentRecordSystem.SERVICE,
            trust=trust_store(settings, state.path),
            clock=clock_of(settings, state.path),
            **observing,
        )
    )
    try:
        yield client
    finally:
        client.close()


def taken(folder: Path, system: str) -> list[tuple[str, int, str]]:
    """What one system's own database says that it took."""
    return [(str(code), int(number), str(address)) for code, number, address in rows(folder / system, TAKEN)]


def undelivered(folder: Path, *systems: str) -> int:
    """How many messages wait in the outboxes of these systems."""
    waiting = 0
    for system in systems or (GATEWAY, PREFECTURE):
        settings = load_settings(StateFolder(folder / system).settings_file)
        waiting += _backlog(folder / system, settings)
    return waiting


def _backlog(state: Path, settings: Settings) -> int:
    """Asked again when its own connection is cut, too."""
    for attempt in range(10):
        try:
            store = open_store(state, settings, clock=SystemClock())
            try:
                return sum(backlog.undelivered for backlog in store.outbox_desk.backlog())
            finally:
                store.close()
        except StoreError:
            if attempt == 9:
                raise
            time.sleep(0.1)
    raise AssertionError
