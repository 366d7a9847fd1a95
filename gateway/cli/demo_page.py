"""From what the demo did to what its page shows: every message traced as its receiver judged it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.cli.demo_refusals import RefusedRequest
from gateway.cli.demo_steps import Flow, Step
from gateway.cli.demo_traffic import Call, Shown, system, timings_of
from gateway.cli.explain_text import LABELS, TABLES
from gateway.contract import SERVICES
from gateway.refusals import Refused
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust import TrustStore
from gateway.trust.configured import trust_store
from gateway.web import FlowView, MessageView, Page, Participant, RefusalView, StepView, Text
from gateway.wss import names
from gateway.wss.addressing import AnswerContext, RequestContext
from gateway.wss.configured import profile_of
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Profile
from gateway.wss.trace import trace


@dataclass(frozen=True, slots=True)
class Ran:
    """A flow that ran, with its steps and how it ended."""

    flow: Flow
    steps: tuple[Step, ...]
    outcome: str  # "done" or "failed"
    reason: str | None = None


def make_page(
    network: dict[str, Any],
    flows: Sequence[Ran],
    refusals: Sequence[RefusedRequest],
    *,
    begun: datetime,
    seconds: float,
) -> Page:
    """The page of a run; ``network`` is the content of network.json."""
    maker = _Maker(network)
    return Page(
        begun=begun,
        seconds=seconds,
        participants=tuple(
            Participant(entry["id"], entry["role"], entry["name"]) for entry in network["systems"]
        ),
        flows=tuple(maker.flow(ran) for ran in flows),
        refusals=tuple(maker.refusal(refused) for refused in refusals),
    )


@dataclass(slots=True)
class _Maker:
    network: dict[str, Any]
    trusts: dict[str, tuple[TrustStore, Profile]] = field(default_factory=dict)

    def flow(self, ran: Ran) -> FlowView:
        return FlowView(
            ran.flow.number,
            Text(ran.flow.title_ja, ran.flow.title_en),
            tuple(self._step(ran.flow, index, step) for index, step in enumerate(ran.steps, 1)),
            ran.outcome,
            ran.reason,
        )

    def _step(self, flow: Flow, index: int, step: Step) -> StepView:
        return StepView(
            step.number,
            Text(step.text_ja, step.text_en),
            step.caller,
            step.callee,
            step.outcome,
            step.operation,
            tuple(self._messages(f"flow-{flow.number}-step-{index}", step.shown)),
        )

    def _messages(self, prefix: str, shown: Sequence[Shown]) -> Iterator[MessageView]:
        for number, one in enumerate(shown, 1):
            name = f"{prefix}-{number}"
            if one.part == "request":
                yield self._request(name, one.call)
            elif one.call.answer is not None:
                yield self._answer(name, one.call, one.call.answer)

    def refusal(self, refused: RefusedRequest) -> RefusalView:
        bad, call = refused.bad, refused.call
        return RefusalView(
            Text(bad.title_ja, bad.title_en),
            Text(bad.text_ja, bad.text_en),
            self._request(f"refused-{bad.name}", call),
            None if call.answer is None else self._answer(f"refused-{bad.name}-fault", call, call.answer),
            refused.fault,
            refused.reference,
            tuple(_explained(refused.explained)),
        )

    def _request(self, name: str, call: Call) -> MessageView:
        """The request as its receiver judged it when it arrived."""
        service = SERVICES[call.service]
        receiver = system(self.network, call.callee)
        trust, profile = self._judge(call.callee)
        expected = RequestContext(
            frozenset({receiver["services"][call.service]["url"]}),
            {action: operation.request for action, operation in service.operations.items()},
            service.operation(call.operation).action,
        )
        return MessageView(
            id=name,
            kind="request",
            sender=call.caller,
            receiver=call.callee,
            operation=call.operation,
            raw=call.request,
            trace=trace(call.request, expected, trust=trust, now=call.begun, profile=profile),
            at=call.begun,
            timings=(("round_trip", call.milliseconds), *timings_of(receiver, call.message_id)),
        )

    def _answer(self, name: str, call: Call, answer: bytes) -> MessageView:
        """The answer as the caller judged it: bound to its request."""
        operation = SERVICES[call.service].operation(call.operation)
        trust, profile = self._judge(call.caller)
        expected = AnswerContext(
            call.message_id,
            _signature_value(call.request),
            {operation.answer_action: operation.response, operation.fault_action: names.FAULT},
        )
        told = trace(answer, expected, trust=trust, now=call.ended, profile=profile)
        is_fault = told.message is not None and told.message.is_fault
        return MessageView(
            id=name,
            kind="answer",
            sender=call.callee,
            receiver=call.caller,
            operation="Fault" if is_fault else f"{call.operation}Response",
            raw=answer,
            trace=told,
            at=call.ended,
            timings=(("round_trip", call.milliseconds),),
        )

    def _judge(self, name: str) -> tuple[TrustStore, Profile]:
        """Trust and profile of the system that judges a message."""
        if name not in self.trusts:
            state = StateFolder.open(Path(system(self.network, name)["state"]))
            settings = load_settings(state.settings_file)
            self.trusts[name] = trust_store(settings, state.path), profile_of(settings)
        return self.trusts[name]


def _signature_value(request: bytes) -> str:
    """The SignatureValue of a request of ours, as its answer must repeat it."""
    try:
        root = step_2_parse(request, Profile().limits)
    except Refused:
        return ""
    value = next(root.iter(names.SIGNATURE_VALUE), None)
    return "" if value is None else "".join((value.text or "").split())


def _explained(document: dict[str, Any]) -> Iterator[tuple[Text, tuple[Text | str, ...]]]:
    """What ``explain`` prints, line by line, in both languages."""
    for key, (english, japanese) in {**LABELS, "chain": TABLES["chain"]}.items():
        value = document.get(key)
        if key == "outcome" or value in (None, "", []):
            continue
        if key == "reason":
            yield Text(japanese, english), (Text(value["ja"], value["en"]),)
        elif key == "chain":
            yield Text(japanese, english), tuple(_link(link) for link in value)
        else:
            yield Text(japanese, english), (str(value),)


def _link(link: dict[str, Any]) -> str:
    return f"{link['subject']} ← {link['issuer']}, {link['not_after']} ({link['days_left']} d)"
