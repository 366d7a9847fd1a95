"""Reading a counterpart's fault: its code, its reference and its reasons, from an element of any standing."""

from __future__ import annotations

from typing import Final, Literal

from lxml import etree

from gateway.errors import CounterpartFault
from gateway.refusals import FAULTS, SOAP

_NAMES: Final = {"soap": SOAP, "juki": FAULTS}
_LENGTH: Final = 500  # characters kept of a text


def read_fault(
    fault: etree._Element, standing: Literal["bound", "unbound", "unauthenticated"]
) -> CounterpartFault:
    """The fault as an error to raise; a fault that is not ours gives its faultcode and faultstring."""
    refusal = fault.find("detail/juki:Refusal", _NAMES)
    faultcode = _text(fault.find("faultcode"))
    code = faultcode.rpartition(":")[2]
    reference: str | None = None
    texts = [_text(fault.find("faultstring"))]
    if refusal is not None:
        code = _text(refusal.find("juki:code", _NAMES)) or code
        reference = _text(refusal.find("juki:reference", _NAMES)) or None
        texts += [_text(reason) for reason in refusal.iterfind("juki:reason", _NAMES)]
    return CounterpartFault(
        code or "unknown", " / ".join(dict.fromkeys(filter(None, texts))), reference, standing
    )


def _text(element: etree._Element | None) -> str:
    return "" if element is None else (element.text or "").strip()[:_LENGTH]
