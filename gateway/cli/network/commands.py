"""``juki-gateway network up|down|status DIR``: a whole development network on this machine."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import Refusal, Unreachable
from gateway.cli.network.document import credentials
from gateway.cli.network.external_option import with_externals
from gateway.cli.network.folders import made_by
from gateway.cli.network.moving import Mover, ahead, shown, states_of, wanted_offset
from gateway.cli.network.nodes import shared_by
from gateway.cli.network.plan import DEVELOPMENT, Plan
from gateway.cli.network.running import DOCUMENT, LOCK, Stop, running_network
from gateway.cli.network.supervisor import END_SECONDS
from gateway.cli.options import AsJson, NetworkFolder, new_app
from gateway.cli.output import Output
from gateway.errors import UsageError
from gateway.state import lock_holder, process_lock, write_atomically

app = new_app("A development network: a gateway, its counterparts and a terminal, with their own PKI.")

_TEND_SECONDS = 0.5
JAPAN = timezone(timedelta(hours=9))


@app.command(epilog="Example: juki-gateway network up build/demo")
def up(
    folder: NetworkFolder,
    external: Annotated[
        list[str] | None,
        typer.Option(
            "--external",
            metavar="ROLE-or-ID=[URL,]CERTIFICATE",
            help="Leave a system out and use somebody's own: its address, if it is called, and a PEM file "
            "with its signing and its TLS certificate and their issuers. May be given several times.",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL",
            help="postgresql://…: the first gateway keeps what it keeps in this database instead of a file.",
        ),
    ] = None,
    nodes: Annotated[
        int, typer.Option("--nodes", min=1, max=9, help="So many nodes of that gateway on the database.")
    ] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="ID",
            help="Make and start this server only, and those who call it. May be given several times.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make the network the first time, start it, and stay until Ctrl-C, SIGTERM or 'network down'.

    network.json in DIR is there while every server is ready; with --json it is printed, too.
    """
    output = Output(as_json)
    plan = with_externals(_with_only(only or ()), external or (), at=datetime.now(UTC))
    plan = shared_by(plan, database, nodes)
    stop = Stop()
    try:
        with running_network(
            folder, plan, maker="network", say=output.progress, stopped=stop.asked
        ) as network:
            if network is None:
                raise (
                    KeyboardInterrupt if stop.heard is signal.SIGINT else Refusal("ended before it was ready")
                )
            output.document(network.document)
            for system in network.document["systems"]:
                elsewhere = "  (external)" if "external" in system else ""
                address = " ".join(system.get("addresses", ["calls only"]))
                output.line(f"{system['id']:<24} {address}{elsewhere}")
            output.line(f"{folder.absolute() / DOCUMENT}")
            output.progress("ready; Ctrl-C ends it")
            while not stop.asked(_TEND_SECONDS):
                network.tend()
            output.progress("ending")
    finally:
        stop.close()


def _with_only(servers: Sequence[str]) -> Plan:
    try:
        return DEVELOPMENT.only_servers(servers) if servers else DEVELOPMENT
    except KeyError as unknown:
        known = ", ".join(system.id for system in DEVELOPMENT.served)
        raise UsageError(f"--only {unknown.args[0]}: no server of the network; there are {known}") from None


@app.command(epilog="Example: juki-gateway network down build/demo")
def down(folder: NetworkFolder, as_json: AsJson = False) -> None:
    """End the network that runs in DIR, and wait until all its servers ended."""
    output = Output(as_json)
    lock = _of_ours(folder) / LOCK
    process = lock_holder(lock)
    if process is not None:
        os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS + 5
        while lock_holder(lock) is not None:
            if time.monotonic() > deadline:
                raise Unreachable(f"{folder}: process {process} has not ended")
            time.sleep(0.05)
    else:
        (folder / DOCUMENT).unlink(missing_ok=True)  # of a supervisor that was killed
    output.document({"ended": process is not None, "process": process})
    output.line("ended" if process is not None else "no network runs here")


@app.command(epilog="Example: juki-gateway network status build/demo")
def status(folder: NetworkFolder, as_json: AsJson = False) -> None:
    """Say whether the network in DIR runs, and where; exit status 1 when it does not."""
    output = Output(as_json)
    process = lock_holder(_of_ours(folder) / LOCK)
    document = folder / DOCUMENT
    if process is None or not document.exists():
        raise Refusal(f"{folder}: no network is ready here")
    content = json.loads(document.read_text(encoding="utf-8"))
    output.document({"process": process, **content})
    output.table(
        ("system", "role", "address"),
        [(one["id"], one["role"], one.get("address", "")) for one in content["systems"]],
    )


@app.command(epilog="Example: juki-gateway network clock build/demo +30d")
def clock(
    folder: NetworkFolder,
    offset: Annotated[
        str,
        typer.Argument(
            metavar="[OFFSET]",
            help="+30d: that much further; 1d12h: so far ahead of the machine; or an instant: "
            "2027-04-01T00:00:00+09:00.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the clock of the running network in DIR, or move it forward for all its systems at once.

    Returns when every system has moved. Revocation lists and certificates are good on both sides.
    """
    output = Output(as_json)
    if lock_holder(_of_ours(folder) / LOCK) is None or not (folder / DOCUMENT).exists():
        raise Refusal(f"{folder}: no network is ready here")
    with process_lock(folder / "run" / "clock.pid", f"{folder}: its clock is being moved"):
        content = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        states = states_of(content["systems"])
        now = ahead(states.values())
        if offset:
            now = wanted_offset(offset, now, datetime.now(UTC))
            Mover(folder, states).move(now)
            content["clock"]["offset_seconds"] = int(now.total_seconds())
            for system in content["systems"]:
                if system["id"] in states:
                    system.update(credentials(states[system["id"]]))
            write_atomically(folder / DOCUMENT, json.dumps(content, ensure_ascii=False, indent=2).encode())
    instant = datetime.now(UTC) + now
    output.document({"offset_seconds": int(now.total_seconds()), "at": instant.isoformat(timespec="seconds")})
    output.line(f"{instant.astimezone(JAPAN):%Y-%m-%d %H:%M:%S} in Japan, {shown(now)} ahead of the machine")
    for system in content["systems"]:
        if offset and "external" in system:
            output.line(f"{system['id']} is external: its clock is not moved")


def _of_ours(folder: Path) -> Path:
    if made_by(folder) is None:
        raise UsageError(f"{folder}: is no network of ours")
    return folder
