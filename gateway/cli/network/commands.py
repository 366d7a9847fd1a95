"""``juki-gateway network up|down|status DIR``: a whole development network on this machine."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from gateway.cli.exits import Refusal, Unreachable
from gateway.cli.network.folders import made_by
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.running import DOCUMENT, LOCK, Stop, running_network
from gateway.cli.network.supervisor import END_SECONDS
from gateway.cli.options import AsJson, NetworkFolder, new_app
from gateway.cli.output import Output
from gateway.errors import UsageError
from gateway.state import lock_holder

app = new_app("A development network: a gateway, its counterparts and a terminal, with their own PKI.")

_TEND_SECONDS = 0.5


@app.command(epilog="Example: juki-gateway network up build/demo")
def up(folder: NetworkFolder, as_json: AsJson = False) -> None:
    """Make the network the first time, start it, and stay until Ctrl-C, SIGTERM or 'network down'.

    network.json in DIR is there while every server is ready; with --json it is printed, too.
    """
    output = Output(as_json)
    stop = Stop()
    try:
        with running_network(
            folder, DEVELOPMENT, maker="network", say=output.progress, stopped=stop.asked
        ) as network:
            if network is None:
                raise (
                    KeyboardInterrupt if stop.heard is signal.SIGINT else Refusal("ended before it was ready")
                )
            output.document(network.document)
            for system in network.document["systems"]:
                output.line(f"{system['id']:<24} {system.get('address', 'calls only')}")
            output.line(f"{folder.absolute() / DOCUMENT}")
            output.progress("ready; Ctrl-C ends it")
            while not stop.asked(_TEND_SECONDS):
                network.tend()
            output.progress("ending")
    finally:
        stop.close()


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


def _of_ours(folder: Path) -> Path:
    if made_by(folder) is None:
        raise UsageError(f"{folder}: is no network of ours")
    return folder
