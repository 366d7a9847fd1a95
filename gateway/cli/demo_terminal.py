"""The demo's terminal: the clerk who asks, with a client whose every call is recorded."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clients._connect import connect
from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.demo_steps import FlowFailed
from gateway.cli.demo_traffic import Recorder, clock_of, system
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store


@contextmanager
def terminal_of(network: dict[str, Any]) -> Iterator[tuple[IntegratedTerminal, Caller, Recorder]]:
    """The network's terminal: its client, who asks by it, and what is heard on its wire."""
    terminal, gateway = system(network, "integrated_terminal"), system(network, "municipal_cs")
    recorder = Recorder(terminal["id"], gateway["id"], IntegratedTerminal.SERVICE, clock_of(network))
    state = StateFolder.open(Path(terminal["state"]))
    settings = load_settings(state.settings_file)
    client = IntegratedTerminal(
        connect(
            settings,
            state.path,
            destination=gateway["id"],
            service=IntegratedTerminal.SERVICE,
            trust=trust_store(settings, state.path),
            clock=clock_of(network),
            observe=recorder,
        )
    )
    operator = terminal["operators"][0]
    caller = Caller(
        MunicipalityCode(terminal["municipality"]),
        terminal["terminals"][0],
        Operator(operator["verification_id"], operator["operator_id"]),
        Purpose.RECORD_COPY,
    )
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
