"""``juki-gateway registry …``: what the resident record system (既存住基システム) tells its CS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.asking import (
    DEFAULT_PURPOSE,
    EarlierTry,
    OperatorIds,
    PersonCode,
    PurposeCode,
    Terminal,
    asking_as,
    caller_of,
    usable,
)
from gateway.cli.changes_file import write_changes
from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.cli.registry_addressees import addressees, sendings, targets
from gateway.cli.registry_issuing import codes, number
from gateway.cli.registry_moves import (
    cancel_certificate,
    cancel_move_in,
    complete_move_in,
    fetch_move,
    moves,
    register_certificate,
    take_move,
)
from gateway.cli.registry_progress import Told
from gateway.cli.registry_run import Journal, count_and_digest, report_file
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import (
    MOST_CHANGES,
    Cancellation,
    ChangeQuestion,
    ChangeReceipt,
    Resend,
)
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code
from gateway.errors import UsageError
from gateway.people import read_people
from gateway.state import FILE_MODE

app = new_app("The resident record system (既存住基システム): what it tells the municipal CS, and asks it.")

Number = Annotated[int, typer.Option("--number", min=1, help="更新順番号 of the change.")]


@app.callback()
def _group() -> None:
    pass


@app.command(
    epilog="Example: juki-gateway registry report changes.csv --state build/demo/131016-registry "
    "--terminal 131016-R001 --operator V1310160101/OP01"
)
def report(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Changes: CSV, see docs/interface.md.")],
    terminal: Terminal,
    operator: OperatorIds,
    batch: Annotated[
        int, typer.Option("--batch", min=1, max=MOST_CHANGES, help="Changes in one message.")
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
    """Report a file of changes (異動の通知), in its order; begun again it goes on where it ended.

    The whole file is read before anything is sent. Exit status 1 when any change was not taken.
    """
    state, settings = open_state(folder)
    output = Output(as_json)
    with usable():
        caller = caller_of(settings, terminal, operator, purpose)
    whole, digest = count_and_digest(file)
    output.progress(f"{whole:,} changes to report")
    began = time.monotonic()
    kept = journal or file.with_name(file.name + ".journal")
    notes = Journal(kept, digest=digest, batch_size=batch)
    try:
        with asking_as(ResidentRecordSystem, state, settings) as client:
            totals = report_file(
                file, client, caller, notes, patience=patience, reached=Told(output, whole, "changes").reach
            )
    finally:
        notes.close()
    seconds = time.monotonic() - began
    output.document(
        {
            "changes": whole,
            "accepted": totals.accepted,
            "already_accepted": totals.already,
            "refused": totals.refused,
            "seconds": round(seconds, 3),
            "journal": str(kept),
        }
    )
    output.line(
        f"{totals.accepted:,} accepted, {totals.already:,} accepted before, {len(totals.refused):,} refused"
    )
    if totals.refused:
        columns = ("line", "number", "result", "expected")
        output.table(columns, [[one[name] or "" for name in columns] for one in totals.refused[:100]])
        raise CheckFailed(f"{len(totals.refused)} of {whole} changes were not taken; see {kept}")


@app.command(
    epilog="Example: juki-gateway registry resend --code 05783086273 --number 1 --reason official_correction "
    "--state build/demo/131016-registry --terminal 131016-R001 --operator V1310160101/OP01"
)
def resend(
    code: PersonCode,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="The reason that the change has now.")],
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Send a change again with another reason of its group (再送信). Exit status 1 when it is not taken."""
    state, settings = open_state(folder)
    with usable():
        asked = Resend(
            caller_of(settings, terminal, operator, purpose),
            ResidentRecordCode(code),
            number,
            read_code(ChangeReason, reason),
        )
    with asking_as(ResidentRecordSystem, state, settings) as client:
        receipt = client.resend_change(asked, message_id=message_id)
    _tell(receipt, Output(as_json))


