"""A prefectural server is told that a move-out has become definite (転出確定通知, 施行令13条3項)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.clock import Clock
from gateway.domain.change import Presence
from gateway.domain.faults import operation_fault
from gateway.domain.move_messages import MoveOutConfirmation, MoveReceipt, MoveResult
from gateway.flows.card_work import new_reference
from gateway.flows.change_intake import ChangeJournal
from gateway.flows.decision import Decision


class MoveOutConfirmations:
    """The use case behind ConfirmMoveOut; ``write`` keeps one, a later one in the place of an earlier."""

    def __init__(
        self, journal: ChangeJournal, clock: Clock, *, write: Callable[[Any, MoveOutConfirmation], None]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._write = write

    def __call__(self, told: MoveOutConfirmation) -> Decision[MoveReceipt]:
        """Taken of whom that municipality has or had on record; OperationFault ChangeRefused for others."""
        reporter = told.caller.municipality.digits
        if self._journal.standing(told.code, reporter).presence is Presence.NOBODY:
            raise operation_fault("ChangeRefused")
        receipt = MoveReceipt(self._clock.now(), new_reference("P"), MoveResult.ACCEPTED, about=(told.code,))
        return Decision(receipt, lambda unit: self._write(unit, told))
