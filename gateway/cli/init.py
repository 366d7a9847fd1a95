"""``juki-gateway init DIR``: makes the state folder of a new system."""

from __future__ import annotations

import re
from typing import Annotated, cast, get_args

import typer

from gateway.cli.options import AsJson, NewFolder, new_app
from gateway.cli.output import Output
from gateway.errors import UsageError
from gateway.settings import Role, Settings, System, render_settings
from gateway.state import StateFolder

app = new_app()


@app.command(epilog="Example: juki-gateway init build/131016-cs --municipality 131016 --name 千代田区")
def init(
    folder: NewFolder,
    role: Annotated[str, typer.Option(help="What the system is.")] = "municipal_cs",
    name: Annotated[str, typer.Option(help="Name for people.")] = "",
    municipality: Annotated[str, typer.Option(help="Code of the municipality, six digits.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make the state folder of a new system, in production mode.

    Every setting stands in gateway.toml with its explanation; keys, certificates and counterparts are
    then added by hand.
    """
    system_id = folder.absolute().name
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", system_id):
        raise UsageError(f"{system_id!r}: the folder's name is the system's id: a-z, 0-9 and hyphens only")
    if role not in get_args(Role):
        raise UsageError(f"--role: {role!r} is none of {', '.join(get_args(Role))}")
    if municipality and not re.fullmatch(r"[0-9]{6}", municipality):
        raise UsageError("--municipality: six digits are wanted")
    system = System(
        id=system_id, role=cast(Role, role), name=name or system_id, municipality=municipality or None
    )
    state = StateFolder.create(folder, render_settings(Settings(system=system)))
    output = Output(as_json)
    output.document({"id": system_id, "role": role, "state": str(state.path), "mode": "production"})
    output.line(f"{state.path}")
    output.line("Next: put keys and certificates in their folders, and edit gateway.toml.")
