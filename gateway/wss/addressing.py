"""Step 10: WS-Addressing 1.0 fields, and their agreement with SOAPAction, the Body and the direction.

A request has no RelatesTo and no SignatureConfirmation, an answer must have both, and their Actions
differ, so that an answer, which carries a sender's text under our signature, can never be played back
as a request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from gateway.refusals import Refused
from gateway.wss import names
from gateway.wss.envelope import Envelope, for_us, local_name, only_elements
from gateway.wss.security import Security

MESSAGE_ID_LENGTH: Final = 256  # characters
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`\x00-\x20\x7f]+")
_VALUES: Final = frozenset({"To", "Action", "MessageID", "RelatesTo"})
_ENDPOINTS: Final = frozenset({"ReplyTo", "FaultTo", "From"})
_KNOWN: Final = _VALUES | _ENDPOINTS
_MESSAGE_ID: Final = f"{{{names.WSA}}}MessageID"
_ADDRESS: Final = f"{{{names.WSA}}}Address"
_ATTRIBUTES: Final = frozenset({names.WSU_ID, names.MUST_UNDERSTAND, names.ACTOR})
_FAULT_ACTIONS: Final = frozenset({names.ACTION_FAULT_ADDRESSING, names.ACTION_FAULT_SOAP})


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What a request must agree with: where it arrived, and what is served there.

    ``actions`` maps wsa:Action to the Clark name of the Body's element; ``soap_action`` is the HTTP
    header without its quotes, None when it was absent.
    """

    addresses: frozenset[str]
    actions: Mapping[str, str]
    soap_action: str | None


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What an answer must be bound to: the request that was sent, and the answers that it may get.

    ``actions`` maps the answer's wsa:Action to the Clark name of its Body's element; an operation's own
    faults are named there with the Clark name of soap:Fault.
    """

    message_id: str
    signature_value: str
    actions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Addressing:
    """The addressing fields of one message."""

    to: str
    action: str
    message_id: str
    relates_to: str | None


def message_id_of(envelope: Envelope) -> str | None:
    """The MessageID for binding a fault to its request, or None where it cannot serve as one."""
    found = [header for header in envelope.addressing if header.tag == _MESSAGE_ID]
    text = (found[0].text or "").strip(" \t\r\n") if len(found) == 1 and not len(found[0]) else ""
    return text if _is_message_id(text) else None


def step_10_request(envelope: Envelope, security: Security, expected: RequestContext) -> Addressing:
    """The addressing of a request, agreeing with everything around it."""
    fields = _read(envelope)
    if fields.relates_to is not None or security.confirmation is not None:
        raise Refused("request-relates")
    if fields.to not in expected.addresses:
        raise Refused("to")
    if fields.action not in expected.actions:
        raise Refused("action")
    if expected.soap_action != fields.action:
        raise Refused("soap-action", found="none" if expected.soap_action is None else "another")
    if envelope.content.tag != expected.actions[fields.action]:
        raise Refused(
            "action-body", found=local_name(envelope.content), wanted=expected.actions[fields.action]
        )
    return fields


def step_10_answer(
    envelope: Envelope, security: Security, expected: AnswerContext
) -> tuple[Addressing, bool]:
    """The addressing of an answer, and whether it is bound to our request.

    Only a fault may be unbound (RelatesTo unspecified, or no SignatureConfirmation): the other side refused
    the request before it could tell who asked what.
    """
    fields = _read(envelope)
    if fields.to != names.ANONYMOUS:
        raise Refused("answer-to", wanted=names.ANONYMOUS)
    is_fault = envelope.content.tag == names.FAULT
    wanted = expected.actions.get(fields.action)
    if wanted is None and not (is_fault and fields.action in _FAULT_ACTIONS):
        raise Refused("action")
    if wanted is not None and envelope.content.tag != wanted:
        raise Refused("action-body", found=local_name(envelope.content), wanted=wanted)
    related = fields.relates_to == expected.message_id
    if not related and not (is_fault and fields.relates_to == names.UNSPECIFIED):
        raise Refused("answer-relates")
    confirmation = security.confirmation
    if confirmation is None:
        if not is_fault:
            raise Refused("answer-confirmation", found="none")
        return fields, False
    if confirmation.get("Value") != expected.signature_value or len(confirmation) or confirmation.text:
        raise Refused("answer-confirmation", found="another")
    return fields, related


def _read(envelope: Envelope) -> Addressing:
    values: dict[str, str] = {}
    seen: set[str] = set()
    for header in envelope.addressing:
        name = str(header.tag).rpartition("}")[2]
        if name not in _KNOWN:
            raise Refused(
                "addressing-value", found="a header of the namespace that the profile has no use for"
            )
        if name in seen:
            raise Refused("addressing-doubled", where=name)
        seen.add(name)
        _check_attributes(header, name)
        if name in _VALUES:
            values[name] = _value(header)
        elif name in _ENDPOINTS:
            _check_endpoint(header)
    for name in ("To", "Action", "MessageID"):
        if name not in values:
            raise Refused("addressing-missing", where=name)
    if not _is_message_id(values["MessageID"]):
        raise Refused("message-id", found=f"{len(values['MessageID'])} characters")
    return Addressing(values["To"], values["Action"], values["MessageID"], values.get("RelatesTo"))


def _check_attributes(header: etree._Element, name: str) -> None:
    foreign = set(header.keys()) - _ATTRIBUTES
    if name == "RelatesTo" and header.get("RelationshipType") == names.REPLY:
        foreign.discard("RelationshipType")
    if foreign or not for_us(header):
        raise Refused("addressing-value", where=name, found="attributes")


def _value(header: etree._Element) -> str:
    text = (header.text or "").strip(" \t\r\n")
    if len(header) or not text:
        raise Refused("addressing-value", where=local_name(header))
    return text


def _check_endpoint(header: etree._Element) -> None:
    """ReplyTo, FaultTo and From: answers go back on the connection, so only the anonymous address fits."""
    if [child.tag for child in header] != [_ADDRESS] or not only_elements(header):
        raise Refused("addressing-value", where=local_name(header))
    address = header[0]
    if len(address) or (address.text or "").strip(" \t\r\n") != names.ANONYMOUS:
        raise Refused("reply-to", where=local_name(header), wanted=names.ANONYMOUS)


def _is_message_id(text: str) -> bool:
    return len(text) <= MESSAGE_ID_LENGTH and _IRI.fullmatch(text) is not None
