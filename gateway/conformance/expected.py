"""What a message from a file must agree with: told by its Body whether it asks, answers or refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from lxml import etree

from gateway.contract import SERVICES, Operation, Service
from gateway.contract.service import PIECE_BYTES
from gateway.refusals import Refused
from gateway.wss import names
from gateway.wss.addressing import AnswerContext, RequestContext
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Limits

Kind = Literal["request", "answer", "fault", "unknown"]
_WIDEST = Limits(body_bytes=PIECE_BYTES, elements=200_000)  # as of a message that carries a piece
_BY_REQUEST = {
    operation.request: (service, operation)
    for service in SERVICES.values()
    for operation in service.operations.values()
}
_BY_RESPONSE = {operation.response: (service, operation) for service, operation in _BY_REQUEST.values()}
_BY_FAULT_ACTION = {
    operation.fault_action: (service, operation) for service, operation in _BY_REQUEST.values()
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a message says of itself; nothing of it is verified.

    ``service`` and ``operation`` are None where it does not say: of a fault that is not an operation's own,
    and of what cannot be read.
    """

    kind: Kind
    service: Service | None = None
    operation: Operation | None = None
    to: str = ""
    action: str = ""
    message_id: str = ""
    relates_to: str = ""
    signature_value: str = ""
    confirms: str = ""
    created: datetime | None = None
    fault: str = ""  # local name of its faultcode


def look_at(raw: bytes) -> Seen:
    """What the bytes of a message say of it, as far as they can be read."""
    try:
        root = step_2_parse(raw, _WIDEST)
    except Refused:
        return Seen("unknown")
    content = next((str(body[0].tag) for body in root.iter(names.BODY) if len(body)), "")
    action = _text(root, f"{{{names.WSA}}}Action")
    kind, (service, operation) = _known(content, action)
    confirmation = next(root.iter(names.CONFIRMATION), None)
    return Seen(
        kind,
        service,
        operation,
        to=_text(root, f"{{{names.WSA}}}To"),
        action=action,
        message_id=_text(root, f"{{{names.WSA}}}MessageID"),
        relates_to=_text(root, f"{{{names.WSA}}}RelatesTo"),
        signature_value=_text(root, names.SIGNATURE_VALUE),
        confirms="" if confirmation is None else confirmation.get("Value", ""),
        created=_instant(_text(root, names.CREATED)),
        fault=_text(root, "faultcode").rpartition(":")[2],
    )


def expected_of(
    seen: Seen, addresses: Iterable[str] | None, asked: Seen | None = None
) -> RequestContext | AnswerContext:
    """What step 10 is to compare with: a request as it arrives here, an answer as that to ``asked``.

    HTTP headers are not among the bytes, so SOAPAction is taken to be right; so is wsa:To where ``addresses``
    (base addresses) are None, and an answer's binding where nobody knows what was asked.
    """
    if seen.kind == "request" and seen.service is not None:
        path, service = seen.service.path, seen.service
        served = {seen.to} if addresses is None else {base.rstrip("/") + path for base in addresses}
        actions = {action: operation.request for action, operation in service.operations.items()}
        return RequestContext(frozenset(served), actions, seen.action)
    if seen.kind not in {"answer", "fault"}:
        return RequestContext(frozenset(), {}, None)
    if asked is not None and asked.operation is not None:
        return AnswerContext(asked.message_id, asked.signature_value, _answers([asked.operation]))
    operations = [operation for _, operation in _BY_REQUEST.values()]
    return AnswerContext(seen.relates_to, seen.confirms, _answers(operations))


def _answers(operations: Iterable[Operation]) -> dict[str, str]:
    actions: dict[str, str] = {}
    for one in operations:
        actions |= {one.answer_action: one.response, one.fault_action: names.FAULT}
    return actions


def _known(content: str, action: str) -> tuple[Kind, tuple[Service | None, Operation | None]]:
    if content in _BY_REQUEST:
        return "request", _BY_REQUEST[content]
    if content in _BY_RESPONSE:
        return "answer", _BY_RESPONSE[content]
    if content == names.FAULT:
        return "fault", _BY_FAULT_ACTION.get(action, (None, None))
    return "unknown", (None, None)


def _text(root: etree._Element, name: str) -> str:
    return next((element.text or "" for element in root.iter(name)), "").strip()


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None
