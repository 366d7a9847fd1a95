"""A server is notified of changes (通知): what the prefectural and the national server do with them.

Each change is taken in each person's order or not at all: a message with one that does not fit is refused
as a whole, by a fault, so that whoever delivers it does not take it for delivered. What was taken before is
taken again without effect. The prefectural server passes each change on to the national one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from gateway.clock import Clock
from gateway.domain.change import ChangeResult
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.domain.faults import operation_fault
from gateway.flows.change_intake import ChangeIntake, ChangeJournal, NoticeMaker
from gateway.flows.decision import Decision
from gateway.flows.identity_update import Write

_OUT_OF_TURN = frozenset({ChangeResult.NUMBER_GAP, ChangeResult.NUMBER_USED})


class NotifiedChanges:
    """The use case behind NotifyChanges.

    ``onward`` makes the notice to the next server, if there is one; ``refused`` is told why a change was.
    """

    def __init__(
        self,
        journal: ChangeJournal,
        clock: Clock,
        *,
        onward: NoticeMaker | None,
        write: Write,
        prefix: str,
        refused: Callable[[str], object],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._onward = onward
        self._write = write
        self._prefix = prefix
        self._refused = refused

    def __call__(self, report: ChangeReport) -> Decision[ChangeReceipt]:
        """All of them, or OperationFault ChangeOutOfTurn or ChangeRefused for the first that does not fit."""
        intake = ChangeIntake(self._journal, report.caller, self._onward, None)
        for change in report.changes:
            ruling = intake.take(change)
            if not ruling.result.is_on_record:
                self._refused(ruling.result.value)
                out_of_turn = ruling.result in _OUT_OF_TURN
                raise operation_fault("ChangeOutOfTurn" if out_of_turn else "ChangeRefused")
        reference = f"{self._prefix}-{secrets.token_hex(10)}"
        receipt = ChangeReceipt(self._clock.now(), reference, tuple(intake.outcomes))
        entries = tuple(intake.entries)
        return Decision(receipt, lambda work: self._write(work, entries))
