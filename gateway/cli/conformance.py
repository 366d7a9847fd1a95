"""``juki-gateway conformance …``: whether a server, or a message, keeps to the message profile."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.conformance_check import check
from gateway.cli.conformance_listen import listen
from gateway.cli.conformance_own import Own, opened_own
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
app.command(
    "listen",
    epilog="Example: juki-gateway conformance listen --network build/network/network.json "
    "--as national-server --behaviour cycle",
)(listen)


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
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Without a network: the service's address.")
    ] = None,
    signing_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --url: the key that signs (PEM).")
    ] = None,
    signing_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --url: its certificate.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --url: the key of the connection (PEM).")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --url: its certificate.")
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="With --url: authorities to trust (PEM); may be repeated."),
    ] = None,
    crls: Annotated[
        list[Path] | None,
        typer.Option("--crl", metavar="FILE", help="With --trust: a revocation list; may be repeated."),
    ] = None,
    signed_by: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --url: the certificate by which the server signs."),
    ] = None,
    municipality: Annotated[
        str | None, typer.Option(metavar="CODE", help="With --url: 市町村コード that messages name.")
    ] = None,
    terminal: Annotated[
        str | None, typer.Option(metavar="ID", help="With --url: the terminal that they name.")
    ] = None,
    operator: Annotated[
        str | None, typer.Option(metavar="ID/ID", help="With --url: 照合ID and 操作者ID that they name.")
    ] = None,
    people: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --url: people whom the server knows (CSV).")
    ] = None,
    tls12: Annotated[bool, typer.Option("--tls12", help="With --url: TLS 1.2 will do.")] = False,
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
    if url is not None:
        own = Own(
            url=url,
            service=service,
            signing_key=signing_key,
            signing_certificate=signing_certificate,
            tls_key=tls_key,
            tls_certificate=tls_certificate,
            trust=trust or (),
            lists=crls or (),
            signed_by=signed_by,
            municipality=municipality,
            terminal=terminal,
            operator=operator,
            people=people,
            tls12=tls12,
        )
        opening = opened_own(own)
    elif network is not None and target is not None:
        opening = opened(network, target, service)
    else:
        raise UsageError("give --network FILE and --target SYSTEM, or --url URL and credentials, or --list")
    begun = time.monotonic()
    with opening as judged:
        outcomes = list(run_cases(judged, picked))
        name = f"{target or judged.url} {judged.service.name}"
    report = json_report(name, outcomes)
    write_report(junit, junit_report(name, outcomes))
    write_report(json_file, json.dumps(report, ensure_ascii=False, indent=2).encode())
    write_report(html, html_report(name, outcomes).encode())
    output.document(report)
    _tell(output, outcomes)
    failed, ran = report["failed"], len(outcomes) - report["not_run"]
    if failed:
        raise CheckFailed(f"{name}: {failed} of {ran} cases failed")
    output.line(f"{name}: all {ran} cases passed in {time.monotonic() - begun:.1f} s", "green")


def _list(output: Output, cases: tuple[Case, ...]) -> None:
    rows = [(case.family, case.id, case.requirement, case.clause) for case in cases]
    output.document(
        {"cases": [dict(zip(("family", "id", "requirement", "clause"), row, strict=True)) for row in rows]}
    )
    output.table(("family", "case", "requirement", "clause"), rows)


def _tell(output: Output, outcomes: list[Outcome]) -> None:
    failed = [(one.case.id, "; ".join(one.complaints), one.case.clause) for one in outcomes if one.failed]
    if failed:
        output.table(("case", "what is wrong", "clause"), failed)
    left = [(one.case.id, one.not_run) for one in outcomes if one.not_run is not None]
    if left:
        output.table(("case that was not run", "why"), left)
