"""The one fault detail of the contract, ``juki:Refusal``: declared as a fault of every operation."""

from __future__ import annotations

from typing import Any

from lxml import etree

from gateway.contract import mapping
from gateway.contract.service import FAULTS
from gateway.contract.types import optional, record, text
from gateway.domain.faults import OPERATION_FAULTS
from gateway.refusals import Fault

# isort: split
from spyne import Integer, Unicode, XmlAttribute, XmlData

XML = "http://www.w3.org/XML/1998/namespace"

INTERNAL_ERROR = "InternalError"
"""The code of a fault whose cause is ours: the log has more under its reference."""

CODES: frozenset[str] = frozenset({fault.local for fault in Fault} | set(OPERATION_FAULTS) | {INTERNAL_ERROR})
"""Every ``juki:code``: the profile's faultcodes, the operations' own, and the internal error."""

Code = Unicode(type_name="Code", values=set(CODES), min_occurs=1, nillable=False)
Reference = text("Reference", pattern="[0-9A-Za-z-]{8,64}")
Step = Integer(type_name="Step", ge=1, le=13, min_occurs=0, nillable=False)
Language = Unicode(type_name="Language", values={"en", "ja"}, min_occurs=1, nillable=False)
ReasonText = text("ReasonText", min_len=1, max_len=500)

Reason = record(FAULTS, "Reason", [("lang", XmlAttribute(Language, ns=XML)), ("value", XmlData(ReasonText))])

_REFUSAL = f"{{{FAULTS}}}Refusal"

Refusal = record(
    FAULTS,
    "Refusal",
    [
        ("code", Code),
        ("reference", Reference),
        ("step", optional(Step)),
        ("reason", Reason.customize(min_occurs=0, max_occurs=2, nillable=False)),
    ],
)

mapping.compile_model(Refusal, _REFUSAL)
_Reason, _Refusal = mapping.message_class(Reason), mapping.message_class(Refusal)


def fault_detail(
    code: str, reference: str, *, step: int | None = None, en: str | None = None, ja: str | None = None
) -> etree._Element:
    """The ``juki:Refusal`` element for a fault's ``detail``.

    ``code`` is one of CODES (ValueError otherwise, a bug); ``step`` and the two texts only for a sender
    that may see details. The texts are ours and never quote a message; they are cut at 500 characters.
    """
    if code not in CODES:
        raise ValueError("not a fault code of the contract")
    reasons: list[Any] = [
        _Reason(lang=lang, value=reason[:500]) for lang, reason in (("ja", ja), ("en", en)) if reason
    ]
    message = _Refusal(code=code, reference=reference, step=step, reason=reasons or None)
    return etree.fromstring(mapping.write(Refusal, message, _REFUSAL))
