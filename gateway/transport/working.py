"""What questions and changes have in common, from step 12 on, for a message that passed steps 1 to 11."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from lxml import etree

from gateway.access import Admission
from gateway.clock import Clock
from gateway.contract import Operation, read_answer, read_request, write_answer
from gateway.domain.accesses import Access, Effect, Who
from gateway.domain.consistency import ConsistencyNotice
from gateway.errors import OperationFault
from gateway.flows.accesses import describe
from gateway.refusals import Refused
from gateway.settings import Counterpart
from gateway.store import Arrival, SealedAccess, Store, StoredAnswer, Worked
from gateway.transport.call import Binding, Call
from gateway.transport.http import HttpAnswer
from gateway.transport.journal import loggable
from gateway.transport.replies import Replies
from gateway.wss.verify import VerifiedMessage

Said = tuple[HttpAnswer, str]
"""What is answered, signed, and its outcome for evidence and log."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long the duplicate guard remembers a message beyond its lifetime, by kind of operation."""

    question: timedelta = timedelta(hours=1)
    change: timedelta = timedelta(days=90)
    skew: timedelta = timedelta(seconds=60)  # as the profile's


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """A message that passed steps 1 to 11."""

    call: Call
    binding: Binding
    operation: Operation
    message: VerifiedMessage
    sender: Counterpart


@dataclass(frozen=True, slots=True)
class Working:
    """Reading, answering, signing and noting of one system; safe for many threads."""

    admission: Admission
    replies: Replies
    store: Store
    clock: Clock
    keeping: Keeping

    def arrival(self, one: Admitted) -> Arrival:
        """The message as the duplicate guard knows it, now (step 12)."""
        message = one.message
        return Arrival(
            one.sender.id,
            message.addressing.message_id,
            message.content_digest,
            message.signed_info_digest,
            self.clock.now(),
            message.expires + self.keeping.skew,
        )

    def step_13_read(self, one: Admitted) -> Any:
        """The domain value of the Body, once what it names of the caller is the sender's (step 11)."""
        request: Any = read_request(one.binding.service, one.operation, one.message.content)
        if isinstance(request, ConsistencyNotice):
            request = request.signed_by(one.sender.id)
        one.call.request = request
        # An inquiry names a legal basis beside its caller.
        self.admission.step_11_named(one.sender, request.caller, getattr(request, "basis", None))
        one.call.vouched = True
        return request

    def answer(self, one: Admitted, value: Any) -> StoredAnswer:
        """A use case's answer as the duplicate guard keeps it."""
        one.call.told = value
        body = write_answer(one.binding.service, one.operation, value)
        return StoredAnswer(one.operation.answer_action, body)

    def keepable(self, one: Admitted, fault: OperationFault) -> StoredAnswer:
        """An operation's own fault as the guard keeps it; raises one that passes: a retry is worked anew."""
        one.call.told = None
        if fault.temporary:
            raise fault
        return self.replies.keepable(one.call, fault)

    def say(self, one: Admitted, answer: StoredAnswer) -> Said:
        """Sign an answer."""
        return self.say_all([(one, answer)])[0]

    def say_all(self, answers: Sequence[tuple[Admitted, StoredAnswer]]) -> list[Said]:
        """Sign answers that are at hand together."""
        signed = self.replies.stored_all([(one.call, answer) for one, answer in answers])
        outcomes = ["fault" if answer.fault else "answered" for _, answer in answers]
        return list(zip(signed, outcomes, strict=True))

    def worked(self, one: Admitted, answer: StoredAnswer, said: Said, keep: timedelta) -> Worked:
        """The message with its answer and its evidence, as the guard takes them in one transaction."""
        return Worked(
            self.arrival(one),
            one.call.now + keep,
            answer,
            self.replies.evidence(one.call, *said),
            self.accesses_of(one.call, answer),
        )

    def repeat(self, one: Admitted, answer: StoredAnswer) -> Said:
        """An answer of before, signed anew."""
        signed = self.replies.stored(one.call, answer)
        self._read_again(one, answer)
        accesses = self.accesses(one.call, "repeated", again=True)
        self.store.keep(self.replies.evidence(one.call, signed, "repeated"), accesses)
        return signed, "repeated"

    def passing(self, one: Admitted, fault: OperationFault) -> Said:
        """A fault that passes, of a message that nothing is kept of but its evidence."""
        signed = self.replies.temporary(one.call, fault)
        self.store.keep(self.replies.evidence(one.call, signed, "fault"), self.faulted(one.call, fault))
        return signed, "fault"

    def accesses_of(self, call: Call, answer: StoredAnswer) -> tuple[SealedAccess, ...]:
        """What the access log keeps of a message that is answered."""
        return self.accesses(call, f"fault:{call.fault}" if answer.fault else None)

    def faulted(self, call: Call, fault: OperationFault) -> tuple[SealedAccess, ...]:
        """What the access log keeps of a message that is answered with a fault that passes."""
        return self.unanswered(call, f"fault:{fault.code}")

    def unanswered(self, call: Call, outcome: str) -> tuple[SealedAccess, ...]:
        """What the access log keeps of a message that the use case gave no answer to, or none that counts."""
        call.told = None
        return self.accesses(call, outcome)

    def accesses(
        self, call: Call, outcome: str | None = None, *, again: bool = False
    ) -> tuple[SealedAccess, ...]:
        """What the access log keeps of a message: nothing while nobody has read whom it is about.

        ``outcome`` stands in for the operation's own result; ``again`` says that nothing was changed now.
        """
        if call.request is None or call.service is None or call.operation is None or call.sender is None:
            return ()
        found = describe(call.service.name, call.operation.name, call.request, call.told)
        people = found.people
        if again:
            people = tuple(
                replace(one, effect=Effect.ASKED) if one.effect is Effect.CHANGED else one for one in people
            )
        access = Access(
            call.now,
            "in",
            _who(call, call.sender),
            call.operation.name,
            outcome or found.result,
            loggable(call.about.message_id),
            people,
            found.with_number,
            found.passed_to,
        )
        return (self.store.accesses.sealed(access),)

    def _read_again(self, one: Admitted, answer: StoredAnswer) -> None:
        """Whom a repeated answer is about: the same request and the same answer as before."""
        service, operation = one.binding.service, one.operation
        try:
            one.call.request = read_request(service, operation, one.message.content)
            one.call.vouched = True  # as it was the first time
            if not answer.fault:
                one.call.told = read_answer(service, operation, etree.fromstring(answer.body))
        except Refused:
            # An earlier version's answer, under a contract that has changed since: the first access tells.
            one.call.told = None


def _who(call: Call, sender: Counterpart) -> Who:
    """Who a message names; of one that was refused only what is registered: the rest may be any text."""
    who = Who.calling(sender.id, call.request.caller)
    if call.vouched:
        return who
    operators = sender.operators
    return replace(
        who,
        terminal=_registered(who.terminal, sender.terminals),
        verification_id=_registered(who.verification_id, [one.verification_id for one in operators]),
        operator_id=_registered(who.operator_id, [one.operator_id for one in operators]),
    )


def _registered(named: str | None, known: Collection[str]) -> str:
    return named if named is not None and named in known else "unregistered"
