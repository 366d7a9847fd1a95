"""Reads an answer or a fault as bytes, with lxml alone: what it says, and how it is signed and bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

NAMES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "a": "http://www.w3.org/2005/08/addressing",
    "w": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "w11": "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd",
    "d": "http://www.w3.org/2000/09/xmldsig#",
    "j": "urn:juki-gateway:faults:1",
}
UNSPECIFIED = "http://www.w3.org/2005/08/addressing/unspecified"
ADDRESSING_FAULT = "http://www.w3.org/2005/08/addressing/fault"
SOAP_FAULT = "http://www.w3.org/2005/08/addressing/soap/fault"
_CONVENTIONAL = {
    NAMES["s"]: "soap",
    NAMES["a"]: "wsa",
    NAMES["w"]: "wsse",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd": "wsu",
    NAMES["j"]: "juki",
}


@dataclass(frozen=True, slots=True)
class Read:
    """One message that came back.

    ``fault`` is the faultcode with its conventional prefix, None for an answer; ``reasons`` by language.
    """

    signed: bool
    action: str | None
    relates_to: str | None
    confirms: str | None
    fault: str | None
    text: str | None
    code: str | None
    reference: str | None
    step: int | None
    reasons: dict[str, str]
    children: tuple[str, ...]
    body: bytes
    """Exclusive canonical form of the Body's child."""


def read(raw: bytes) -> Read:
    """The message in these bytes; raises when it is no SOAP envelope with one child in its Body."""
    root = etree.fromstring(raw)
    (content,) = root.find("s:Body", NAMES)
    fault = content if content.tag == f"{{{NAMES['s']}}}Fault" else None
    refusal = None if fault is None else fault.find("detail/j:Refusal", NAMES)
    confirmation = root.find("s:Header/w:Security/w11:SignatureConfirmation", NAMES)
    step = _text(refusal, "j:step")
    return Read(
        signed=root.find("s:Header/w:Security/d:Signature/d:SignatureValue", NAMES) is not None,
        action=_text(root, "s:Header/a:Action"),
        relates_to=_text(root, "s:Header/a:RelatesTo"),
        confirms=None if confirmation is None else confirmation.get("Value"),
        fault=None if fault is None else _code(fault.find("faultcode")),
        text=_text(fault, "faultstring"),
        code=_text(refusal, "j:code"),
        reference=_text(refusal, "j:reference"),
        step=None if step is None else int(step),
        reasons={}
        if refusal is None
        else {
            reason.get("{http://www.w3.org/XML/1998/namespace}lang"): reason.text
            for reason in refusal.iterfind("j:reason", NAMES)
        },
        children=() if refusal is None else tuple(etree.QName(child).localname for child in refusal),
        body=etree.tostring(content, method="c14n", exclusive=True),
    )


def _code(faultcode: Any) -> str:
    prefix, _, local = faultcode.text.partition(":")
    return f"{_CONVENTIONAL[faultcode.nsmap[prefix]]}:{local}"


def _text(element: Any, path: str) -> str | None:
    found = None if element is None else element.find(path, NAMES)
    return None if found is None else found.text
