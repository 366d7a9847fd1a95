"""A captured message judged by every step of the profile that its bytes allow: the same functions, no server.

Steps 2 to 10 are those of ``gateway.diagnosis``; what it lacks is here: who may what (11) as far as it is
known who receives the message, and the contract (13). The connection (1) and what was received before (12)
are not among the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from lxml import etree

from gateway.access import Admission
from gateway.conformance.expected import Seen, expected_of
from gateway.contract import INTERNAL_ERROR, read_answer, read_request
from gateway.diagnosis import Diagnosis, diagnose
from gateway.domain.faults import OPERATION_FAULTS
from gateway.refusals import FAULTS, Fault, Refused
from gateway.trust import TrustedCertificate, Usage
from gateway.wss.profile import Profile
from gateway.wss.trace import Outcome, StepTrace
from gateway.wss.verify import Trust, VerifiedMessage

HTTP, SENDER, GUARD, CONTRACT = 1, 11, 12, 13
_FAULT_CODES: Final = frozenset({*(fault.local for fault in Fault), *OPERATION_FAULTS, INTERNAL_ERROR})


@dataclass(frozen=True, slots=True)
class Ground:
    """What a message is judged against: trust, bounds, and what is known of its receiver and its sender.

    ``addresses`` are the base addresses at which a request may arrive, None where they are not known.
    ``admission`` knows the counterparts of the one who receives a request; ``answers_for`` says whether a
    certificate belongs to a system that may answer. Where they are None step 11 is not judged.
    """

    trust: Trust
    profile: Profile
    addresses: frozenset[str] | None = None
    admission: Admission | None = None  # of plain HTTP: the connection is not known
    answers_for: Callable[[TrustedCertificate], bool] | None = None
    keys: Mapping[str, PublicKeyTypes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A message and what became of it; ``not_judged`` are the steps that its bytes do not tell of.

    ``asked`` is the request that an answer was compared with, None where there was none.
    """

    name: str
    raw: bytes
    at: datetime
    seen: Seen
    asked: Seen | None
    diagnosis: Diagnosis
    steps: tuple[StepTrace, ...]
    not_judged: frozenset[int]

    @property
    def refused(self) -> StepTrace | None:
        """The step that refused, None for a good message."""
        return next((step for step in self.steps if step.outcome is Outcome.REFUSED), None)


def judge_captured(
    name: str, raw: bytes, seen: Seen, ground: Ground, at: datetime, asked: Seen | None = None
) -> Judged:
    """How the message fares at the instant ``at``; ``asked`` is the request that an answer came to."""
    diagnosis = diagnose(
        raw,
        expected_of(seen, ground.addresses, asked),
        trust=ground.trust,
        now=at,
        profile=ground.profile,
        others=ground.keys,
    )
    message = diagnosis.trace.message
    known = (ground.admission if seen.kind == "request" else ground.answers_for) is not None
    refusal = None if message is None else _judge_last(message, seen, ground, at)
    last = [_last(step, refusal, reached=message is not None) for step in (SENDER, GUARD, CONTRACT)]
    steps = (StepTrace(HTTP, Outcome.NOT_REACHED), *diagnosis.trace.steps, *last)
    not_judged = {HTTP, GUARD} if known else {HTTP, SENDER, GUARD}
    return Judged(name, raw, at, seen, asked, diagnosis, steps, frozenset(not_judged))


def _last(step: int, refusal: Refused | None, *, reached: bool) -> StepTrace:
    if not reached:
        return StepTrace(step, Outcome.NOT_REACHED)
    if refusal is None or step < refusal.rule.step:
        return StepTrace(step, Outcome.PASSED)
    if step > refusal.rule.step:
        return StepTrace(step, Outcome.NOT_REACHED)
    return StepTrace(step, Outcome.REFUSED, refusal.rule, refusal.found, refusal.wanted, refusal.where)


def _judge_last(message: VerifiedMessage, seen: Seen, ground: Ground, at: datetime) -> Refused | None:
    """Why steps 11 and 13 refuse, as far as they can be judged; None when they do not."""
    try:
        if seen.kind == "request":
            _judge_request(message, seen, ground, at)
        else:
            _judge_answer(message, seen, ground)
    except Refused as refusal:
        return refusal
    return None


def _judge_request(message: VerifiedMessage, seen: Seen, ground: Ground, at: datetime) -> None:
    service, operation, admission = seen.service, seen.operation, ground.admission
    if service is None or operation is None:
        return  # step 10 let no such message through
    if admission is None:
        read_request(service, operation, message.content)
        return
    peer = admission.peer(None, "", at)  # whoever connected: the signature alone tells
    sender = admission.step_11_sender(message.certificate, peer, service.name, operation.name)
    request = read_request(service, operation, message.content)
    admission.step_11_named(sender, request.caller, getattr(request, "basis", None))


def _judge_answer(message: VerifiedMessage, seen: Seen, ground: Ground) -> None:
    if ground.answers_for is not None and not ground.answers_for(message.certificate):
        raise Refused("answer-other-system", found=message.certificate.subject)
    if message.is_fault:
        _judge_fault(message.content, own=seen.operation is not None)
    elif seen.service is not None and seen.operation is not None:
        read_answer(seen.service, seen.operation, message.content)


def _judge_fault(fault: etree._Element, *, own: bool) -> None:
    """A fault says its code twice, and one that the profile, or for its own the operation, knows."""
    local = (fault.findtext("faultcode") or "").strip().rpartition(":")[2]
    code = fault.findtext(f"detail/{{{FAULTS}}}Refusal/{{{FAULTS}}}code")
    reference = fault.findtext(f"detail/{{{FAULTS}}}Refusal/{{{FAULTS}}}reference")
    if code is None or not reference:
        raise Refused("schema", where="detail", found="no juki:Refusal with code and reference")
    if code not in (OPERATION_FAULTS if own else _FAULT_CODES):
        raise Refused("schema", where="juki:code", found="a code that the contract does not know")
    if code not in {local, INTERNAL_ERROR}:
        raise Refused("schema", where="faultcode", found="another code than juki:code")


class NewestLists:
    """Trust at the time of a captured message, with the revocation lists that are at hand now.

    A list that was made after the message says nothing of that instant; whether the certificate is good is
    then judged now.
    """

    def __init__(self, trust: Trust, now: datetime) -> None:
        self._trust = trust
        self._now = now

    def check(self, der: bytes, *, usage: Usage, at: datetime) -> TrustedCertificate:
        """As Trust.check."""
        try:
            return self._trust.check(der, usage=usage, at=at)
        except Refused as refusal:
            if refusal.rule.name != "revocation-unknown" or at >= self._now:
                raise
            return self._trust.check(der, usage=usage, at=self._now)
