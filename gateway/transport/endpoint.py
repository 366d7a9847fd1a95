"""THE WAY OF A MESSAGE: bytes of a request in, bytes of a signed answer or fault out.

The numbers are those of the message profile; nothing but ``_way`` decides their order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway import telemetry
from gateway.access import Admission
from gateway.clock import Clock
from gateway.contract import read_request, write_answer
from gateway.errors import OperationFault
from gateway.refusals import Refused
from gateway.settings import Counterpart
from gateway.store import Claimed, Store, Stored, StoredAnswer
from gateway.transport import faults
from gateway.transport.call import Binding, Call
from gateway.transport.http import HttpAnswer, HttpRequest, plain_answer
from gateway.transport.http_checks import step_1_http
from gateway.transport.journal import Journal
from gateway.transport.pages import Pages
from gateway.transport.rates import Rates
from gateway.transport.readiness import Readiness
from gateway.transport.replies import Replies
from gateway.wss.engine import canonical
from gateway.wss.verify import VerifiedMessage, Verifier


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long the duplicate guard remembers a message beyond its lifetime, by kind of operation."""

    question: timedelta = timedelta(hours=1)
    change: timedelta = timedelta(days=90)
    skew: timedelta = timedelta(seconds=60)  # as the profile's


class Endpoint:
    """Answers every request of one system; safe for many threads."""

    def __init__(
        self,
        *,
        bindings: Mapping[str, Binding],  # by HTTP path
        pages: Pages,
        admission: Admission,
        verifier: Verifier,
        replies: Replies,
        store: Store,
        clock: Clock,
        keeping: Keeping,
        readiness: Readiness,
        rates: Rates,
    ) -> None:
        self._bindings = bindings
        self._pages = pages
        self._admission = admission
        self._verifier = verifier
        self._replies = replies
        self._store = store
        self._clock = clock
        self._keeping = keeping
        self._readiness = readiness
        self._rates = rates
        self._journal = Journal(store)

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The answer to one HTTP request; whatever happens, it is an answer and a log line."""
        if http.method == "GET":
            return self._pages(http)
        if self._readiness.stops():
            return plain_answer(503, "not ready", (("Retry-After", "5"),))
        now = self._clock.now()
        peer = self._admission.peer(http.peer_certificate, http.peer_address, now)
        if peer.counterpart is not None and not self._rates.takes(peer.counterpart.id):
            return plain_answer(503, "too many requests a minute", (("Retry-After", "1"),))
        call = Call(http, faults.new_reference(), now, peer)
        with telemetry.about(reference=call.reference):
            return self._answer(call)

    def _answer(self, call: Call) -> HttpAnswer:
        try:
            answer, outcome = self._way(call)
        except Refused as refusal:
            if call.message is None:
                call.about = refusal.about
            self._journal.refused(call, refusal)
            answer = self._replies.refusal(call, refusal)
            self._journal.line(call, "refused", answer, refusal)
            return answer
        except Exception as error:  # noqa: BLE001 - a bug stays a bug: 500 with a reference, no traceback
            telemetry.bug(call.reference, error)
            answer, outcome = self._replies.failure(call), "failed"
            self._journal.keep(call, self._replies.evidence(call, answer, outcome))
        self._journal.line(call, outcome, answer)
        return answer

    def _way(self, call: Call) -> tuple[HttpAnswer, str]:
        binding = self._bindings.get(call.http.path)
        if binding is None:
            raise Refused("path")
        call.service = service = binding.service
        soap_action = step_1_http(call.http, service.body_bytes)  # 1
        message = self._verifier.request(call.http.body, binding.expected(soap_action), call.now)  # 2 to 10
        call.message, call.about = message, message.about
        call.operation = operation = service.operations[message.addressing.action]
        call.sender = self._admission.step_11_sender(
            message.certificate, call.peer, service.name, operation.name
        )  # 11
        call.lap("verify")
        claim = self._step_12_guard(
            message, call.sender, operation.changes, call.now + binding.deadline
        )  # 12
        call.lap("guard")
        if isinstance(claim, Stored):
            signed = self._replies.stored(call, claim.answer)
            self._store.keep(self._replies.evidence(call, signed, "repeated"))
            return signed, "repeated"
        try:
            answer = self._work(call, binding, message)  # 13 and the use case
        except OperationFault as fault:  # a temporary one: a retry is worked anew
            signed = self._replies.temporary(call, fault)
            self._store.guard.release(claim.token, self._replies.evidence(call, signed, "fault"))
            return signed, "fault"
        except Refused:
            self._store.guard.forget(claim.token)
            raise
        except BaseException:
            self._store.guard.release(claim.token)
            raise
        call.lap("flow")
        signed, outcome = self._replies.stored(call, answer), "fault" if answer.fault else "answered"
        evidence = self._replies.evidence(call, signed, outcome)
        call.lap("sign")
        self._store.guard.settle(claim.token, answer, evidence)  # committed before the bytes leave
        call.lap("commit")
        return signed, outcome

    def _step_12_guard(
        self, message: VerifiedMessage, sender: Counterpart, changes: bool, deadline: datetime
    ) -> Claimed | Stored:
        """Claim (sender, MessageID), or have the answer that was given before; the second of two waits."""
        now = self._clock.now()
        lease = max(deadline, now) + self._keeping.skew
        return self._store.guard.claim_or_wait(
            sender.id,
            message.addressing.message_id,
            message.content_digest,
            message.signed_info_digest,
            now=now,
            lease_until=lease,
            seen_until=message.expires + self._keeping.skew,
            keep_until=max(now + (self._keeping.change if changes else self._keeping.question), lease),
            wait_until=max(deadline, now),
        )

    def _work(self, call: Call, binding: Binding, message: VerifiedMessage) -> StoredAnswer:
        """Read the Body, judge what it names, run the use case, write the answer."""
        operation = binding.service.operations[message.addressing.action]
        request: Any = read_request(binding.service, operation, message.content)  # 13
        if call.sender is not None:
            self._admission.step_11_named(call.sender, request.caller)
        try:
            value = binding.handlers[operation.name](request)
        except OperationFault as fault:
            if fault.temporary:
                raise
            return self._replies.keepable(call, fault)
        return StoredAnswer(
            operation.answer_action, canonical(write_answer(binding.service, operation, value))
        )
