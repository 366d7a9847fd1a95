"""``juki-gateway evidence``: check, export, list and erase what is kept of every message."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.cli.exits import CheckFailed, Refusal
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.clock import Clock
from gateway.errors import StateError, UsageError
from gateway.evidence import Seal, SealUnreadable, parse_seal
from gateway.evidence.bundle import Bundle
from gateway.evidence.entry import instant_text
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder
from gateway.store import Store
from gateway.store.configured import open_store
from gateway.store.evidence_audit import Audit, Report
from gateway.store.evidence_configured import authorities, seal_copies, seal_trust, sealer_of
from gateway.store.evidence_erase import erasable, erase
from gateway.store.evidence_export import Export
from gateway.store.evidence_rows import RowUnreadable
from gateway.trust.configured import signer

app = new_app("Evidence of every message: chained, sealed by signatures, checked by anyone.")

_PROGRESS_SECONDS = 2.0

SealFiles = Annotated[
    list[Path] | None,
    typer.Option("--seal", metavar="FILE", help="A seal kept elsewhere, as proof that nothing was cut off."),
]


@app.command(epilog="Example: juki-gateway evidence verify --state build/demo/131016-cs")
def verify(
    folder: State = None,
    seals: SealFiles = None,
    *,
    signatures: Annotated[
        bool, typer.Option("--signatures", help="Check every message's own signature, too.")
    ] = False,
    bodies: Annotated[bool, typer.Option(help="Check the messages' bytes.")] = True,
    as_json: AsJson = False,
) -> None:
    """Find a changed, removed, inserted, reordered or truncated entry; exit status 1 when there is one.

    Entries that are not sealed yet are told, and are no fault. The newest copy in the folder for seals is
    held against the store, too. The system may go on working.
    """
    output = Output(as_json)
    with _opened(folder) as (state, settings, store, _clock):
        audit = Audit(
            store.evidence_rows,
            settings.system.id,
            seal_trust(settings, state.path),
            outside=[*map(_seal, seals or ()), *_newest_copy(settings, state)],
            bodies=bodies,
            signatures=signatures,
            progress=_Progress(output, "entries checked"),
        )
        report = audit.run()
    output.document(_report(report))
    _print_report(output, report)
    if not report.good:
        raise CheckFailed(f"the evidence is not as it was written: {report.count} findings")


@app.command(epilog="Example: juki-gateway evidence export build/evidence --state build/demo/131016-cs")
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the export.")],
    folder: State = None,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="ID", help="Only entries that name or answer this MessageID."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only entries from then on (2026-11-23T00:00:00Z)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write entries, messages, signatures and seals so that openssl, xmlsec1 and sha256sum can check them.

    What is not sealed yet is sealed first. The export holds people's data: it is readable by its owner only.
    Interrupted, the same command goes on where it stopped.
    """
    output = Output(as_json)
    begin = _instant("--since", since)
    with _opened(folder) as (state, settings, store, clock):
        sealer = sealer_of(settings, state.path, store, signer(settings, state.path), clock, notes=False)
        sealer.seal()
        sealer.copy()
        bundle = Bundle(out, f"{settings.system.id} message {message} since {since}\n")
        written = Export(
            store.evidence_rows, bundle, message, begin, progress=_Progress(output, "entries passed")
        )
        written.run()
        bundle.authorities(one.public_bytes(Encoding.DER) for one in authorities(settings, state.path))
        files = bundle.finish()
    output.document(
        {
            "folder": str(out.absolute()),
            "entries": written.entries,
            "unsealed": written.unsealed,
            "files": files,
        }
    )
    output.line(f"{written.entries} entries in {files} files: {out.absolute()}")
    output.line("README.md there has the commands that check them; verify.py does the same.")
    if not written.entries:
        raise CheckFailed("no entry was chosen")


@app.command(name="erase", epilog="Example: juki-gateway evidence erase --state build/demo/131016-cs")
def erase_command(
    folder: State = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--before",
            metavar="TIME",
            help="Erase older ones than this (2026-11-23T00:00:00Z); else keep_days.",
        ),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase the bytes of messages at the end of their retention ([evidence] keep_days in gateway.toml).

    Entries, chain and signatures stay and still verify. The erasure itself is an entry. In production mode
    nothing is erased before its retention ends. Interrupted, it goes on where it stopped.
    """
    output = Output(as_json)
    limit = _instant("--before", before)
    with _opened(folder) as (state, settings, store, clock):
        now = clock.now()
        over = now - timedelta(days=settings.evidence.keep_days)
        limit = limit or over
        if settings.mode == "production" and limit > over:
            raise Refusal(f"the retention of {settings.evidence.keep_days} days ends at {instant_text(over)}")
        if limit > now:
            raise UsageError("--before: lies in the future")
        total, gone, emptied = erasable(store, limit), 0, True
        if not dry_run and total:
            progress = _Progress(output, "messages erased")
            for gone in erase(store, limit, system=settings.system.id, now=now):
                progress(gone, total)
            emptied = store.forget_pages()
            sealer = sealer_of(settings, state.path, store, signer(settings, state.path), clock, notes=False)
            sealer.seal()
            sealer.copy()
    output.document(
        {
            "before": instant_text(limit),
            "found": total,
            "erased": gone,
            "log_emptied": emptied,
            "dry_run": dry_run,
        }
    )
    output.line(f"{total if dry_run else gone} messages older than {instant_text(limit)}")
    if not emptied:
        output.line("The database's log was in use: its copies of them go with the next write-back.")


@app.command(name="list", epilog="Example: juki-gateway evidence list --state build/demo/131016-cs")
def list_command(
    folder: State = None,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="ID", help="Only entries that name or answer this MessageID."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the newest, of each chain.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List entries, oldest first, without the messages."""
    output = Output(as_json)
    with _opened(folder) as (_state, _settings, store, _clock):
        entries = list(_listed(store, message, limit))
        seal = store.evidence_rows.newest_seal()
        unsealed = store.evidence_rows.unsealed()
    output.document({"entries": entries, "seal": _told_seal(seal), "unsealed": unsealed})
    columns = ("chain", "number", "at", "direction", "kind", "peer", "operation", "outcome", "bytes")
    output.table(columns, [[one[column] for column in columns] for one in entries])
    output.line(f"{unsealed} entries not sealed yet; newest seal: {seal.number if seal else 'none'}")


