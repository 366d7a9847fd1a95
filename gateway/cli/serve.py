"""``juki-gateway serve DIR``: runs one system until it is told to end."""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import sys
from types import MappingProxyType
from typing import Annotated

import typer

from gateway import telemetry
from gateway.cli.exits import Refusal
from gateway.cli.options import AsJson, SystemFolder, new_app, open_state
from gateway.errors import UsageError
from gateway.production import refuse_unfit

app = new_app()

SERVERS = MappingProxyType(
    {
        "municipal_cs": "gateway.app",
        "national_server": "gateway.simulators.national_server",
        "prefectural_server": "gateway.simulators.prefectural_server",
    }
)
"""The module that serves a role: its function ``serve(state, settings)`` returns when the system ended."""

_PR_SET_PDEATHSIG = 1  # prctl(2)


@app.command(epilog="Example: juki-gateway serve build/demo/131016-cs")
def serve(
    folder: SystemFolder,
    ends_with: Annotated[int, typer.Option(hidden=True, help="Process id whose end also ends this one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run one system in the foreground until Ctrl-C or SIGTERM.

    Log lines go to log/gateway.jsonl in the state folder and, shortened, to standard error.
    """
    if ends_with:
        _end_with(ends_with)
    state, settings = open_state(folder)
    role = settings.system.role
    if role not in SERVERS:
        raise UsageError(f"{state.path}: a system of the role {role} only calls, it is not served")
    refuse_unfit(settings, state)
    os.umask(0o077)  # whatever is written from here on is the owner's only
    with state.running():
        telemetry.configure(state.log, system=settings.system.id, console=sys.stderr)
        importlib.import_module(SERVERS[role]).serve(state, settings)
    if as_json:
        typer.echo('{"ended": true}')


def _end_with(process: int) -> None:
    """Let the kernel send SIGTERM to this process when its parent ends, however that ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # The parent may have ended before the kernel was told.
    if os.getppid() != process:
        raise Refusal(f"process {process}, with which this one was to end, has ended already")
