"""The command ``juki-gateway``: what every subcommand shares.

Each subcommand is a file of its own with a typer application ``app``; it is imported only when it is
called or its help is shown, so that the command starts quickly.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.cli.exits import INTERRUPTED, exit_status
from gateway.cli.output import report_failure

COMMANDS = MappingProxyType(
    {
        "init": "gateway.cli.init",
        "serve": "gateway.cli.serve",
        "status": "gateway.cli.status",
        "network": "gateway.cli.network.commands",
        "demo": "gateway.cli.demo",
        "terminal": "gateway.cli.terminal",
        "inquiry": "gateway.cli.inquiry",
        "consistency": "gateway.cli.consistency",
        "registry": "gateway.cli.registry",
        "card": "gateway.cli.card",
        "move-in": "gateway.cli.move_in",
        "people": "gateway.cli.people",
        "simulator": "gateway.cli.simulator",
        "explain": "gateway.cli.explain",
        "access-log": "gateway.cli.access_log",
        "db": "gateway.cli.db",
        "evidence": "gateway.cli.evidence",
        "outbox": "gateway.cli.outbox",
        "pki": "gateway.cli.pki",
        "conformance": "gateway.cli.conformance",
        "wsdl": "gateway.cli.wsdl",
        "selfcheck": "gateway.cli.selfcheck",
    }
)
"""Every subcommand and the module that has it, in the order of the help text."""


class _Commands(TyperGroup):
    """The subcommands by name, imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The subcommand, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(importlib.import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="juki-gateway",
    cls=_Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="A secured SOAP gateway that stands in for a municipal communication server (市町村CS).",
    epilog="Example: juki-gateway demo build/demo",
)


@app.callback()
def _root() -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit status (gateway.cli.exits)."""
    arguments = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    command = typer.main.get_command(app)
    try:
        status = command.main(arguments, prog_name="juki-gateway", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output went away; nothing more can be told to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except BaseException as error:
        known = exit_status(error)
        if known is None:
            raise
        report_failure(error, known, as_json="--json" in arguments)
        sys.exit(known)
    if status == INTERRUPTED:  # typer makes this of Ctrl-C
        report_failure(KeyboardInterrupt(), INTERRUPTED, as_json="--json" in arguments)
    sys.exit(status if isinstance(status, int) else 0)
