"""The diagnosis of one message: its steps, what each Reference covers, and what explains a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from gateway.diagnosis.clocks import why_times
from gateway.diagnosis.defaults import whose_defaults
from gateway.diagnosis.digests import why_digest
from gateway.diagnosis.finding import Finding
from gateway.diagnosis.forms import canonical
from gateway.diagnosis.signatures import why_signature
from gateway.wss.addressing import AnswerContext, RequestContext
from gateway.wss.engine import Question
from gateway.wss.profile import Profile
from gateway.wss.trace import CoveredPart, Trace, trace
from gateway.wss.verify import Trust

_SHAPE, _ARITHMETIC, _TIME = range(3, 7), 8, 9
_NO_KEYS: Final[Mapping[str, PublicKeyTypes]] = {}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``trace`` is the message's way through steps 2 to 10; ``findings`` explain where it ended.

    ``covered`` has, for each Reference, the element, both digests and the canonical bytes that ours is of;
    it is empty where the message did not come as far. ``signed_info`` likewise.
    """

    trace: Trace
    findings: tuple[Finding, ...]
    covered: tuple[tuple[CoveredPart, bytes], ...] = ()
    signed_info: bytes = b""


def diagnose(
    raw: bytes,
    expected: RequestContext | AnswerContext,
    *,
    trust: Trust,
    now: datetime,
    profile: Profile,
    others: Mapping[str, PublicKeyTypes] = _NO_KEYS,
) -> Diagnosis:
    """Verify a message, and try to explain a refusal.

    ``others`` are keys besides the message's own certificate that its sender may have used by mistake, by
    what they are called.
    """
    traced = trace(raw, expected, trust=trust, now=now, profile=profile)
    question = traced.question
    parts = (
        []
        if question is None
        else [canonical(signed.element, signed.reference.prefixes) for signed in question.covered]
    )
    return Diagnosis(
        traced,
        tuple(_findings(traced, raw, profile, now, others)),
        tuple(zip(traced.covered, parts, strict=True)),
        b"" if question is None else question.signed_info,
    )


def _findings(
    traced: Trace, raw: bytes, profile: Profile, now: datetime, others: Mapping[str, PublicKeyTypes]
) -> Iterator[Finding]:
    refused = traced.refused
    if refused is None:
        return
    question, about = traced.question, traced.about
    if refused.step == _ARITHMETIC and question is not None:
        yield from _arithmetic(question, raw, others)
    if refused.step == _TIME and about.created is not None and about.expires is not None:
        found = why_times(about.created, about.expires, profile, now)
        if found is not None:
            yield found
    if refused.step in _SHAPE and (stack := whose_defaults(raw)) is not None:
        yield stack


def _arithmetic(question: Question, raw: bytes, others: Mapping[str, PublicKeyTypes]) -> Iterator[Finding]:
    for signed in question.covered:
        if (found := why_digest(signed, raw)) is not None:
            yield found
    if (value := why_signature(question, raw, others)) is not None:
        yield value