def _listed(store: Store, message: str | None, limit: int) -> Iterator[dict[str, Any]]:
    rows = store.evidence_rows
    found = []
    for chain in rows.chains():
        name = chain.start().name
        if message is None:
            numbers = range(max(1, chain.last - limit + 1), chain.last + 1)
            ranges = [(numbers.start - 1, numbers.stop - 1)] if numbers else []
        else:
            ranges = [(number - 1, number) for number in rows.matching(chain, message_id=message)][-limit:]
        for after, last in ranges:
            for number, kept in rows.entries(chain.id, after=after, last=last, bodies=False):
                if isinstance(kept, RowUnreadable):
                    continue
                entry = kept.entry
                about = {
                    "chain": name,
                    "number": number,
                    "at": instant_text(entry.at),
                    "direction": entry.direction,
                    "kind": entry.kind,
                    "peer": entry.peer,
                    "operation": entry.operation or "",
                    "message_id": entry.message_id,
                    "relates_to": entry.relates_to,
                    "outcome": entry.outcome,
                    "size": entry.size,
                    "digest": entry.digest.hex(),
                    "bytes": "kept" if entry.body is not None else "not kept",
                }
                found.append((entry.at, about))
    yield from (about for _, about in sorted(found, key=lambda pair: pair[0]))


@contextmanager
def _opened(folder: Path | None) -> Iterator[tuple[StateFolder, Settings, Store, Clock]]:
    state, settings = open_state(folder)
    os.umask(0o077)  # whatever is written from here on is the owner's only
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        yield state, settings, store, clock
    finally:
        store.close()


def _seal(file: Path) -> Seal:
    try:
        return parse_seal(file.read_bytes())
    except OSError as error:
        raise UsageError(f"--seal {file}: {error.strerror}") from None
    except SealUnreadable as error:
        raise UsageError(f"--seal {file}: {error}") from None


def _newest_copy(settings: Settings, state: StateFolder) -> list[Seal]:
    copies = seal_copies(settings, state.path)
    if copies is None:
        return []
    try:
        newest = copies.newest()
    except SealUnreadable as error:
        raise StateError(f"{copies.folder}: the newest copy cannot be read: {error}") from None
    return [] if newest is None else [newest]


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{option}: a UTC instant is wanted, as 2026-11-23T00:00:00Z") from None


class _Progress:
    """A line on standard error every two seconds, with an estimate."""

    def __init__(self, output: Output, what: str) -> None:
        self._output = output
        self._what = what
        self._started = self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._told < _PROGRESS_SECONDS or not done or not total:
            return
        self._told = now
        left = (now - self._started) * (total - done) / done
        self._output.progress(f"{done:,} of {total:,} {self._what}, about {left:.0f} s left")


def _report(report: Report) -> dict[str, Any]:
    return {
        "good": report.good,
        "chains": report.chains,
        "entries": report.entries,
        "erased": report.erased,
        "seals": report.seals,
        "seals_from_elsewhere": report.outside,
        "newest_seal": _told_seal(report.newest_seal),
        "unsealed": report.unsealed,
        "restores": [
            {
                "chain": one.name,
                "at": instant_text(one.started),
                "lost_seal": one.lost.number if one.lost else None,
            }
            for one in report.restores
        ],
        "finding_count": report.count,
        "findings": [
            {"kind": one.kind, "chain": one.chain, "number": one.number, "text": one.text}
            for one in report.findings
        ],
    }


def _told_seal(seal: Seal | None) -> dict[str, Any] | None:
    if seal is None:
        return None
    return {"number": seal.number, "at": instant_text(seal.at), "digest": seal.digest.hex()}


def _print_report(output: Output, report: Report) -> None:
    seal = report.newest_seal
    newest = f"number {seal.number} of {instant_text(seal.at)}" if seal else "none"
    output.table(
        ("", ""),
        [
            ("entries", f"{report.entries:,} in {report.chains} chains"),
            ("messages erased", f"{report.erased:,}"),
            ("seals", f"{report.seals:,}; newest: {newest}"),
            ("seals from elsewhere", report.outside),
            ("not sealed yet", f"{report.unsealed:,}"),
        ],
    )
    for one in report.restores:
        lost = f"what came up to seal {one.lost.number} is lost" if one.lost else "nothing is named as lost"
        output.line(f"{one.name} began at {instant_text(one.started)} on an older database: {lost}")
    for finding in report.findings:
        output.line(str(finding), style="red")
    output.line("good" if report.good else f"NOT GOOD: {report.count} findings", style="bold")
