"""Faults as the profile words them: coarse to whoever sent the message, exact where detail is switched on.

``juki:Refusal`` in the detail holds a stable code and a random reference; step and reasons only for a
counterpart with fault detail. Nothing from the message is ever quoted.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from gateway.contract import INTERNAL_ERROR, fault_detail
from gateway.errors import OperationFault
from gateway.refusals import FAULTS, SOAP, WSA, Fault, Rule

_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_COARSE: Final[Mapping[Fault, str]] = {
    Fault.CLIENT: "The message is not acceptable.",
    Fault.SERVER: "The request could not be processed.",
    Fault.MUST_UNDERSTAND: "A header that must be understood is not known here.",
    Fault.VERSION_MISMATCH: "Only SOAP 1.1 is spoken here.",
    Fault.INVALID_SECURITY: "The security header is not acceptable.",
    Fault.UNSUPPORTED_ALGORITHM: "An algorithm is not supported.",
    Fault.FAILED_CHECK: "The signature could not be verified.",
    Fault.FAILED_AUTHENTICATION: "The sender could not be authenticated.",
    Fault.INVALID_SECURITY_TOKEN: "The security token is not acceptable.",
    Fault.MESSAGE_EXPIRED: "The message is not within its time.",
    Fault.INVALID_ADDRESSING_HEADER: "An addressing header is not acceptable.",
    Fault.ACTION_NOT_SUPPORTED: "The action is not supported.",
    Fault.ADDRESSING_HEADER_REQUIRED: "An addressing header is missing.",
    Fault.NOT_PERMITTED: "This is not permitted.",
    Fault.DUPLICATE_MESSAGE: "The message was received before.",
    Fault.BUSY: "The message cannot be worked on now; send it again later.",
    Fault.INVALID_REQUEST: "The request is not acceptable.",
}


@dataclass(frozen=True, slots=True)
class FaultBody:
    """A soap:Fault ready to be signed or sent: its element, its wsa:Action, and its faultcode's prefix."""

    element: etree._Element
    action: str
    prefix: str


def new_reference() -> str:
    """A random reference that ties a fault to its record: 20 hexadecimal digits."""
    return secrets.token_hex(10)


def refusal_fault(rule: Rule, reference: str, *, detail: bool, where: str = "") -> FaultBody:
    """The fault of a refused message; ``detail`` adds the step and the reasons."""
    fault = rule.fault
    place = f" ({where})" if where else ""
    element = _fault(
        fault.prefix,
        fault.namespace,
        fault.local,
        _COARSE[fault],
        fault_detail(fault.local, reference, step=rule.step, en=rule.en + place, ja=rule.ja + place)
        if detail
        else fault_detail(fault.local, reference),
    )
    action = f"{WSA}/fault" if fault.namespace == WSA else f"{WSA}/soap/fault"
    return FaultBody(element, action, fault.prefix)


def operation_fault(fault: OperationFault, reference: str, action: str) -> FaultBody:
    """An operation's own fault, which the WSDL declares; its texts are for the caller."""
    detail = fault_detail(fault.code, reference, en=fault.en, ja=fault.ja)
    return FaultBody(_fault("juki", FAULTS, fault.code, fault.en, detail), action, "juki")


def failure_fault(reference: str) -> FaultBody:
    """The fault of an error of our own: a reference and nothing else."""
    detail = fault_detail(INTERNAL_ERROR, reference)
    element = _fault("soap", SOAP, "Server", _COARSE[Fault.SERVER], detail)
    return FaultBody(element, f"{WSA}/soap/fault", "soap")


def unsigned_envelope(fault: FaultBody) -> bytes:
    """The fault in an envelope without any header, for senders that are not known."""
    nsmap = {"soap": SOAP}
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=nsmap)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(fault.element)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)


def _fault(prefix: str, namespace: str, code: str, text: str, detail: etree._Element) -> etree._Element:
    fault = etree.Element(f"{{{SOAP}}}Fault", nsmap={"soap": SOAP, prefix: namespace})
    etree.SubElement(fault, "faultcode").text = f"{prefix}:{code}"
    string = etree.SubElement(fault, "faultstring")
    string.text = text
    string.set(_XML_LANG, "en")
    etree.SubElement(fault, "detail").append(detail)
    return fault
