"""``juki-gateway demo [DIR]``: makes a network, runs the flows in it, and leaves what happened in DIR.

Which flows there are stands in gateway.cli.demo_flows; here is what all of them share: the folder, the
network, the order, the bad requests, demo.json and demo.html.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.demo_flows import FLOWS
from gateway.cli.demo_page import Ran, make_page
from gateway.cli.demo_refusals import BAD_REQUESTS, RefusedRequest, send_bad_requests
from gateway.cli.demo_steps import Flow, FlowFailed, Step, step_document
from gateway.cli.exits import CheckFailed, Refusal
from gateway.cli.network.folders import made_by
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.running import LOCK, Network, Stop, running_network
from gateway.cli.options import AsJson, new_app
from gateway.cli.output import Output
from gateway.errors import GatewayError, UsageError
from gateway.state import lock_holder, write_atomically
from gateway.web import render

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
    """Make a development network in DIR, run every flow in it, and write demo.json and demo.html there.

    Replaces DIR only when an earlier demo made it. Exit status 1 when any flow failed.
    """
    output = Output(as_json)
    folder = Path(tempfile.mkdtemp(prefix="juki-gateway-demo-")) if folder is None else folder.absolute()
    _clear(folder)
    stop = Stop()
    try:
        with running_network(
            folder, replace(DEVELOPMENT, capture=True), maker=MAKER, say=output.progress, stopped=stop.asked
        ) as network:
            if network is None:
                raise KeyboardInterrupt
            run = run_flows(network, FLOWS, output, stop)
            run = replace(run, refused=_refused(network, run, output))
            page = make_page(network.document, run.flows, run.refused, begun=run.begun, seconds=run.seconds)
    finally:
        stop.close()
    document = run.document()
    write_atomically(folder / "demo.json", json.dumps(document, ensure_ascii=False, indent=2).encode())
    write_atomically(folder / "demo.html", render(page).encode())
    _report(document, folder, output)
    failed = [flow["flow"] for flow in document["flows"] if flow["outcome"] != "done"]
    failed += [refused["name"] for refused in document["refusals"] if refused["outcome"] != "refused"]
    if failed or len(run.refused) != len(BAD_REQUESTS):
        raise CheckFailed(f"failed: {', '.join(failed) or 'the bad requests could not be sent'}")


@dataclass(frozen=True, slots=True)
class Run:
    """What a demo did. ``seconds`` is how long the flows took."""

    begun: datetime
    seconds: float
    flows: tuple[Ran, ...]
    refused: tuple[RefusedRequest, ...] = ()

    def document(self) -> dict[str, Any]:
        """The content of demo.json."""
        return {
            "version": 1,
            "begun": self.begun.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": round(self.seconds, 3),
            "flows": [_flow_document(ran) for ran in self.flows],
            "refusals": [refused.document() for refused in self.refused],
        }


def run_flows(network: Network, flows: Sequence[Flow], output: Output, stop: Stop) -> Run:
    """Run the flows one after the other, each to its end or its failure."""
    begun = datetime.now(UTC)
    clock = time.monotonic()
    results = []
    for number, flow in enumerate(flows, 1):
        output.progress(f"flow {flow.number} ({number} of {len(flows)}): {flow.title_en}")
        results.append(_run(network, flow, output, stop))
        network.tend()
    return Run(begun, time.monotonic() - clock, tuple(results))


def _run(network: Network, flow: Flow, output: Output, stop: Stop) -> Ran:
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
    return Ran(flow, tuple(steps), outcome, reason)


def _refused(network: Network, run: Run, output: Output) -> tuple[RefusedRequest, ...]:
    """The bad requests, each made from the first good one of the terminal's; none when there was none."""
    terminals = {
        entry["id"] for entry in network.document["systems"] if entry["role"] == "integrated_terminal"
    }
    shown = (one for ran in run.flows for step in ran.steps for one in step.shown)
    good = next((one.call for one in shown if one.call.caller in terminals), None)
    if good is None:
        return ()
    output.progress("requests that must be refused")
    try:
        refused = send_bad_requests(network.document, good)
    except GatewayError as error:
        output.progress(f"  failed: {type(error).__name__}: {error}")
        return ()
    for one in refused:
        output.progress(
            f"  {one.bad.name}: {one.fault}, step {one.explained['step']}, {one.explained['rule']}"
        )
    return tuple(refused)


def _flow_document(ran: Ran) -> dict[str, Any]:
    return {
        "flow": ran.flow.number,
        "title": {"ja": ran.flow.title_ja, "en": ran.flow.title_en},
        "outcome": ran.outcome,
        "reason": ran.reason,
        "steps": [step_document(step) for step in ran.steps],
    }


def _report(document: dict[str, Any], folder: Path, output: Output) -> None:
    output.document(document)
    for flow in document["flows"]:
        output.table(
            ("step", "caller", "callee", "operation", "ms", "outcome"),
            [_row(step) for step in flow["steps"]],
        )
        output.line(f"{flow['flow']} {flow['title']['en']}: {flow['outcome']}")
    output.table(
        ("refused", "step", "rule", "fault", "reference"),
        [
            [one[key] for key in ("name", "step", "rule", "fault", "reference")]
            for one in document["refusals"]
        ],
    )
    output.line(f"{folder / 'demo.json'}")
    output.line(f"{folder / 'demo.html'}")


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
