"""``juki-gateway explain``: the whole reason of a fault or of a message, for the operator only."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.exits import CheckFailed
from gateway.cli.explain_log import logged_explanation
from gateway.cli.explain_message import message_explanation, read_instant
from gateway.cli.explain_tell import tell
from gateway.cli.explain_text import Language, instant, language_here
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.errors import UsageError
from gateway.kept_refused import KeptRefused
from gateway.refusals import RULES
from gateway.settings import Settings, clock_of, offset_of
from gateway.state import StateFolder
from gateway.store import RefusalRecord
from gateway.store.configured import open_store

app = new_app()


@app.command(epilog="Example: juki-gateway explain REFERENCE --state build/demo/131016-cs")
def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="REFERENCE|MESSAGEID|FILE",
            help="juki:reference of the fault, the wsa:MessageID of a refused message, or a file that holds "
            "a message.",
        ),
    ],
    folder: State = None,
    language: Annotated[
        Language | None,
        typer.Option("--language", "--lang", help="Language; by default the locale's."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="INSTANT", help="When FILE's message arrived (UTC); by default now."),
    ] = None,
    certificates: Annotated[
        list[Path] | None,
        typer.Option("--certificate", help="A certificate (PEM) whose key the sender may have signed with."),
    ] = None,
    canonical: Annotated[
        bool,
        typer.Option(
            "--canonical", help="Print the canonical bytes of signed parts too (whole with --json)."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print why a message was answered with a fault, or how the message in a file fares.

    Of a refusal: step, rule, what was found and wanted, chain, clocks; of its bytes, where they are kept
    (refusals.keep_messages) or in FILE: every step, every Reference with both digests, and the likely cause
    with what to change in the sender. Of an operation's own fault, an unexpected error, or a refusal that was
    only counted (above a rate): what the log tells. Exit status 1 when nothing is known here.
    """
    state, settings = open_state(folder)
    tongue = language or language_here()
    if Path(target).is_file():
        explained = _of_file(Path(target), state, settings, at, certificates or [])
    elif at is not None:
        raise UsageError("--at is for a message in a file: a refused one is explained at the time it arrived")
    else:
        explained = _of_fault(target, state, settings, certificates or [])
    output = Output(as_json)
    output.document(explained)
    tell(output, explained, tongue, canonical=canonical)


def _of_file(
    file: Path, state: StateFolder, settings: Settings, at: str | None, certificates: list[Path]
) -> dict[str, Any]:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
    now = clock_of(settings, state.path).now() if at is None else read_instant(at)
    return {
        "file": str(file),
        "size": len(raw),
        "digest": hashlib.sha256(raw).hexdigest(),
        "now": instant(now),
        "message": message_explanation(raw, state, settings, now, certificates),
    }


def _of_fault(
    reference: str, state: StateFolder, settings: Settings, certificates: list[Path]
) -> dict[str, Any]:
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        record = store.refusals.find(reference) or store.refusals.find_message(reference)
    finally:
        store.close()
    offset = int(offset_of(settings, state.path).total_seconds())
    if record is None:
        logged = logged_explanation(state.log, reference, clock.now(), offset)
        if logged is None:
            raise CheckFailed(f"no fault with the reference or MessageID {reference} is known here")
        return logged
    explained = explanation(record, clock.now(), offset)
    raw = KeptRefused(state).find(record.reference)
    if raw is not None:
        explained["message"] = message_explanation(raw, state, settings, record.at, certificates)
    return explained


def explanation(record: RefusalRecord, now: datetime, offset_seconds: int) -> dict[str, Any]:
    """The record as the command prints it; times in UTC, ISO 8601."""
    rule = RULES.get(record.rule)
    created = record.created
    return {
        "reference": record.reference,
        "outcome": "refused",
        "step": record.step,
        "rule": record.rule,
        "reason": {"en": rule.en if rule else "", "ja": rule.ja if rule else ""},
        "fault": record.fault,
        "found": record.found,
        "wanted": record.wanted,
        "where": record.where,
        "peer": record.peer,
        "service": record.service,
        "operation": record.operation,
        "message_id": record.message_id,
        "digest": record.digest,
        "size": record.size,
        "refused_at": instant(record.at),
        "created": instant(created),
        "expires": instant(record.expires),
        "created_to_refused_seconds": (record.at - created).total_seconds() if created else None,
        "clock_offset_seconds": offset_seconds,
        "now": instant(now),
        "chain": [
            {
                "subject": link.subject,
                "issuer": link.issuer,
                "not_after": instant(link.not_after),
                "days_left_when_refused": (link.not_after - record.at).days,
                "days_left": (link.not_after - now).days,
            }
            for link in record.chain
        ],
    }
