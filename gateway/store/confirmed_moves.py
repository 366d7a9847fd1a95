"""What a prefectural server was told by 転出確定通知 (施行令13条3項): who moved out of where for good."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from gateway.domain.move_messages import MoveOutConfirmation
from gateway.store.instants import to_micros
from gateway.store.register import Work

_KEEP: Final = text(
    "INSERT INTO confirmed_moves (municipality, reference, code, destination, moved_on, received_at) VALUES"
    " (:municipality, :reference, :code, :destination, :moved_on, :at) ON CONFLICT (municipality, reference,"
    " code) DO UPDATE SET destination = :destination, moved_on = :moved_on, received_at = :at"
)


def keep_confirmation(work: Work, told: MoveOutConfirmation, at: datetime) -> None:
    """Keep one; a later one of the same move takes its place."""
    values = {
        "municipality": told.caller.municipality.digits,
        "reference": told.reference,
        "code": told.code.digits,
        "destination": told.destination.digits,
        "moved_on": told.moved_on.isoformat(),
        "at": to_micros(at),
    }
    work.connection.execute(_KEEP, values)
