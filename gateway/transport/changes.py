"""From step 12 on for a message that changes something.

It is decided and signed on what was read; then one transaction holds claim, effect, answer and evidence.
Where that finds that what was read holds no more, or the database hangs up before the commit, it is decided
again.
"""

from __future__ import annotations

from typing import Any

from gateway.domain.faults import operation_fault
from gateway.errors import OperationFault
from gateway.flows.decision import Decision
from gateway.kill_points import BEFORE_ANSWER, reach
from gateway.store import Conflict, ConnectionLost, OutcomeUnknown, StoredAnswer
from gateway.transport.working import Admitted, Said, Working

_DECISIONS = 5
"""How often a change is decided on before it has to come back: each time somebody else was faster."""


class Changes:
    """Answers messages that change something; safe for many threads."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._guard = working.store.guard

    def __call__(self, one: Admitted) -> Said:
        """Decide, sign, commit; of two raced messages the second is given the first one's answer."""
        working, call = self._working, one.call
        call.lap("wait")
        before = self._guard.repeat(working.arrival(one))  # 12
        call.lap("guard")
        if before is not None:
            return working.repeat(one, before)
        request = working.step_13_read(one)  # 13
        for _ in range(_DECISIONS):
            try:
                answer, effect = self._decide(one, request)
            except OperationFault as fault:
                return working.passing(one, fault)
            except ConnectionLost:
                continue
            call.lap("flow")
            said = working.say(one, answer)
            worked = working.worked(one, answer, said, working.keeping.change)
            call.lap("sign")
            try:
                before = self._guard.answer_change(
                    worked, effect.write, beside=effect.beside
                )  # committed before the bytes leave
            except (Conflict, ConnectionLost):
                continue  # nothing of it is written
            except OutcomeUnknown:
                break  # the retry finds out by the guard
            reach(BEFORE_ANSWER)
            call.lap("commit")
            return said if before is None else working.repeat(one, before)
        return working.passing(one, operation_fault("Busy"))

    def _decide(self, one: Admitted, request: Any) -> tuple[StoredAnswer, Decision[Any]]:
        """Let the use case decide; a fault of its own that lasts is an answer without effect."""
        try:
            decision: Decision[Any] = one.binding.handlers[one.operation.name](request)
        except OperationFault as fault:
            return self._working.keepable(one, fault), Decision(None)
        return self._working.answer(one, decision.answer), decision
