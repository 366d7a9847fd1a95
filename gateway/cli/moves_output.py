"""How commands show moves (特例転入): for people and programs, without whose they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from gateway.cli.exits import CheckFailed
from gateway.cli.output import Output
from gateway.domain.day import write_day
from gateway.domain.instant import write_instant
from gateway.domain.move_messages import MoveLine, MoveReceipt, MoveView

COLUMNS = ("move", "state", "peer", "planned_on", "moved_on", "last_day", "result")


def move_document(move: MoveView) -> dict[str, Any]:
    """One move."""
    return {
        "move": move.reference,
        "role": move.state.role.value,
        "state": move.state.value,
        "text": {"ja": move.state.ja, "en": move.state.en},
        "peer": None if move.peer is None else move.peer.digits,
        "planned_on": _day(move.planned_on),
        "moved_on": _day(move.moved_on),
        "last_day": _day(move.last_day),
        "result": None if move.result is None else move.result.value,
        "events": [line_document(line) for line in move.lines],
    }


def line_document(line: MoveLine) -> dict[str, Any]:
    """One event of a move."""
    return {
        "at": write_instant(line.at),
        "event": line.event.value,
        "state": line.state.value,
        "actor": line.actor.value,
        "result": None if line.result is None else line.result.value,
    }


def tell_moves(output: Output, moves: list[dict[str, Any]], **more: Any) -> None:
    """A list of moves."""
    output.document({"moves": moves, **more})
    output.table(COLUMNS, [[move[column] or "" for column in COLUMNS] for move in moves])
    output.line(f"{len(moves)} moves")


def tell_receipt(output: Output, receipt: MoveReceipt) -> None:
    """What was answered; raises CheckFailed when it is a refusal."""
    result = receipt.result
    output.document(
        {
            "result": result.value,
            "text": {"ja": result.ja, "en": result.en},
            "move": receipt.move,
            "reference": receipt.reference,
        }
    )
    output.line(f"{result.value}  {result.ja}  {result.en}", "green" if result.is_done else "yellow")
    if receipt.move is not None:
        output.line(f"move {receipt.move}")
    if not result.is_done:
        raise CheckFailed(f"not taken: {result.value}")


def _day(day: dt.date | None) -> str | None:
    return None if day is None else write_day(day)
