"""THE WAY OF A MESSAGE: bytes of a request in, bytes of a signed answer or fault out.

The numbers are those of the message profile; ``together`` has them in order, and hands on for the last two:

    1         HTTP, once the connection's certificate is judged        gateway.transport.http_checks
    2 to 10   bytes to a verified message                              gateway.wss.verify
    11        the sender, and what it may ask                          gateway.access
    12, 13    duplicate guard, Body, use case, answer, commit          .questions, .changes

Several messages go this way together, stage by stage. A question that is answered from what is at hand may be
answered before step 12 decides on it, since that has no effect; its answer leaves only when it was decided
on, and committed together with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from gateway import telemetry
from gateway.access import Admission
from gateway.clock import Clock
from gateway.evidence import Entry
from gateway.flows.accesses import require_rows
from gateway.kept_refused import KeptRefused
from gateway.refusals import Refused
from gateway.store import Store, Unavailable
from gateway.transport import faults
from gateway.transport.call import Binding, Call, shared
from gateway.transport.changes import Changes
from gateway.transport.http import HttpAnswer, HttpRequest, Rest, plain_answer
from gateway.transport.http_checks import step_1_http
from gateway.transport.journal import Journal
from gateway.transport.pages import Pages
from gateway.transport.questions import Questions
from gateway.transport.rates import Rates
from gateway.transport.readiness import Readiness
from gateway.transport.replies import Replies
from gateway.transport.tallies import Tallies
from gateway.transport.working import Admitted, Keeping, Said, Working
from gateway.wss.verify import Received, VerifiedMessage, Verifier


@dataclass(frozen=True, slots=True, eq=False)
class _Arrived:
    """A message that passed step 1."""

    call: Call
    binding: Binding
    verifier: Verifier
    received: Received


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
        alarms: telemetry.Alarms,
        kept_refused: KeptRefused | None = None,
        tallies: Tallies | None = None,
    ) -> None:
        for binding in bindings.values():
            require_rows(binding.service.name, binding.handlers)
        working = Working(admission, replies, store, clock, keeping)
        self._questions = Questions(working)
        self._changes = Changes(working)
        self._bindings = bindings
        self._pages = pages
        self._admission = admission
        self._verifier = verifier
        self._replies = replies
        self._clock = clock
        self._readiness = readiness
        self._rates = rates
        self._tallies = tallies or Tallies()
        self._journal = Journal(store, alarms, kept_refused, self._tallies)
        self._working = working

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The answer to one HTTP request, all of it done in this thread, which may have to wait."""
        (left,) = self.together([http])
        return left if isinstance(left, HttpAnswer) else left()

    def together(self, requests: Sequence[HttpRequest]) -> Sequence[HttpAnswer | Rest]:
        """As Batching.together; whatever happens to a message, it becomes an answer and a log line."""
        begun = self._verified([self._begin(http) for http in requests])
        questions = [one for one in begun if isinstance(one, Admitted) and not one.operation.changes]
        said = self._questions.together(questions)
        with telemetry.together():
            return [self._left(one, said) if isinstance(one, Admitted) else one for one in begun]

    def _begin(self, http: HttpRequest) -> HttpAnswer | _Arrived:
        """Step 1, or the answer to what does not pass it."""
        if http.method == "GET":
            return self._pages(http)
        if self._readiness.stops():
            self._tallies.turned_away("not-ready")
            return plain_answer(503, "not ready", (("Retry-After", "5"),))
        now = self._clock.now()
        peer = self._admission.peer(http.peer_certificate, http.peer_address, now)
        if peer.counterpart is not None and not self._rates.takes(peer.counterpart.id):
            self._tallies.turned_away("rate")
            return plain_answer(503, "too many requests a minute", (("Retry-After", "1"),))
        call = Call(http, faults.new_reference(), now, peer)
        with telemetry.about(reference=call.reference):
            try:
                return self._arrived(call)
            except Exception as error:  # noqa: BLE001 - see _not_answered
                return self._not_answered(call, error)

    def _arrived(self, call: Call) -> _Arrived:
        binding = self._bindings.get(call.http.path)
        if binding is None:
            raise Refused("path")
        call.service = service = binding.service
        soap_action = step_1_http(call.http, binding.body_bytes or service.body_bytes)  # 1
        received = Received(call.http.body, binding.expected(soap_action), call.now)
        return _Arrived(call, binding, binding.verifier or self._verifier, received)

    def _verified(self, begun: Sequence[HttpAnswer | _Arrived]) -> list[HttpAnswer | Admitted]:
        """Steps 2 to 11 of those that passed step 1, or the answer to what does not pass them."""
        arrived = [one for one in begun if isinstance(one, _Arrived)]
        found: dict[_Arrived, VerifiedMessage | Exception] = {}
        for verifier in dict.fromkeys(one.verifier for one in arrived):
            some = [one for one in arrived if one.verifier is verifier]
            with shared("verify", [one.call for one in some]):
                found |= zip(some, _outcomes(verifier, [one.received for one in some]), strict=True)
        return [self._judged(one, found[one]) if isinstance(one, _Arrived) else one for one in begun]

    def _judged(self, one: _Arrived, found: VerifiedMessage | Exception) -> HttpAnswer | Admitted:
        with telemetry.about(reference=one.call.reference):
            try:
                return self._admitted(one, found)
            except Exception as error:  # noqa: BLE001 - see _not_answered
                return self._not_answered(one.call, error)

    def _admitted(self, one: _Arrived, found: VerifiedMessage | Exception) -> Admitted:
        if isinstance(found, Exception):
            raise found
        call, service = one.call, one.binding.service
        call.message, call.about = found, found.about
        call.operation = operation = service.operations[found.addressing.action]
        call.sender = sender = self._admission.step_11_sender(
            found.certificate, call.peer, service.name, operation.name
        )  # 11
        return Admitted(call, one.binding, operation, found, sender)

    def _left(self, one: Admitted, said: Mapping[Admitted, Said]) -> HttpAnswer | Rest:
        """A committed answer, or the rest of the way, which may wait."""
        if one in said:
            answer, outcome = said[one]
            one.call.lap("commit")
            self._journal.line(one.call, outcome, answer)
            return answer
        way = self._changes if one.operation.changes else self._questions.alone
        return partial(self._answered, one.call, partial(way, one))

    def _answered(self, call: Call, way: Callable[[], Said]) -> HttpAnswer:
        with telemetry.about(reference=call.reference):
            try:
                answer, outcome = way()
            except Exception as error:  # noqa: BLE001 - see _not_answered
                return self._not_answered(call, error)
            self._journal.line(call, outcome, answer)
            return answer

    def _not_answered(self, call: Call, error: Exception) -> HttpAnswer:
        """The fault for a message that was refused; a bug stays a bug: 500 with a reference, no traceback.

        What the database has no room for is not written, nor that it came: it may come again.
        """
        if isinstance(error, Unavailable):
            error = Refused("guard-undecided", found=str(error))
        if isinstance(error, Refused):
            if call.message is None:
                call.about = error.about
            self._journal.refused(call, error)
            answer = self._replies.refusal(call, error)
            # Who named what is not his, after the Body was read: whom he asked for is in the access log.
            self._keep_access(call, (), f"refused:{error.rule.name}")
            self._journal.line(call, "refused", answer, error)
            return answer
        telemetry.bug(call.reference, error)
        answer = self._replies.failure(call)
        self._keep_access(call, self._replies.evidence(call, answer, "failed"), "failed")
        self._journal.line(call, "failed", answer)
        return answer

    def _keep_access(self, call: Call, evidence: Sequence[Entry], outcome: str) -> None:
        self._journal.keep(call, evidence, partial(self._working.unanswered, call, outcome))


def _outcomes(verifier: Verifier, batch: Sequence[Received]) -> Sequence[VerifiedMessage | Exception]:
    """What the verifier says of each; an error of its own is of one message only."""
    try:
        return verifier.requests(batch)
    except Exception as error:  # noqa: BLE001 - whoever asked meets it again
        if len(batch) == 1:
            return [error]
        return [found for one in batch for found in _outcomes(verifier, [one])]
