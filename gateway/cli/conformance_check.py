"""``juki-gateway conformance check``: captured messages in files, judged without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.conformance_ground import ground_of
from gateway.cli.conformance_judged import judged_document, tell_judged
from gateway.cli.conformance_reports import Html, JsonFile, JUnit, Tongue, junit_of, page_of, write_report
from gateway.cli.exits import CheckFailed
from gateway.cli.explain_message import keys_of, read_instant
from gateway.cli.explain_text import language_here
from gateway.cli.options import AsJson
from gateway.cli.output import Output
from gateway.conformance import Judged, Seen, judge_captured, look_at
from gateway.errors import UsageError

TITLE = "conformance check"


@dataclass(frozen=True, slots=True)
class _File:
    """A message in a file, and the request that it must answer where ``--pair`` says so."""

    name: str
    raw: bytes
    seen: Seen
    asked: Seen | None = None


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="A captured message: the bytes of an HTTP body."),
    ] = None,
    pairs: Annotated[
        list[str] | None,
        typer.Option(
            "--pair",
            metavar="REQUEST,ANSWER",
            help="A request and what came back, judged as an answer to it; may be repeated.",
        ),
    ] = None,
    network: Annotated[
        Path | None, typer.Option(metavar="FILE", help="network.json: whom to trust, who may what.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="State folder of the system that received them."),
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Authorities to trust (PEM), roots and issuing; may be repeated."),
    ] = None,
    crls: Annotated[
        list[Path] | None,
        typer.Option("--crl", metavar="FILE", help="With --trust: a revocation list; may be repeated."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="INSTANT", help="When they arrived (UTC); by default each one's Created."
        ),
    ] = None,
    certificates: Annotated[
        list[Path] | None,
        typer.Option("--certificate", help="A certificate (PEM) whose key the sender may have signed with."),
    ] = None,
    language: Tongue = None,
    junit: JUnit = None,
    json_file: JsonFile = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Judge captured messages by every step that their bytes allow, and say why one would be refused.

    An answer is judged as that to the request among the files that its RelatesTo names, or to the one that
    --pair gives. Exit status 0 when all hold, 1 when one does not, 2 for a file that cannot be read.
    """
    read = [*_read(files or ()), *_paired(pairs or ())]
    if not read:
        raise UsageError("give at least one FILE, or --pair REQUEST,ANSWER")
    tongue = language or language_here()
    grounds = ground_of(network, state, trust or (), crls or ())
    keys, arrived = keys_of(certificates or ()), None if at is None else read_instant(at)
    judged: list[Judged] = []
    for one in read:
        asked = one.asked or _asked(one.seen, read)
        ground = replace(grounds.of(one.seen, asked), keys=keys)
        moment = arrived or one.seen.created or grounds.now
        judged.append(judge_captured(one.name, one.raw, one.seen, ground, moment, asked))
    revocation = not trust or bool(crls)
    messages = [judged_document(one, revocation=revocation) for one in judged]
    failed = sum(not one["good"] for one in messages)
    report = {"version": 1, "passed": len(messages) - failed, "failed": failed, "messages": messages}
    write_report(junit, junit_of(TITLE, messages, tongue))
    write_report(json_file, json.dumps(report, ensure_ascii=False, indent=2).encode())
    write_report(html, page_of(TITLE, messages, tongue).encode())
    output = Output(as_json)
    output.document(report)
    for message in messages:
        tell_judged(output, message, tongue)
    for note in dict.fromkeys(note[tongue] for message in messages for note in message["notes"]):
        output.line(note, "dim")
    if failed:
        raise CheckFailed(f"{failed} of {len(messages)} messages would be refused")


def _read(files: Sequence[Path]) -> Iterator[_File]:
    for file in files:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
        yield _File(str(file), raw, look_at(raw))


def _paired(pairs: Sequence[str]) -> Iterator[_File]:
    for pair in pairs:
        request, comma, answer = pair.partition(",")
        if not (request and comma and answer):
            raise UsageError(f"--pair {pair}: give the two files as REQUEST,ANSWER")
        asked, came = _read((Path(request), Path(answer)))
        if asked.seen.kind != "request" and came.seen.kind == "request":
            raise UsageError(f"--pair {pair}: the first is no request; is it the other way round?")
        yield asked
        yield replace(came, asked=asked.seen)


def _asked(seen: Seen, read: Sequence[_File]) -> Seen | None:
    """The request that an answer names; of several with one MessageID the one whose signature it confirms."""
    if seen.kind not in {"answer", "fault"}:
        return None
    named = [
        one.seen for one in read if one.seen.kind == "request" and one.seen.message_id == seen.relates_to
    ]
    confirmed = [one for one in named if one.signature_value == seen.confirms]
    return next(iter(confirmed or named), None)
