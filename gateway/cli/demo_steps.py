"""What a flow of the demo yields: its steps, numbered as in the source document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.cli.demo_traffic import Shown
from gateway.errors import GatewayError


class FlowFailed(GatewayError):
    """A step did not come out as the flow expects."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The signed message of a step: whose signature, whether it verified, its MessageID, round-trip time."""

    signer: str
    verified: bool
    message_id: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``number`` is the source document's (``2-②``), one each; ``message`` is None at a counter.

    ``caller`` and ``callee`` are system ids, or what the source document calls a person or a counter.
    ``shown`` are the messages that the page shows with it, in the order in which they went.
    """

    number: str
    text_ja: str
    text_en: str
    caller: str
    callee: str
    outcome: str
    operation: str | None = None
    message: Exchange | None = None
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow: ``run`` takes the content of network.json and yields each step as it is done.

    It raises FlowFailed (or any GatewayError) when a step does not come out as it must.
    """

    number: str
    title_ja: str
    title_en: str
    run: Callable[[dict[str, Any]], Iterator[Step]]


def step_document(step: Step) -> dict[str, Any]:
    """The step as demo.json holds it."""
    message = step.message
    return {
        "number": step.number,
        "text": {"ja": step.text_ja, "en": step.text_en},
        "caller": step.caller,
        "callee": step.callee,
        "operation": step.operation,
        "outcome": step.outcome,
        "message": message
        and {
            "signer": message.signer,
            "verified": message.verified,
            "message_id": message.message_id,
            "milliseconds": round(message.milliseconds, 3),
        },
    }
