"""Answers about moves (flow 3) between message objects and domain values."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.contract import move_types
from gateway.contract.cards import read_day_at
from gateway.contract.certificates import (
    read_arrival,
    read_certificate,
    write_arrival,
    write_certificate,
)
from gateway.contract.mapping import message_class
from gateway.contract.values import value
from gateway.domain.day import write_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_messages import (
    FetchedMove,
    MoveActor,
    MoveLine,
    MoveReceipt,
    MoveResult,
    Moves,
    MoveView,
)
from gateway.domain.values import read_code

_Receipt = message_class(move_types.MoveReceipt)
_Moves = message_class(move_types.Moves)
_Move = message_class(move_types.Move)
_Line = message_class(move_types.MoveLine)
_Fetched = message_class(move_types.FetchedMove)


def read_receipt(message: Any, at: str) -> MoveReceipt:
    """A receipt."""
    return value(
        at,
        MoveReceipt,
        value(f"{at}/receivedAt", read_instant, message.receivedAt),
        message.reference,
        value(f"{at}/result", read_code, MoveResult, message.result),
        message.move,
    )


def write_receipt(receipt: MoveReceipt) -> Any:
    """A receipt as message object."""
    return _Receipt(
        receivedAt=write_instant(receipt.received_at),
        reference=receipt.reference,
        result=receipt.result.value,
        move=receipt.move,
    )


def read_moves(message: Any, at: str) -> Moves:
    """A list of moves."""
    return value(
        at,
        Moves,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        tuple(_read_move(one, f"{at}/move") for one in message.move or ()),
    )


def write_moves(moves: Moves) -> Any:
    """A list of moves as message object."""
    return _Moves(
        checkedAt=write_instant(moves.checked_at),
        reference=moves.reference,
        move=[_write_move(one) for one in moves.moves] or None,
    )


def read_fetched(message: Any, at: str) -> FetchedMove:
    """What was fetched."""
    certificate, notice = message.certificate, message.notice
    return value(
        at,
        FetchedMove,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        value(f"{at}/result", read_code, MoveResult, message.result),
        None if certificate is None else read_certificate(certificate, f"{at}/certificate"),
        None if notice is None else read_arrival(notice, f"{at}/notice"),
    )


def write_fetched(fetched: FetchedMove) -> Any:
    """What was fetched, as message object."""
    return _Fetched(
        checkedAt=write_instant(fetched.checked_at),
        reference=fetched.reference,
        result=fetched.result.value,
        certificate=fetched.certificate and write_certificate(fetched.certificate),
        notice=fetched.arrival and write_arrival(fetched.arrival),
    )


def _read_move(message: Any, at: str) -> MoveView:
    return MoveView(
        message.reference,
        value(f"{at}/state", read_code, MoveState, message.state),
        value(f"{at}/residentRecordCode", ResidentRecordCode, message.residentRecordCode),
        None if message.peer is None else value(f"{at}/peer", MunicipalityCode, message.peer),
        _read_day(message.plannedOn, f"{at}/plannedOn"),
        _read_day(message.movedOn, f"{at}/movedOn"),
        _read_day(message.lastDay, f"{at}/lastDay"),
        _read_result(message.result, at),
        tuple(_read_line(one, f"{at}/line") for one in message.line or ()),
    )


def _write_move(move: MoveView) -> Any:
    return _Move(
        reference=move.reference,
        state=move.state.value,
        residentRecordCode=move.code.digits,
        peer=move.peer and move.peer.digits,
        plannedOn=move.planned_on and write_day(move.planned_on),
        movedOn=move.moved_on and write_day(move.moved_on),
        lastDay=move.last_day and write_day(move.last_day),
        result=move.result and move.result.value,
        line=[
            _Line(
                event=line.event.value,
                state=line.state.value,
                actor=line.actor.value,
                at=write_instant(line.at),
                result=line.result and line.result.value,
            )
            for line in move.lines
        ]
        or None,
    )


def _read_line(message: Any, at: str) -> MoveLine:
    return MoveLine(
        value(f"{at}/event", read_code, MoveEvent, message.event),
        value(f"{at}/state", read_code, MoveState, message.state),
        value(f"{at}/actor", read_code, MoveActor, message.actor),
        value(f"{at}/at", read_instant, message.at),
        _read_result(message.result, at),
    )


def _read_result(code: str | None, at: str) -> MoveResult | None:
    return None if code is None else value(f"{at}/result", read_code, MoveResult, code)


def _read_day(text: str | None, at: str) -> dt.date | None:
    return None if text is None else read_day_at(text, at)
