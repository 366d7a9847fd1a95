"""``juki-gateway terminal request-certificate | moves | cancel-move-in``: flow 3 at the counter."""

from __future__ import annotations

from typing import Annotated

import typer

from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.asking import (
    EarlierTry,
    OperatorIds,
    PersonCode,
    PurposeCode,
    Terminal,
    asking_as,
    caller_of,
    day_of,
    usable,
)
from gateway.cli.moves_output import move_document, tell_moves, tell_receipt
from gateway.cli.options import AsJson, State, open_state
from gateway.cli.output import Output
from gateway.domain.card import CardSerial
from gateway.domain.codes import Purpose
from gateway.domain.day import read_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move_messages import MoveQuestion, MoveStep, TransferQuestion

MoveId = Annotated[str, typer.Option("--move", help="Reference of the move, as it was answered.")]
PURPOSE = Purpose.SPECIAL_MOVE_IN.value


def request_certificate(
    code: PersonCode,
    serial: Annotated[str, typer.Option("--serial", help="製造番号 of the card that is handed in.")],
    old_town: Annotated[
        str, typer.Option("--old-town", help="Code of the municipality that is left, six digits.")
    ],
    moved_on: Annotated[str, typer.Option("--moved-on", help="転入をした年月日, as 2026-11-26.")],
    terminal: Terminal,
    operator: OperatorIds,
    day: Annotated[
        str | None, typer.Option("--date", help="Day of the 転入届, as 2026-11-26; today without it.")
    ] = None,
    purpose: PurposeCode = PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Take a first 転入届 with a card (特例転入): the old town is asked for the 転出証明書情報.

    Exit status 1 when it is refused, with the rule that it breaks.
    """
    state, settings = open_state(folder)
    with usable():
        asked = TransferQuestion(
            caller_of(settings, terminal, operator, purpose),
            ResidentRecordCode(code),
            CardSerial(serial),
            MunicipalityCode(old_town),
            read_day(moved_on),
            day_of(state, settings, day),
        )
    with asking_as(IntegratedTerminal, state, settings) as client:
        receipt = client.request_transfer_certificate(asked, message_id=message_id)
    tell_receipt(Output(as_json), receipt)


def moves(
    code: PersonCode,
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a person's moves have come, with every event."""
    state, settings = open_state(folder)
    with usable():
        asked = MoveQuestion(caller_of(settings, terminal, operator, purpose), ResidentRecordCode(code))
    with asking_as(IntegratedTerminal, state, settings) as client:
        found = client.query_moves(asked)
    documents = [move_document(move) for move in found.moves]
    tell_moves(Output(as_json), documents, reference=found.reference)


def cancel_move_in(
    move: MoveId,
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """End a move-in that is not complete: the people gave up (取下げ). Exit status 1 when it cannot be."""
    state, settings = open_state(folder)
    with usable():
        asked = MoveStep(caller_of(settings, terminal, operator, purpose), move)
    with asking_as(IntegratedTerminal, state, settings) as client:
        receipt = client.cancel_move_in(asked, message_id=message_id)
    tell_receipt(Output(as_json), receipt)
