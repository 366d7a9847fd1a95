"""The engine: for each case a fresh good message, its changes, one exchange, the judgement."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

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
"""What one run may take in all; what is left then is reported as failed."""
CASE_SECONDS: Final = 10.0

Post = Callable[[bytes, Mapping[str, str], float], Received]
"""Takes body, HTTP headers and a deadline (of ``time.monotonic``); raises CounterpartError when nothing
comes back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the Body's child, and the operation's own fault that answers it (None: an answer)."""

    operation: Operation
    content: etree._Element
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: a signature and a connection."""

    signer: Signer
    post: Post


@dataclass(frozen=True, slots=True)
class Target:
    """The server that is judged, and everything to ask it a question.

    ``question`` is the good one. ``bad`` are senders that must be refused, by name; ``situation`` gives
    another question by its name, and None where it cannot be asked here.
    """

    service: Service
    url: str
    question: Asked
    sender: Sender
    verifier: Verifier
    is_target: Callable[[TrustedCertificate], bool]
    clock: Clock
    bad: Mapping[str, Sender] = field(default_factory=dict)
    situation: Callable[[str], Asked | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case; ``complaints`` are empty when it holds, ``not_run`` says why it was not sent."""

    case: Case
    complaints: tuple[str, ...]
    sent: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    received: Received | None = None
    seconds: float = 0.0
    not_run: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the server did something else than the case demands."""
        return bool(self.complaints)

    @property
    def passed(self) -> bool:
        """Whether the server did what the case demands."""
        return not self.failed and self.not_run is None


def run(target: Target, cases: Iterable[Case], *, seconds: float = SECONDS) -> Iterator[Outcome]:
    """Each case for the target's service in order, one message at a time, within so many seconds in all."""
    end = time.monotonic() + seconds
    for case in cases:
        if not case.fits(target.service.name):
            continue
        asked = target.question if case.situation is None else target.situation(case.situation)
        sender = target.sender if case.credential is None else target.bad.get(case.credential)
        if sender is None:
            yield Outcome(case, (), not_run=f"no credential {case.credential!r} for this service is at hand")
        elif asked is None:
            yield Outcome(case, (), not_run="nobody is at hand of whom it could be asked")
        elif time.monotonic() >= end:
            yield Outcome(case, ("not run: the time of the run is over",))
        else:
            yield _Exchange(target, case, asked, sender).outcome(end)


@dataclass(frozen=True, slots=True)
class _Exchange:
    target: Target
    case: Case
    asked: Asked
    sender: Sender

    def outcome(self, end: float) -> Outcome:
        case, begun, message_id = self.case, time.monotonic(), new_message_id()
        deadline = min(end, begun + CASE_SECONDS)
        draft = None
        if case.first is not None:
            draft = self._draft(message_id, case.first)
            complaints = self._sent(draft, message_id, _answered(case), deadline).complaints
            if complaints:
                told = tuple(f"the message before it: {complaint}" for complaint in complaints)
                return Outcome(case, told, seconds=time.monotonic() - begun)
        if draft is None or not case.again:
            draft = self._draft(message_id, case.changes)
        found = self._sent(draft, message_id, case, deadline)
        return replace(found, seconds=time.monotonic() - begun)

    def _draft(self, message_id: str, changes: Iterable[Mapping[str, Any]]) -> Draft:
        """A good message, spoilt."""
        target, operation = self.target, self.asked.operation
        outgoing = Outgoing(self.asked.content, to=target.url, action=operation.action, message_id=message_id)
        signed = sign(outgoing, self.sender.signer, target.clock.now())
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.action}"'}
        draft = Draft(etree.fromstring(signed.raw), self.sender.signer, headers)
        spoil(draft, changes)
        return draft

    def _sent(self, draft: Draft, message_id: str, case: Case, deadline: float) -> Outcome:
        target, raw = self.target, draft.written()
        value = draft.root.findtext(".//{*}SignatureValue") or ""
        try:
            received = self.sender.post(raw, draft.headers, deadline)
        except CounterpartError as error:
            return Outcome(case, (f"nothing came back: {type(error).__name__}",), raw, draft.headers)
        judge = Judge(
            target.service, self.asked.operation, target.verifier, target.is_target, self.asked.fault
        )
        complaints = judge.complaints(case, message_id, value, received, target.clock.now())
        return Outcome(case, tuple(complaints), raw, draft.headers, received)


def _answered(case: Case) -> Case:
    return replace(case, rule=None, relates="request", confirmed=True, tells={})
