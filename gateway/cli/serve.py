"""``juki-gateway serve DIR``: runs one system until it is told to end."""

from __future__ import annotations

import importlib
import os
import sys
from types import MappingProxyType

import typer

from gateway import telemetry
from gateway.cli.options import AsJson, SystemFolder, new_app, open_state
from gateway.errors import UsageError
from gateway.production import refuse_unfit
from gateway.running import serve_system

app = new_app()

SERVERS = MappingProxyType(
    {
        "municipal_cs": "gateway.app",
        "national_server": "gateway.simulators.national_server",
        "jlis": "gateway.simulators.jlis",
        "card_management_system": "gateway.simulators.card_management_system",
        "prefectural_server": "gateway.simulators.prefectural_server",
    }
)
"""The module of a role: its function ``prepared(state, settings)`` gives the system, ready to be served."""


@app.command(epilog="Example: juki-gateway serve build/demo/131016-cs")
def serve(
    folder: SystemFolder,
    as_json: AsJson = False,
) -> None:
    """Run one system in the foreground until Ctrl-C or SIGTERM.

    Log lines go to log/gateway.jsonl in the state folder and, shortened, to standard error.
    """
    state, settings = open_state(folder)
    role = settings.system.role
    if role not in SERVERS:
        raise UsageError(f"{state.path}: a system of the role {role} only calls, it is not served")
    refuse_unfit(settings, state)
    os.umask(0o077)  # whatever is written from here on is the owner's only
    with state.running():
        telemetry.configure(state.log, system=settings.system.id, console=sys.stderr)
        system = importlib.import_module(SERVERS[role]).prepared(state, settings)
        serve_system(state, settings, system)
    if as_json:
        typer.echo('{"ended": true}')
