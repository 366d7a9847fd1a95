"""The engine: for each case a fresh good message, its changes, one exchange, the judgement."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from gateway.clock import Clock
from gateway.conformance.case import Case
from gateway.conformance.changes import spoil
from gateway.conformance.draft import Draft
from gateway.conformance.judge import Judge, Received
from gateway.contract.service import Operation, Service
from gateway.errors import CounterpartError
from gateway.trust import Signer, TrustedCertificate
from gateway.wss.sign import Outgoing, new_message_id, sign
from gateway.wss.verify import Verifier

SECONDS: Final = 180.0
"""What one run may take in all; what is left then is reported as not run."""
CASE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """The server that is judged, and everything to ask it a question.

    ``post`` takes body, HTTP headers and a deadline (of ``time.monotonic``) and raises CounterpartError
    when nothing comes back. ``content`` is a good question: the Body's child; ``fault`` is the operation's
    own fault that answers it, None where it is answered.
    """

    service: Service
    operation: Operation
    url: str
    content: etree._Element
    signer: Signer
    verifier: Verifier
    is_target: Callable[[TrustedCertificate], bool]
    clock: Clock
    post: Callable[[bytes, Mapping[str, str], float], Received]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case; ``complaints`` are empty when it holds."""

    case: Case
    complaints: tuple[str, ...]
    sent: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    received: Received | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the server did what the case demands."""
        return not self.complaints


def run(target: Target, cases: Iterable[Case], *, seconds: float = SECONDS) -> Iterator[Outcome]:
    """Each case in order, one message at a time, within so many seconds in all."""
    end = time.monotonic() + seconds
    for case in cases:
        if time.monotonic() >= end:
            yield Outcome(case, ("not run: the time of the run is over",))
        else:
            yield _exchange(target, case, end)


def _exchange(target: Target, case: Case, end: float) -> Outcome:
    operation, begun = target.operation, time.monotonic()
    message_id = new_message_id()
    outgoing = Outgoing(target.content, to=target.url, action=operation.action, message_id=message_id)
    signed = sign(outgoing, target.signer, target.clock.now())
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.action}"'}
    draft = Draft(etree.fromstring(signed.raw), target.signer, headers)
    spoil(draft, case.changes)
    raw, value = draft.written(), draft.root.findtext(".//{*}SignatureValue") or ""
    try:
        received = target.post(raw, headers, min(end, begun + CASE_SECONDS))
    except CounterpartError as error:
        complaints = [f"nothing came back: {type(error).__name__}"]
        return Outcome(case, tuple(complaints), raw, headers, None, time.monotonic() - begun)
    judge = Judge(target.service, operation, target.verifier, target.is_target, target.fault)
    complaints = judge.complaints(case, message_id, value, received, target.clock.now())
    return Outcome(case, tuple(complaints), raw, headers, received, time.monotonic() - begun)
