"""``juki-gateway demo [DIR]``: makes a network, runs the flows in it, and leaves what happened in DIR.

Which flows there are stands in gateway.cli.demo_flows; here is what all of them share: the folder, the
network, the order, demo.json.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.demo_flows import FLOWS
from gateway.cli.demo_steps import Flow, FlowFailed, Step, step_document
from gateway.cli.exits import CheckFailed, Refusal
from gateway.cli.network.folders import made_by
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.running import LOCK, Network, Stop, running_network
from gateway.cli.options import AsJson, new_app
from gateway.cli.output import Output
from gateway.errors import GatewayError, UsageError
from gateway.state import lock_holder, write_atomically

app = new_app()

MAKER = "demo"


@app.command(epilog="Example: juki-gateway demo build/demo")
def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="Folder of the network; a temporary one if none is given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a development network in DIR, run every flow in it, and write demo.json there.

    Replaces DIR only when an earlier demo made it. Exit status 1 when any flow failed.
    """
    output = Output(as_json)
    folder = Path(tempfile.mkdtemp(prefix="juki-gateway-demo-")) if folder is None else folder.absolute()
    _clear(folder)
    stop = Stop()
    try:
        with running_network(
            folder, DEVELOPMENT, maker=MAKER, say=output.progress, stopped=stop.asked
        ) as network:
            if network is None:
                raise KeyboardInterrupt
            document = run_flows(network, FLOWS, output, stop)
    finally:
        stop.close()
    write_atomically(folder / "demo.json", json.dumps(document, ensure_ascii=False, indent=2).encode())
    output.document(document)
    for flow in document["flows"]:
        output.table(
            ("step", "caller", "callee", "operation", "ms", "outcome"),
            [_row(step) for step in flow["steps"]],
        )
        output.line(f"{flow['flow']} {flow['title']['en']}: {flow['outcome']}")
    output.line(f"{folder / 'demo.json'}")
    failed = [flow["flow"] for flow in document["flows"] if flow["outcome"] != "done"]
    if failed:
        raise CheckFailed(f"failed: {', '.join(failed)}")


def run_flows(network: Network, flows: Sequence[Flow], output: Output, stop: Stop) -> dict[str, Any]:
    """Run the flows one after the other, each to its end or its failure; the content of demo.json."""
    begun = datetime.now(UTC)
    clock = time.monotonic()
    results = []
    for number, flow in enumerate(flows, 1):
        output.progress(f"flow {flow.number} ({number} of {len(flows)}): {flow.title_en}")
        results.append(_run(network, flow, output, stop))
        network.tend()
    return {
        "version": 1,
        "begun": begun.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "seconds": round(time.monotonic() - clock, 3),
        "flows": results,
    }


def _run(network: Network, flow: Flow, output: Output, stop: Stop) -> dict[str, Any]:
    steps: list[Step] = []
    outcome, reason = "done", None
    try:
        for step in flow.run(network.document):
            steps.append(step)
            output.progress(f"  {step.number} {step.caller} to {step.callee}: {step.outcome}")
            if stop.asked(0):
                raise KeyboardInterrupt
    except (FlowFailed, GatewayError) as error:
        outcome, reason = "failed", f"{type(error).__name__}: {error}"
        output.progress(f"  failed: {reason}")
    return {
        "flow": flow.number,
        "title": {"ja": flow.title_ja, "en": flow.title_en},
        "outcome": outcome,
        "reason": reason,
        "steps": [step_document(step) for step in steps],
    }


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left. Raises UsageError for any other folder, Refusal for a running one."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if made_by(folder) != MAKER:
        raise UsageError(f"{folder}: no demo made this folder, so it is not replaced")
    if lock_holder(folder / LOCK) is not None:
        raise Refusal(f"{folder}: a network runs here; 'juki-gateway network down {folder}' ends it")
    shutil.rmtree(folder)


def _row(step: dict[str, Any]) -> list[object]:
    message = step["message"]
    spent = f"{message['milliseconds']:.1f}" if message else ""
    return [step["number"], step["caller"], step["callee"], step["operation"] or "", spent, step["outcome"]]
