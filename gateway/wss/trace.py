"""What the verifier thinks of a message, step by step, for showing to people: never for deciding anything.

The order of the steps stays where it is, in gateway.wss.verify: a message is traced by verifying it with
a trust store and an engine that note what they are asked. From what they noted, and from the rule of a
refusal, it follows which steps passed and which were not reached.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from lxml import etree

from gateway.refusals import About, Refused, Rule
from gateway.trust import TrustedCertificate, Usage
from gateway.wss.addressing import AnswerContext, RequestContext
from gateway.wss.engine import Engine, Question, canonical
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.envelope import local_name
from gateway.wss.profile import DIGEST_ALGORITHMS, Profile
from gateway.wss.references import Signed
from gateway.wss.verify import Trust, VerifiedMessage, Verifier

STEPS: Final = range(2, 11)
"""The steps of the profile that a message's bytes alone decide."""


class Outcome(Enum):
    """What became of one step."""

    PASSED = "passed"
    REFUSED = "refused"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True)
class StepTrace:
    """One step; ``rule``, ``found``, ``wanted`` and ``where`` of the refusal when it refused."""

    step: int
    outcome: Outcome
    rule: Rule | None = None
    found: str = ""
    wanted: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class CoveredPart:
    """One element that the signature covers.

    ``index`` is its place among the document's elements, in document order from 0. ``digest`` is the
    hexadecimal digest in the message, ``computed`` the one of the element as received (None where it
    has no canonical form).
    """

    name: str
    index: int
    algorithm: str
    digest: str
    computed: str | None

    @property
    def holds(self) -> bool | None:
        """Whether both digests are one."""
        return None if self.computed is None else self.computed == self.digest


@dataclass(frozen=True, slots=True)
class Trace:
    """A message's way through steps 2 to 10.

    ``covered`` is empty until step 6 passed, ``certificate`` is None until step 7 did, as is ``question``,
    what step 8 was asked; ``message`` is there only when every step passed.
    """

    steps: tuple[StepTrace, ...]
    about: About
    covered: tuple[CoveredPart, ...] = ()
    certificate: TrustedCertificate | None = None
    signature_algorithm: str | None = None
    message: VerifiedMessage | None = None
    question: Question | None = None

    @property
    def refused(self) -> StepTrace | None:
        """The step that refused, None when all passed."""
        return next((step for step in self.steps if step.outcome is Outcome.REFUSED), None)


class _NotingTrust:
    """Step 7, noting that it was asked and what it found good."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self.asked = False
        self.certificate: TrustedCertificate | None = None

    def check(self, der: bytes, *, usage: Usage, at: datetime) -> TrustedCertificate:
        """As Trust.check."""
        self.asked = True
        self.certificate = self._trust.check(der, usage=usage, at=at)
        return self.certificate


class _NotingEngine:
    """Step 8, noting what it was asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.question: Question | None = None

    def check(self, question: Question) -> None:
        """As Engine.check."""
        self.question = question
        self._engine.check(question)


def trace(
    raw: bytes,
    expected: RequestContext | AnswerContext,
    *,
    trust: Trust,
    now: datetime,
    profile: Profile | None = None,
    engine: Engine | None = None,
) -> Trace:
    """How ``raw`` fares as a request, or as the answer to a request of ours, at the instant ``now``."""
    noting_trust, noting_engine = _NotingTrust(trust), _NotingEngine(engine or LxmlEngine())
    verifier = Verifier(noting_trust, profile, noting_engine)
    message, refusal = None, None
    try:
        message = (
            verifier.request(raw, expected, now)
            if isinstance(expected, RequestContext)
            else verifier.answer(raw, expected, now)
        )
        about = message.about
    except Refused as refused:
        refusal, about = refused, refused.about
    question = noting_engine.question
    return Trace(
        steps=tuple(_step(number, refusal, asked_trust=noting_trust.asked) for number in STEPS),
        about=about,
        covered=() if question is None else tuple(_part(signed) for signed in question.covered),
        certificate=noting_trust.certificate,
        signature_algorithm=None if question is None else question.algorithm.uri,
        message=message,
        question=question,
    )


def _step(number: int, refusal: Refused | None, *, asked_trust: bool) -> StepTrace:
    if refusal is None:
        return StepTrace(number, Outcome.PASSED)
    # A body that is too large is a rule of step 1 which parsing enforces again.
    at = max(refusal.rule.step, STEPS.start)
    if number == at:
        return StepTrace(number, Outcome.REFUSED, refusal.rule, refusal.found, refusal.wanted, refusal.where)
    # The token is read before the references are looked at: one that is no certificate ends the way there.
    unread = at == 7 and not asked_trust and number == 6
    return StepTrace(number, Outcome.PASSED if number < at and not unread else Outcome.NOT_REACHED)


def _part(signed: Signed) -> CoveredPart:
    reference = signed.reference
    algorithm = DIGEST_ALGORITHMS[str(reference.digest_algorithm)]
    return CoveredPart(
        name=local_name(signed.element),
        index=_index(signed.element),
        algorithm=algorithm,
        digest=reference.digest.hex(),
        computed=_computed(signed, algorithm),
    )


def _computed(signed: Signed, algorithm: str) -> str | None:
    try:
        form = canonical(signed.element, signed.reference.prefixes)
    except Refused:
        return None
    return hashlib.new(algorithm, form).hexdigest()


def _index(element: etree._Element) -> int:
    everything = element.getroottree().getroot().iter(etree.Element)
    return next(place for place, other in enumerate(everything) if other is element)
