"""Who called whom, as a sequence diagram: positions only, drawn by the template as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.web.model import FlowView, Participant, RefusalView, Text
from gateway.web.texts import ROLES, outcome_words

COLUMN: Final = 240  # units between two lifelines
HEAD: Final = 64
ROW: Final = 46
_MARGIN: Final = 120

_Row = tuple[str, Text | str, str, str, str, str | None]
"""Of an arrow: number, label, sender, receiver, kind, target."""


@dataclass(frozen=True, slots=True)
class Line:
    """A lifeline at ``x``."""

    participant: Participant
    label: Text
    x: int


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message or deed: from ``x1`` to ``x2`` at height ``y``; ``target`` is the message's id, if any."""

    number: str
    label: Text | str
    x1: int
    x2: int
    y: int
    kind: str  # "counter", "request", "answer", "refused"
    target: str | None

    @property
    def left(self) -> int:
        """Where the label begins."""
        return min(self.x1, self.x2) + 12

    @property
    def tip(self) -> int:
        """The arrow's end, short of the lifeline by the arrowhead."""
        return self.x2 - 9 if self.x2 > self.x1 else self.x2 + 9


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole diagram, in user units."""

    lines: tuple[Line, ...]
    arrows: tuple[Arrow, ...]
    width: int
    height: int


def flow_diagram(flow: FlowView, known: Mapping[str, Participant]) -> Diagram:
    """The diagram of a flow: an arrow a message, and one for a step at a counter."""
    rows: list[_Row] = []
    for step in flow.steps:
        if not step.messages:
            label: Text | str = step.operation or outcome_words(step.outcome)
            rows.append((step.number, label, step.caller, step.callee, "counter", None))
        for message in step.messages:
            kind = "refused" if message.trace.refused else message.kind
            rows.append((step.number, message.operation, message.sender, message.receiver, kind, message.id))
    return _diagram(rows, known)


def refusal_diagram(refusals: Sequence[RefusalView], known: Mapping[str, Participant]) -> Diagram:
    """The diagram of the refused messages: each request with the fault that it got."""
    rows: list[_Row] = []
    for number, refusal in enumerate(refusals, 1):
        request, answer = refusal.request, refusal.answer
        rows.append(
            (f"✗{number}", request.operation, request.sender, request.receiver, "refused", request.id)
        )
        if answer is not None:
            rows.append((f"✗{number}", refusal.fault, answer.sender, answer.receiver, "answer", answer.id))
    return _diagram(rows, known)


def _diagram(rows: Sequence[_Row], known: Mapping[str, Participant]) -> Diagram:
    seen: list[str] = []
    for _number, _label, sender, receiver, _kind, _target in rows:
        seen += [name for name in (sender, receiver) if name not in seen]
    place = {name: _MARGIN + column * COLUMN for column, name in enumerate(seen)}
    lines = []
    for name in seen:
        participant = known.get(name, Participant(name, name))
        lines.append(Line(participant, ROLES.get(participant.role, Text(name, name)), place[name]))
    arrows = tuple(
        Arrow(number, label, place[sender], place[receiver], HEAD + ROW * (row + 1), kind, target)
        for row, (number, label, sender, receiver, kind, target) in enumerate(rows)
    )
    width = 2 * _MARGIN + COLUMN * (len(seen) - 1) if seen else 2 * _MARGIN
    return Diagram(tuple(lines), arrows, width, HEAD + ROW * (len(rows) + 1))
