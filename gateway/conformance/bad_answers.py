"""What a counterpart that listens answers instead of the good answer, where changing that is not enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lxml import etree

from gateway.conformance.draft import Draft
from gateway.conformance.expected import Seen, look_at
from gateway.domain.faults import OPERATION_FAULTS, operation_fault
from gateway.refusals import RULES
from gateway.transport import faults
from gateway.transport.http import HttpAnswer, Manner
from gateway.trust import Signer
from gateway.wss import names
from gateway.wss.sign import Outgoing, new_message_id, sign


@dataclass(frozen=True, slots=True)
class Exchange:
    """A good request and the good answer to it; ``other`` signs for another system, None where there is none.

    ``value`` is what stands after the behaviour's name; ``wait`` waits so many seconds, or until the end.
    """

    seen: Seen
    good: HttpAnswer
    signer: Signer
    other: Signer | None
    now: datetime
    value: str
    wait: Callable[[float], object]


def _signed(
    exchange: Exchange, signer: Signer, fault: faults.FaultBody | None = None, **changes: Any
) -> bytes:
    """The good answer, or a fault instead of it, signed anew."""
    root = etree.fromstring(exchange.good.body)
    body, seen = root.find(names.BODY), look_at(exchange.good.body)
    if body is None:
        raise ValueError("an answer without a Body")
    if fault is None and seen.kind == "fault":
        changes = {"inclusive": ("juki",), **changes}
    outgoing = Outgoing(
        body[0] if fault is None else fault.element,
        to=names.ANONYMOUS,
        action=seen.action if fault is None else fault.action,
        message_id=new_message_id(),
        relates_to=exchange.seen.message_id,
        confirms=exchange.seen.signature_value,
        inclusive=() if fault is None else (fault.prefix,),
    )
    return sign(replace(outgoing, **changes), signer, exchange.now).raw


def by_another(exchange: Exchange) -> HttpAnswer:
    """The good answer under the other system's signature."""
    return replace(exchange.good, body=_signed(exchange, exchange.other or exchange.signer))


def wrong_key(exchange: Exchange) -> HttpAnswer:
    """The other system's signature under our certificate."""
    draft = Draft(etree.fromstring(exchange.good.body), exchange.other or exchange.signer, {})
    draft.resign()
    return replace(exchange.good, body=draft.written())


def fault(exchange: Exchange) -> HttpAnswer:
    """An operation's own fault, or the profile's, bound as far as the step that it stands for."""
    reference, name = faults.new_reference(), exchange.value
    if name in OPERATION_FAULTS and exchange.seen.operation is not None:
        fault = faults.operation_fault(operation_fault(name), reference, exchange.seen.operation.fault_action)
        return HttpAnswer(500, _signed(exchange, exchange.signer, fault))
    rule = next(rule for rule in RULES.values() if rule.fault.local == name and rule.step > 1)
    fault = faults.refusal_fault(rule, reference, detail=True)
    bound = {
        "relates_to": exchange.seen.message_id if rule.step > 4 else names.UNSPECIFIED,
        "confirms": exchange.seen.signature_value if rule.step > 8 else None,
    }
    return HttpAnswer(rule.status, _signed(exchange, exchange.signer, fault, **bound))


def unbound(exchange: Exchange) -> HttpAnswer:
    """A signed fault that names no request."""
    fault = faults.failure_fault(faults.new_reference())
    body = _signed(exchange, exchange.signer, fault, relates_to=names.UNSPECIFIED, confirms=None)
    return HttpAnswer(500, body)


def unsigned_fault(_exchange: Exchange) -> HttpAnswer:
    """A fault without any header."""
    return HttpAnswer(500, faults.unsigned_envelope(faults.failure_fault(faults.new_reference())))


def slow(exchange: Exchange) -> HttpAnswer:
    """The good answer after so many seconds."""
    exchange.wait(float(exchange.value))
    return exchange.good


def plain(status: int, body: bytes, content_type: str) -> Callable[[Exchange], HttpAnswer]:
    """An HTTP answer that is no message."""
    return lambda _exchange: HttpAnswer(status, body, content_type)


def sent(manner: Manner) -> Callable[[Exchange], HttpAnswer]:
    """The good answer, sent in another manner."""
    return lambda exchange: replace(exchange.good, manner=manner)