@app.command(
    epilog="Example: juki-gateway registry cancel --code 05783086273 --cancels 1 --number 2 "
    "--event-date 令和8年11月25日 --state build/demo/131016-registry --terminal 131016-R001 "
    "--operator V1310160101/OP01"
)
def cancel(
    code: PersonCode,
    cancels: Annotated[int, typer.Option("--cancels", min=1, help="更新順番号 of the change taken back.")],
    number: Number,
    event_date: Annotated[str, typer.Option("--event-date", help="Day of the cancellation, as written.")],
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Take a person's last change back (異動の取消し). Exit status 1 when it is not taken."""
    state, settings = open_state(folder)
    with usable():
        asked = Cancellation(
            caller_of(settings, terminal, operator, purpose),
            ResidentRecordCode(code),
            cancels,
            number,
            read_written(event_date),
        )
    with asking_as(ResidentRecordSystem, state, settings) as client:
        receipt = client.cancel_change(asked, message_id=message_id)
    _tell(receipt, Output(as_json))


@app.command(
    epilog="Example: juki-gateway registry query --code 05783086273 --state build/demo/131016-registry "
    "--terminal 131016-R001 --operator V1310160101/OP01"
)
def query(
    code: PersonCode,
    terminal: Terminal,
    operator: OperatorIds,
    number: Annotated[
        int | None, typer.Option("--number", min=1, help="更新順番号; the last change without it.")
    ] = None,
    purpose: PurposeCode = DEFAULT_PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Ask what became of a change, and how far it was delivered. Exit status 1 when there is none."""
    state, settings = open_state(folder)
    with usable():
        asked = ChangeQuestion(
            caller_of(settings, terminal, operator, purpose), ResidentRecordCode(code), number
        )
    with asking_as(ResidentRecordSystem, state, settings) as client:
        status = client.query_change(asked)
    output, track = Output(as_json), status.track
    document: dict[str, Any] = {"last": status.last, "reference": status.reference, "change": None}
    if track is not None:
        document["change"] = {
            "number": track.number,
            "revision": track.revision,
            "reason": track.reason.value,
            "recorded_at": track.recorded_at.isoformat().replace("+00:00", "Z"),
            "delivery": track.delivery.value,
        }
    output.document(document)
    if track is None:
        raise CheckFailed(f"there is no such change; the last one has number {status.last}")
    output.line(f"change {track.number}, revision {track.revision}: {track.reason.ja} ({track.reason.value})")
    output.line(f"{track.delivery.value}  {track.delivery.ja}  {track.delivery.en}")


@app.command(
    "mass-change",
    epilog="Example: juki-gateway registry mass-change build/demo/people.csv --municipality 131016 "
    "--old 東京都千代田区九段南 --new 東京都千代田区九段新町 --event-date 令和8年11月1日 --out changes.csv",
)
def mass_change(
    people: Annotated[Path, typer.Argument(metavar="FILE", help="People on record: CSV of 'people make'.")],
    municipality: Annotated[str, typer.Option("--municipality", help="Whose people, six digits.")],
    old: Annotated[str, typer.Option("--old", help="How the addresses begin until now.")],
    new: Annotated[str, typer.Option("--new", help="How they begin from now on.")],
    event_date: Annotated[str, typer.Option("--event-date", help="Since when, as written in Japanese.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File of changes that is made.")],
    number: Annotated[int, typer.Option("--number", min=1, help="更新順番号 of everybody's change.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Make the changes of 住所一括変更 (軽微な修正) for all whose address begins so; 'report' sends them.

    For people of a first stock, whose first change it is; give --number for others.
    """
    output = Output(as_json)
    with usable():
        date = read_written(event_date)
        MunicipalityCode(municipality)
    if out.exists():
        raise UsageError(f"{out}: is there already")

    def changes() -> Iterator[Change]:
        for person in read_people(people):
            record = person.record
            if record.municipality.digits == municipality and record.address.inline.startswith(old):
                address = RegisterText(new + record.address.inline[len(old) :])
                moved = replace(record, address=address)
                yield Change(number, ChangeReason.MINOR_CORRECTION, date, moved)

    with usable(), out.open("x", encoding="utf-8", newline="") as stream:
        out.chmod(FILE_MODE)
        count = write_changes(changes(), stream)
    output.document({"out": str(out), "changes": count})
    output.line(f"{count:,} changes in {out}")


def _tell(receipt: ChangeReceipt, output: Output) -> None:
    (outcome,) = receipt.outcomes
    result = outcome.result
    output.document(
        {
            "result": result.value,
            "text": {"ja": result.ja, "en": result.en},
            "number": outcome.number,
            "expected": outcome.expected,
            "reference": receipt.reference,
        }
    )
    output.line(f"{result.value}  {result.ja}  {result.en}")
    if outcome.expected is not None:
        output.line(f"expected number {outcome.expected}")
    if not result.is_on_record:
        raise CheckFailed(f"not taken: {result.value}")


_WHO = "--state build/demo/131016-registry --terminal 131016-R001 --operator V1310160101/OP01"
app.command(epilog=f"Example: juki-gateway registry addressees addressees.csv {_WHO}")(addressees)
app.command(epilog=f"Example: juki-gateway registry targets {_WHO}")(targets)
app.command(epilog=f"Example: juki-gateway registry sendings --code 05783086273 {_WHO}")(sendings)
_OLD = _WHO.replace("131016", "141003")
_MOVE = "--move M-0123456789abcdef0123"
for _name, _command, _example in (
    ("register-certificate", register_certificate, f"certificate.xml {_OLD}"),
    ("cancel-certificate", cancel_certificate, f"{_MOVE} {_OLD}"),
    ("moves", moves, _WHO),
    ("fetch-move", fetch_move, f"{_MOVE} --out move.xml {_WHO}"),
    ("take-move", take_move, f"{_MOVE} {_WHO}"),
    ("complete-move-in", complete_move_in, f"changes.csv {_MOVE} {_WHO}"),
    ("cancel-move-in", cancel_move_in, f"{_MOVE} {_WHO}"),
    ("codes", codes, f"--count 10 {_WHO}"),
    ("number", number, f"--code 05783086273 {_WHO}"),
):
    app.command(_name, epilog=f"Example: juki-gateway registry {_name} {_example}")(_command)
