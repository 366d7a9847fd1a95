"""Options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import UsageError
from gateway.settings import Settings, load_settings
from gateway.state import StateFolder

STATE_VARIABLE = "JUKI_GATEWAY_STATE"

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]

State = Annotated[
    Path | None,
    typer.Option("--state", envvar=STATE_VARIABLE, metavar="DIR", help="State folder of the system."),
]

NewFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that is made; must be new or empty.")]

SystemFolder = Annotated[Path, typer.Argument(metavar="DIR", help="State folder of the system.")]

NetworkFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the network.")]


def new_app(text: str | None = None) -> typer.Typer:
    """A typer application for one subcommand, set as all of them are.

    Plain help, and no pretty traceback: that one would print local variables, people's data among them.
    """
    return typer.Typer(help=text, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def open_state(folder: Path | None) -> tuple[StateFolder, Settings]:
    """The state folder that ``--state`` names, with its settings.

    Raises UsageError when none is named, StateError when it cannot be used.
    """
    if folder is None:
        raise UsageError(f"no state folder: give --state DIR, or set {STATE_VARIABLE}")
    state = StateFolder.open(folder)
    return state, load_settings(state.settings_file)
