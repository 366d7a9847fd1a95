"""``juki-gateway conformance …``: whether a server, or a message, keeps to the message profile."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.conformance_check import check
from gateway.cli.conformance_reports import write_report
from gateway.cli.conformance_target import opened
from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, new_app
from gateway.cli.output import Output
from gateway.conformance import (
    QUESTIONS,
    Case,
    Outcome,
    chosen,
    html_report,
    json_report,
    junit_report,
)
from gateway.conformance import (
    run as run_cases,
)
from gateway.errors import UsageError

app = new_app("Conformance: whether servers, clients and captured messages keep to the message profile.")


app.command(
    "check",
    epilog="Example: juki-gateway conformance check request.xml answer.xml "
    "--network build/network/network.json",
)(check)


@app.callback()
def _group() -> None:
    pass


@app.command(
    epilog="Example: juki-gateway conformance run --network build/network/network.json --target 131016-cs "
    "--html build/conformance.html"
)
def run(
    network: Annotated[
        Path | None, typer.Option(metavar="FILE", help="network.json of a running network.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="SYSTEM", help="Id of the system to judge.")] = None,
    service: Annotated[
        str | None,
        typer.Option(help=f"Service to judge ({', '.join(QUESTIONS)}); by default the first it offers."),
    ] = None,
    families: Annotated[
        list[str] | None, typer.Option("--family", help="Only cases of this family; may be repeated.")
    ] = None,
    cases: Annotated[
        list[str] | None, typer.Option("--case", help="Only this case; may be repeated.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the cases and send nothing.")] = False,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json-file", metavar="FILE", help="Write the whole run as JSON.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one page with the bytes of every case.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send good and spoilt messages to a server and judge every answer.

    Nothing is changed at the server but what it writes down of them: it is asked, or told of what there is
    not. Exit status 0 when all cases pass, 1 when one fails, 2 for a system, service or case that there
    is not.
    """
    picked = chosen(families or (), cases or ())
    output = Output(as_json)
    if listed:
        _list(output, picked)
        return
    if network is None or target is None:
        raise UsageError("give --network FILE and --target SYSTEM, or --list")
    begun, name = time.monotonic(), f"{target} {service or ''}".strip()
    with opened(network, target, service) as judged:
        outcomes = list(run_cases(judged, picked))
        name = f"{target} {judged.service.name}"
    report = json_report(name, outcomes)
    write_report(junit, junit_report(name, outcomes))
    write_report(json_file, json.dumps(report, ensure_ascii=False, indent=2).encode())
    write_report(html, html_report(name, outcomes).encode())
    output.document(report)
    _tell(output, outcomes)
    failed = report["failed"]
    if failed:
        raise CheckFailed(f"{name}: {failed} of {len(outcomes)} cases failed")
    output.line(f"{name}: all {len(outcomes)} cases passed in {time.monotonic() - begun:.1f} s", "green")


def _list(output: Output, cases: tuple[Case, ...]) -> None:
    rows = [(case.family, case.id, case.requirement, case.clause) for case in cases]
    output.document(
        {"cases": [dict(zip(("family", "id", "requirement", "clause"), row, strict=True)) for row in rows]}
    )
    output.table(("family", "case", "requirement", "clause"), rows)


def _tell(output: Output, outcomes: list[Outcome]) -> None:
    failed = [(one.case.id, "; ".join(one.complaints), one.case.clause) for one in outcomes if not one.passed]
    if failed:
        output.table(("case", "what is wrong", "clause"), failed)
