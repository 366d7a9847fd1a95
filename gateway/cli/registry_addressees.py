"""``juki-gateway registry addressees | targets | sendings``: flow 7 from the resident record system."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.addressees_file import Lines, read_pieces
from gateway.cli.asking import (
    DEFAULT_PURPOSE,
    OperatorIds,
    PersonCode,
    PurposeCode,
    Terminal,
    asking_as,
    caller_of,
    usable,
)
from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, State, open_state
from gateway.cli.output import Output
from gateway.cli.registry_progress import Told
from gateway.cli.registry_run import Journal, Totals, digest_of, patiently, run_batches
from gateway.domain.addressee_delivery import (
    MOST_ADDRESSEES,
    AddresseePiece,
    AddresseeReceipt,
    SendingQuestion,
    Target,
    TargetQuestion,
)
from gateway.domain.addressee_rules import AddresseeResult
from gateway.domain.caller import Caller
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import write_instant

_COLUMNS = ("line", "result", "person")


def addressees(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Addressees: CSV, see docs/interface.md.")],
    terminal: Terminal,
    operator: OperatorIds,
    batch: Annotated[
        int, typer.Option("--batch", min=1, max=MOST_ADDRESSEES, help="Addressees in one message.")
    ] = 200,
    journal: Annotated[
        Path | None, typer.Option("--journal", metavar="FILE", help="What was acknowledged; FILE.journal.")
    ] = None,
    patience: Annotated[
        float, typer.Option("--patience", min=0, help="Seconds to try again while the CS cannot be reached.")
    ] = 60.0,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Deliver a file of addressees (送付先情報), in its order; begun again it goes on where it ended.

    The whole file is read before anything is sent. Exit status 1 when any addressee was not taken.
    """
    state, settings = open_state(folder)
    output = Output(as_json)
    with usable():
        caller = caller_of(settings, terminal, operator, purpose)
    digest = digest_of(file)
    whole = sum(len(piece) for _, piece in read_pieces(file, batch))
    output.progress(f"{whole:,} addressees to deliver")
    began = time.monotonic()
    kept = journal or file.with_name(file.name + ".journal")
    notes = Journal(kept, digest=digest, batch_size=batch)
    try:
        with asking_as(ResidentRecordSystem, state, settings) as client:
            totals = deliver_file(
                file,
                client,
                caller,
                notes,
                patience=patience,
                reached=Told(output, whole, "addressees").reach,
            )
    finally:
        notes.close()
    output.document(
        {
            "addressees": whole,
            "accepted": totals.accepted,
            "already_accepted": totals.already,
            "refused": totals.refused,
            "seconds": round(time.monotonic() - began, 3),
            "journal": str(kept),
        }
    )
    output.line(
        f"{totals.accepted:,} accepted, {totals.already:,} accepted before, {len(totals.refused):,} refused"
    )
    if totals.refused:
        output.table(_COLUMNS, [[one[name] or "" for name in _COLUMNS] for one in totals.refused[:100]])
        raise CheckFailed(f"{len(totals.refused)} of {whole} addressees were not taken; see {kept}")


def targets(
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """List whose addressees the CS wants extracted (更新対象者), the longest waiting first."""
    state, settings = open_state(folder)
    with usable():
        caller = caller_of(settings, terminal, operator, purpose)
    found: list[Target] = []
    with asking_as(ResidentRecordSystem, state, settings) as client:
        after: int | None = 0
        while after is not None:
            part = client.list_addressee_targets(TargetQuestion(caller, after))
            found += part.targets
            after = part.following
    output = Output(as_json)
    listed = [
        {"code": one.code.digits, "reason": one.reason.value, "since": write_instant(one.since)}
        for one in found
    ]
    output.document({"targets": listed})
    output.table(("code", "reason", "since"), [list(one.values()) for one in listed])


def sendings(
    code: PersonCode,
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """List what was sent about a person (送信履歴), the newest first. Exit status 1 when nothing was."""
    state, settings = open_state(folder)
    with usable():
        asked = SendingQuestion(caller_of(settings, terminal, operator, purpose), ResidentRecordCode(code))
    with asking_as(ResidentRecordSystem, state, settings) as client:
        history = client.query_addressee_sendings(asked)
    output = Output(as_json)
    listed = [
        {"accepted_at": write_instant(one.accepted_at), "delivery": one.delivery.value}
        for one in history.sendings
    ]
    output.document({"reference": history.reference, "sendings": listed})
    output.table(("accepted_at", "delivery"), [list(one.values()) for one in listed])
    if not listed:
        raise CheckFailed("nothing was sent about this person")


def deliver_file(
    source: Path,
    client: ResidentRecordSystem,
    caller: Caller,
    journal: Journal,
    *,
    patience: float,
    reached: Callable[[Totals], None],
) -> Totals:
    """Deliver every piece that was not answered yet, as ``run_batches`` does."""

    def send(piece: list[Lines], message_id: str) -> dict[str, Any]:
        header = replace(piece[0][1], count=len(piece))
        told = AddresseePiece(caller, header, tuple(addressee for _, _, addressee in piece))
        receipt = patiently(lambda: client.deliver_addressees(told, message_id=message_id), patience)
        return _answer(receipt, [line for line, _, _ in piece])

    return run_batches(read_pieces(source, journal.batch_size), journal, send, reached)


def _answer(receipt: AddresseeReceipt, lines: list[int]) -> dict[str, Any]:
    """A receipt as the journal keeps it: numbers of lines, nothing of an addressee."""
    results = [outcome.result for outcome in receipt.outcomes]
    refused = [
        {"line": line, "result": outcome.result.value, "person": outcome.person}
        for line, outcome in zip(lines, receipt.outcomes, strict=True)
        if not outcome.result.is_taken
    ]
    return {
        "reference": receipt.reference,
        "accepted": results.count(AddresseeResult.ACCEPTED),
        "already": results.count(AddresseeResult.ALREADY_ACCEPTED),
        "refused": refused,
    }
