"""The demo's terminal: the clerk who asks, with a client whose every call is recorded."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.demo_channel import recorded_channel
from gateway.cli.demo_steps import FlowFailed
from gateway.cli.demo_traffic import Recorder
from gateway.domain.caller import Caller
from gateway.domain.codes import Purpose


@contextmanager
def terminal_of(network: dict[str, Any]) -> Iterator[tuple[IntegratedTerminal, Caller, Recorder]]:
    """The network's terminal: its client, who asks by it, and what is heard on its wire."""
    channel, caller, recorder = recorded_channel(
        network, "integrated_terminal", IntegratedTerminal.SERVICE, Purpose.RECORD_COPY
    )
    client = IntegratedTerminal(channel)
    try:
        yield client, caller, recorder
    finally:
        client.close()


def somebody(network: dict[str, Any], **wanted: str) -> dict[str, str]:
    """The first person of the network whose columns have these values. Raises FlowFailed."""
    with Path(network["sample"]["people"]).open(encoding="utf-8", newline="") as people:
        for person in csv.DictReader(people):
            if all(person[column] == value for column, value in wanted.items()):
                return person
    raise FlowFailed(f"the network has nobody with {wanted}")
