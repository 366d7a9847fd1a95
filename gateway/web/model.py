"""What a page shows, as data: systems, flows with their steps and messages, refused messages.

A further flow is a further ``FlowView``; nothing in the templates knows one flow from another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from gateway.wss.trace import Trace


class Text(NamedTuple):
    """One text in both languages."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Participant:
    """Who takes part: a system's id, or what the source document calls a person (``resident``)."""

    id: str
    role: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message as it went over the wire.

    ``id`` is unique in the page (letters, digits and hyphens). ``trace`` is how it fared with its receiver
    at the instant ``at``. ``timings`` are milliseconds by part: ``round_trip`` as its sender saw it, and the
    receiver's own parts (``verify``, ``flow``, ``sign`` …, ``total``).
    """

    id: str
    kind: Literal["request", "answer"]
    sender: str
    receiver: str
    operation: str
    raw: bytes
    trace: Trace
    at: datetime
    timings: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a flow; ``number`` is the source document's. ``messages`` is empty at a counter."""

    number: str
    text: Text
    caller: str
    callee: str
    outcome: str
    operation: str | None = None
    messages: tuple[MessageView, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowView:
    """One flow with its steps in order. ``reason`` says why it failed, when it did."""

    number: str
    title: Text
    steps: tuple[StepView, ...]
    outcome: str = "done"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RefusalView:
    """A bad message, the fault that it got, and what ``explain`` says about it: labels with values."""

    title: Text
    text: Text
    request: MessageView
    answer: MessageView | None
    fault: str
    reference: str
    explained: tuple[tuple[Text, tuple[Text | str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page. ``begun`` and ``seconds`` are those of the run that it shows."""

    begun: datetime
    seconds: float
    participants: tuple[Participant, ...]
    flows: tuple[FlowView, ...]
    refusals: tuple[RefusalView, ...] = ()

    @property
    def messages(self) -> Sequence[MessageView]:
        """Every message, in the order of the page."""
        shown = [message for flow in self.flows for step in flow.steps for message in step.messages]
        for refusal in self.refusals:
            shown += [refusal.request, *([refusal.answer] if refusal.answer is not None else [])]
        return shown
