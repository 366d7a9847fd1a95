"""``juki-gateway registry …``: flow 3 from the resident record system, in the new town and in the old."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from lxml import etree

from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.asking import EarlierTry, OperatorIds, PurposeCode, Terminal, asking_as, caller_of, usable
from gateway.cli.changes_file import read_changes
from gateway.cli.exits import CheckFailed
from gateway.cli.moves_output import move_document, tell_moves, tell_receipt
from gateway.cli.options import AsJson, State, open_state
from gateway.cli.output import Output
from gateway.cli.terminal_moves import PURPOSE, MoveId
from gateway.contract import SERVICES, TYPES
from gateway.contract.certificates import Papers
from gateway.contract.schema import schema_of
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import (
    CertificateRegistration,
    Completion,
    Dispatch,
    MoveQuestion,
    MoveReceipt,
    MoveStep,
)
from gateway.errors import UsageError
from gateway.refusals import Refused
from gateway.state import FILE_MODE


def register_certificate(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A transferCertificate element of the contract, as XML."),
    ],
    terminal: Terminal,
    operator: OperatorIds,
    ahead: Annotated[
        bool, typer.Option("--ahead", help="Send it to the planned new town at once (引越しワンストップ).")
    ] = False,
    purpose: PurposeCode = PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Register the 転出証明書情報 of a move-out that was reported. Exit status 1 when it is refused."""
    state, settings = open_state(folder)
    certificate = read_certificate(file)
    with usable():
        caller = caller_of(settings, terminal, operator, purpose)
        told = CertificateRegistration(caller, Dispatch.AHEAD if ahead else Dispatch.ON_REQUEST, certificate)
    with asking_as(ResidentRecordSystem, state, settings) as client:
        receipt = client.register_transfer_certificate(told, message_id=message_id)
    tell_receipt(Output(as_json), receipt)


def moves(
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """List the certificates and move-in notices that wait to be taken (引渡し待ち)."""
    state, settings = open_state(folder)
    with usable():
        asked = MoveQuestion(caller_of(settings, terminal, operator, purpose))
    with asking_as(ResidentRecordSystem, state, settings) as client:
        found = client.list_moves(asked)
    tell_moves(Output(as_json), [move_document(move) for move in found.moves], reference=found.reference)


def fetch_move(
    move: MoveId,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New file for what is fetched, as XML.")],
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a certificate (new town) or a move-in notice (old town) into a file of people's data."""
    state, settings = open_state(folder)
    with usable():
        asked = MoveStep(caller_of(settings, terminal, operator, purpose), move)
    with asking_as(ResidentRecordSystem, state, settings) as client:
        found = client.fetch_move(asked)
    paper = found.certificate or found.arrival
    if paper is None:
        raise CheckFailed(f"nothing to fetch: {found.result.value}")
    try:
        with out.open("xb") as stream:
            out.chmod(FILE_MODE)
            stream.write(Papers().keep(paper))
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}") from None
    output = Output(as_json)
    output.document(
        {"result": found.result.value, "out": str(out), "what": type(paper).__name__, "move": move}
    )
    output.line(f"{out}")


def complete_move_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The changes that enter the people: CSV.")],
    move: MoveId,
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Hand over the move-in notice (転入通知情報) with the changes, once the people are on record.

    The old town is notified and the prefectural server is told. Exit status 1 when it is refused.
    """
    state, settings = open_state(folder)
    changes = tuple(change for _, change in read_changes(file))
    with usable():
        told = Completion(caller_of(settings, terminal, operator, purpose), move, changes)
    with asking_as(ResidentRecordSystem, state, settings) as client:
        receipt = client.complete_move_in(told, message_id=message_id)
    tell_receipt(Output(as_json), receipt)


def step_command(
    text: str, call: Callable[[ResidentRecordSystem], Callable[..., MoveReceipt]]
) -> Callable[..., None]:
    """A command that does one thing to a move."""

    def command(
        move: MoveId,
        terminal: Terminal,
        operator: OperatorIds,
        purpose: PurposeCode = PURPOSE,
        message_id: EarlierTry = None,
        folder: State = None,
        as_json: AsJson = False,
    ) -> None:
        state, settings = open_state(folder)
        with usable():
            asked = MoveStep(caller_of(settings, terminal, operator, purpose), move)
        with asking_as(ResidentRecordSystem, state, settings) as client:
            receipt = call(client)(asked, message_id=message_id)
        tell_receipt(Output(as_json), receipt)

    command.__doc__ = f"{text} Exit status 1 when it cannot be."
    return command


take_move = step_command(
    "Say that a certificate or a move-in notice was taken over (引取り).",
    lambda client: client.acknowledge_move,
)
cancel_certificate = step_command(
    "Cancel a registered certificate (転出の取消し): the people stay.",
    lambda client: client.cancel_transfer_certificate,
)
cancel_move_in = step_command(
    "End a move-in that is not complete (特例転入の取りやめ).", lambda client: client.cancel_move_in
)


def read_certificate(file: Path) -> TransferCertificate:
    """A file with a certificate. Raises UsageError, which names the place and quotes nothing."""
    tag = f"{{{TYPES}}}transferCertificate"
    try:
        content = file.read_bytes()
        element = etree.fromstring(content, etree.XMLParser(no_network=True, resolve_entities=False))
        schema_of(SERVICES["municipal"]).check(element, tag)
        return Papers().certificate(content)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{file}: line {error.lineno}: is no XML") from None
    except Refused as refusal:
        raise UsageError(f"{file}: {refusal.where}: {refusal.found}") from None
