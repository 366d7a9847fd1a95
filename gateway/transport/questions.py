"""From step 12 on for a message that changes nothing: a question.

Two ways lead to the same answer, the same evidence and the same refusals. ``alone`` keeps the order of the
profile, a transaction for each step, and may wait. ``together`` answers first, questions that stay here and
of which nothing is known yet, and leaves step 12 to the transaction that their answers share; whatever is odd
about one, or not taken there, is for ``alone`` to say. Working on such a question twice has no effect, but
that a negative answer may count twice in the budgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway import telemetry
from gateway.errors import OperationFault
from gateway.evidence import Entry
from gateway.kill_points import BEFORE_ANSWER, BEFORE_SHARED_COMMIT, reach
from gateway.refusals import Refused
from gateway.store import Claimed, ClaimLost, Stored, StoredAnswer, Worked
from gateway.transport.call import shared
from gateway.transport.working import Admitted, Said, Working


class Questions:
    """Answers questions; safe for many threads."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._guard = working.store.guard

    def alone(self, one: Admitted) -> Said:
        """Claim, work, settle; of two raced messages the second waits for the first one's answer."""
        working, call = self._working, one.call
        call.lap("wait")
        claim = self._step_12_guard(one)  # 12
        call.lap("guard")
        if isinstance(claim, Stored):
            return working.repeat(one, claim.answer)
        asked: list[Entry] = []
        try:
            with working.store.gathering() as asked:
                answer = self._answer(one, working.step_13_read(one))  # 13
        except OperationFault as fault:
            signed = working.replies.temporary(call, fault)
            evidence = (*asked, *working.replies.evidence(call, signed, "fault"))
            self._guard.release(claim.token, evidence, working.faulted(call, fault))
            return signed, "fault"
        except Refused:
            self._guard.forget(claim.token)
            raise
        except BaseException:
            self._guard.release(claim.token, asked)
            raise
        call.lap("flow")
        said = working.say(one, answer)
        evidence = (*asked, *working.replies.evidence(call, *said))
        accesses = working.accesses_of(call, answer)
        call.lap("sign")
        try:
            self._guard.settle(claim.token, answer, evidence, accesses)  # committed before the bytes leave
        except ClaimLost:
            working.store.keep(asked)  # it was asked, whoever answers now
            raise
        call.lap("commit")
        return said

    def together(self, batch: Sequence[Admitted]) -> dict[Admitted, Said]:
        """What is answered, and committed, of those that it can be; the others go alone.

        Stage by stage over all of them: what the processor has at hand for one message serves the next.
        """
        read = [(one, value) for one in self._new_of(batch) if (value := self._read(one)) is not None]
        answers = [(one, answer) for one, value in read if (answer := self._ahead(one, value)) is not None]
        made = self._say_all(answers)
        if not made:
            return {}
        reach(BEFORE_SHARED_COMMIT)
        try:
            taken = self._guard.answer_all([worked for _, _, worked in made])
        except Exception:  # noqa: BLE001 - alone meets it again, and says it of its own message only
            return {}
        reach(BEFORE_ANSWER)
        return {one: said for (one, said, _), new in zip(made, taken, strict=True) if new}

    def _new_of(self, batch: Sequence[Admitted]) -> Sequence[Admitted]:
        """Those of which nothing is known yet."""
        try:
            known = self._guard.known([self._working.arrival(one) for one in batch])
        except Exception:  # noqa: BLE001 - as above
            return ()
        return [one for one, was in zip(batch, known, strict=True) if not was]

    def _read(self, one: Admitted) -> Any:
        """The question; None for one that must go alone."""
        with telemetry.about(reference=one.call.reference):
            try:
                question = self._working.step_13_read(one)
                return question if one.binding.stays_here(one.operation, question) else None
            except Exception:  # noqa: BLE001 - as above
                return None

    def _ahead(self, one: Admitted, question: Any) -> StoredAnswer | None:
        """The answer as if step 12 had let it pass; None for a question that must go alone."""
        one.call.lap("wait")
        with telemetry.about(reference=one.call.reference):
            try:
                answer = self._answer(one, question)
            except Exception:  # noqa: BLE001 - as above
                return None
        one.call.lap("flow")
        return answer

    def _say_all(
        self, answers: Sequence[tuple[Admitted, StoredAnswer]]
    ) -> list[tuple[Admitted, Said, Worked]]:
        """Sign the answers, and put together what is to be committed of each."""
        working = self._working
        try:
            with shared("sign", [one.call for one, _ in answers]):
                return [
                    (one, said, working.worked(one, answer, said, working.keeping.question))
                    for (one, answer), said in zip(answers, working.say_all(answers), strict=True)
                ]
        except Exception:  # noqa: BLE001 - as above
            return []

    def _step_12_guard(self, one: Admitted) -> Claimed | Stored:
        """Claim (sender, MessageID), or have the answer that was given before; the second of two waits."""
        keeping, arrival = self._working.keeping, self._working.arrival(one)
        deadline = max(one.call.now + one.binding.deadline, arrival.now)
        lease = deadline + keeping.skew
        return self._guard.claim_or_wait(
            arrival,
            lease_until=lease,
            keep_until=max(arrival.now + keeping.question, lease),
            wait_until=deadline,
        )

    def _answer(self, one: Admitted, question: Any) -> StoredAnswer:
        """Run the use case; raises OperationFault for a fault that passes."""
        try:
            value = one.binding.handlers[one.operation.name](question)
        except OperationFault as fault:
            return self._working.keepable(one, fault)
        return self._working.answer(one, value)
