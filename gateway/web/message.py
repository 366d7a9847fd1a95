"""One message made ready for the template: bytes, layout, signed parts, certificate, steps, times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from gateway.web.markup import Element, elements_of, exact, readable
from gateway.web.model import MessageView, Text
from gateway.web.texts import STEPS, TIMINGS
from gateway.wss.trace import CoveredPart, Outcome, StepTrace, Trace

_MARKS: Final = {True: "signed", None: "signed", False: "broken"}
_PARSE: Final = 2


@dataclass(frozen=True, slots=True)
class Link:
    """One certificate of the chain, the signer's first; ``days_left`` at the instant of the message."""

    subject: str
    issuer: str
    not_after: datetime
    days_left: int
    crl_number: int | None = None
    crl_next_update: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step of the profile with its name."""

    trace: StepTrace
    name: Text
    reason: Text | None


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """Everything that the template needs of one message."""

    view: MessageView
    size: int
    sha256: str
    exact: Markup
    readable: Markup | None
    mark: str  # "signed", or "pointed" where the references were not accepted
    steps: tuple[ShownStep, ...]
    parts: tuple[CoveredPart, ...]
    chain: tuple[Link, ...]
    timings: tuple[tuple[Text | str, float], ...]

    @property
    def refused(self) -> StepTrace | None:
        """The step that refused the message."""
        return self.view.trace.refused


def show(view: MessageView) -> ShownMessage:
    """The message, ready to be shown."""
    trace = view.trace
    elements = elements_of(view.raw) if trace.steps[0].outcome is Outcome.PASSED else []
    marks = {elements[part.index].start: _MARKS[part.holds] for part in trace.covered if elements}
    mark = "signed" if marks else "pointed"
    if not marks:
        marks = {element.start: "pointed" for element in _pointed_at(elements)}
    return ShownMessage(
        view=view,
        size=len(view.raw),
        sha256=hashlib.sha256(view.raw).hexdigest(),
        exact=exact(view.raw, elements, marks),
        readable=readable(elements[0], marks) if elements else None,
        mark=mark,
        steps=tuple(_step(step) for step in trace.steps),
        parts=trace.covered,
        chain=_chain(trace, view.at),
        timings=tuple((TIMINGS.get(part, part), spent) for part, spent in view.timings),
    )


def _step(step: StepTrace) -> ShownStep:
    reason = None if step.rule is None else Text(step.rule.ja, step.rule.en)
    return ShownStep(step, STEPS[step.step], reason)


def _chain(trace: Trace, at: datetime) -> tuple[Link, ...]:
    if trace.certificate is not None:
        return tuple(
            Link(
                link.subject,
                link.issuer,
                link.not_after,
                link.days_left(at),
                link.crl_number,
                link.crl_next_update,
            )
            for link in trace.certificate.chain
        )
    return tuple(
        Link(subject, issuer, not_after, (not_after - at).days)
        for subject, issuer, not_after in trace.about.chain
    )


def _pointed_at(elements: Sequence[Element]) -> list[Element]:
    """The elements that References point to, by the Ids as written; for the eye, never for a decision."""
    wanted = {
        element.attributes.get("URI", "").removeprefix("#")
        for element in elements
        if _local(element.name) == "Reference" and "URI" in element.attributes and element.children
    }
    return [
        element
        for element in elements
        if any(_local(key) == "Id" and value in wanted for key, value in element.attributes.items())
    ]


def _local(name: str) -> str:
    return name.rpartition(":")[2]
