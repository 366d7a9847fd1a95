"""The demo's resident record system: its client, all calls of which are recorded, and what is delivered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.demo_channel import recorded_channel
from gateway.cli.demo_steps import FlowFailed
from gateway.cli.demo_traffic import Recorder, clock_of
from gateway.domain.caller import Caller
from gateway.domain.codes import Purpose
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store

_PATIENCE = 30.0  # seconds until everything must be delivered


@contextmanager
def registry_of(
    network: dict[str, Any], town: str | None = None
) -> Iterator[tuple[ResidentRecordSystem, Caller, Recorder]]:
    """The network's resident record system: its client, who reports by it, and what is heard on its wire.

    ``town`` is the code of its municipality, where it is not the first one's.
    """
    channel, caller, recorder = recorded_channel(
        network, "resident_record_system", ResidentRecordSystem.SERVICE, Purpose.MOVE_WITHIN, town
    )
    client = ResidentRecordSystem(channel)
    try:
        yield client, caller, recorder
    finally:
        client.close()


def await_delivery(network: dict[str, Any], sender: dict[str, Any]) -> None:
    """Wait until this system's outbox is empty. Raises FlowFailed when it is not in time."""
    state = StateFolder.open(Path(sender["state"]))
    store = open_store(state.path, load_settings(state.settings_file), clock=clock_of(network))
    try:
        limit = time.monotonic() + _PATIENCE
        while store.outbox_desk.backlog():
            if time.monotonic() > limit:
                raise FlowFailed(f"{sender['id']}: not everything was delivered in {_PATIENCE:.0f} s")
            time.sleep(0.05)
    finally:
        store.close()
