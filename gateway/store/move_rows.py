"""Rows of moves (特例転入) and the values that they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from gateway.domain.card import CardSerial
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_messages import MoveActor, MoveLine, MoveResult, MoveView
from gateway.domain.move_record import Move
from gateway.domain.move_remarks import Remark, RemarkKind
from gateway.domain.values import read_code
from gateway.store.instants import from_micros, to_micros

COLUMNS: Final = (
    "m.id, m.reference, m.state, m.code, m.line, m.peer, m.theirs, m.serial, m.planned_on, m.moved_on,"
    " m.notified_on, m.result, m.certificate, m.arrival, m.version, m.changed_at"
)


def read_move(row: Any, people: Sequence[str]) -> Move:
    """A row of COLUMNS with the codes of its people."""
    (_, reference, state, code, line, peer, theirs, serial, planned, moved, notified, result, *kept, _) = row
    certificate, arrival, version = kept
    return Move(
        reference,
        read_code(MoveState, state),
        ResidentRecordCode(code),
        line,
        tuple(map(ResidentRecordCode, people)),
        None if peer is None else MunicipalityCode(peer),
        theirs,
        None if serial is None else CardSerial(serial),
        _day(planned),
        _day(moved),
        _day(notified),
        None if result is None else read_code(MoveResult, result),
        None if certificate is None else bytes(certificate),
        None if arrival is None else bytes(arrival),
        version,
    )


def move_row(move: Move, at: datetime) -> dict[str, Any]:
    """The columns of a move; its version is the next one."""
    days = {"planned_on": move.planned_on, "moved_on": move.moved_on, "notified_on": move.notified_on}
    return {
        "reference": move.reference,
        "role": move.role.value,
        "state": move.state.value,
        "is_open": move.is_open,
        "code": move.code.digits,
        "line": move.line,
        "peer": None if move.peer is None else move.peer.digits,
        "theirs": move.theirs,
        "serial": None if move.serial is None else move.serial.text,
        "result": None if move.result is None else move.result.value,
        "certificate": move.certificate,
        "arrival": move.arrival,
        "version": move.version + 1,
        "changed_at": to_micros(at),
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
    }


def view_of(move: Move, lines: Sequence[Any] = ()) -> MoveView:
    """A move as its own municipality's systems see it."""
    return MoveView(
        move.reference,
        move.state,
        move.code,
        move.peer,
        move.planned_on,
        move.moved_on,
        move.last_day,
        move.result,
        tuple(map(read_line, lines)),
    )


def read_line(row: Any) -> MoveLine:
    """An event."""
    event, state, actor, result, recorded_at = row
    return MoveLine(
        read_code(MoveEvent, event),
        read_code(MoveState, state),
        read_code(MoveActor, actor),
        from_micros(recorded_at),
        None if result is None else read_code(MoveResult, result),
    )


def read_remark(row: Any) -> Remark:
    """A remark."""
    person, item, kind = row
    return Remark(person, item, read_code(RemarkKind, kind))


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
