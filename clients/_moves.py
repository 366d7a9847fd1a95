"""Special move-ins (flow 3) from the asking side: the same operations in several services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from clients._certificates import read_arrival, read_certificate
from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values
from gateway.domain.caller import Caller
from gateway.domain.day import read_day, write_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import read_instant
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_messages import (
    FetchedMove,
    MoveActor,
    MoveLine,
    MoveQuestion,
    MoveReceipt,
    MoveResult,
    Moves,
    MoveStep,
    MoveView,
    TransferQuestion,
    TransferRequest,
)
from gateway.domain.values import read_code


def tell_move(
    channel: Channel,
    operation: str,
    caller: Caller,
    *,
    message_id: str | None,
    deadline_seconds: float | None,
    **values: Any,
) -> MoveReceipt:
    """Tell of a move; what is None is left out. Raises CounterpartError."""
    receipt = channel.call(
        operation,
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(caller),
        **{name: value for name, value in values.items() if value is not None},
    )
    with contract_values():
        return MoveReceipt(
            read_instant(receipt.receivedAt),
            receipt.reference,
            read_code(MoveResult, receipt.result),
            receipt.move,
        )


def ask_moves(
    channel: Channel,
    operation: str,
    question: MoveQuestion,
    *,
    message_id: str | None,
    deadline_seconds: float | None,
) -> Moves:
    """Ask for moves: a person's, or what waits. Raises CounterpartError."""
    code = {} if question.code is None else {"residentRecordCode": question.code.digits}
    moves = channel.call(
        operation,
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(question.caller),
        **code,
    )
    with contract_values():
        return Moves(read_instant(moves.checkedAt), moves.reference, tuple(map(_read_move, moves.move or ())))


def fetch_move(
    channel: Channel, asked: MoveStep, *, message_id: str | None, deadline_seconds: float | None
) -> FetchedMove:
    """Fetch what waits of one move. Raises CounterpartError."""
    found = channel.call(
        "FetchMove",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(asked.caller),
        moveReference=asked.reference,
    )
    with contract_values():
        return FetchedMove(
            read_instant(found.checkedAt),
            found.reference,
            read_code(MoveResult, found.result),
            found.certificate and read_certificate(found.certificate),
            found.notice and read_arrival(found.notice),
        )


def first_notification_values(asked: TransferQuestion | TransferRequest) -> dict[str, Any]:
    """What a ``transferQuestion`` and a ``transferRequest`` have in common."""
    return {
        "residentRecordCode": asked.code.digits,
        "serial": asked.serial.text,
        "movedOn": write_day(asked.moved_on),
        "notifiedOn": write_day(asked.notified_on),
    }


def _read_move(move: Any) -> MoveView:
    return MoveView(
        move.reference,
        read_code(MoveState, move.state),
        ResidentRecordCode(move.residentRecordCode),
        move.peer and MunicipalityCode(move.peer),
        _day(move.plannedOn),
        _day(move.movedOn),
        _day(move.lastDay),
        move.result and read_code(MoveResult, move.result),
        tuple(
            MoveLine(
                read_code(MoveEvent, line.event),
                read_code(MoveState, line.state),
                read_code(MoveActor, line.actor),
                read_instant(line.at),
                line.result and read_code(MoveResult, line.result),
            )
            for line in move.line or ()
        ),
    )


def _day(text: str | None) -> dt.date | None:
    return None if text is None else read_day(text)
