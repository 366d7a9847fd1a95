"""A system of the demo that only calls: its channel to the municipal CS, every call of which is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clients._soap import Channel
from clients.connect import connect
from gateway.cli.demo_traffic import Recorder, clock_of, system
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store


def recorded_channel(
    network: dict[str, Any], role: str, service: str, purpose: Purpose, town: str | None = None
) -> tuple[Channel, Caller, Recorder]:
    """The channel of the network's first system of this role, who asks by it, and what is heard on it.

    ``town`` is the code of its municipality, where it is not the first one's.
    """
    caller, gateway = _of(network, role, town), _of(network, "municipal_cs", town)
    clock = clock_of(network)
    recorder = Recorder(caller["id"], gateway["id"], service, clock)
    state = StateFolder.open(Path(caller["state"]))
    settings = load_settings(state.settings_file)
    channel = connect(
        settings,
        state.path,
        destination=gateway["id"],
        service=service,
        trust=trust_store(settings, state.path),
        clock=clock,
        observe=recorder,
    )
    operator = caller["operators"][0]
    asks = Caller(
        MunicipalityCode(caller["municipality"]),
        caller["terminals"][0],
        Operator(operator["verification_id"], operator["operator_id"]),
        purpose,
    )
    return channel, asks, recorder


def _of(network: dict[str, Any], role: str, town: str | None) -> dict[str, Any]:
    if town is None:
        return system(network, role)
    there = [one for one in network["systems"] if one["municipality"] == town]
    return system({"systems": there}, role)
