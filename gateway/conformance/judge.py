"""Whether what came back is what the case demands; every complaint is one sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.conformance.case import Case
from gateway.contract import read_answer
from gateway.contract.service import Operation, Service
from gateway.refusals import FAULTS, WSA, Refused, Rule
from gateway.trust import TrustedCertificate
from gateway.wss import names
from gateway.wss.addressing import AnswerContext
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Limits
from gateway.wss.verify import VerifiedMessage, Verifier

_REFERENCE_DIGITS: Final = 20
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Received:
    """What came back over HTTP."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges answers of one operation of one server."""

    service: Service
    operation: Operation
    verifier: Verifier
    is_target: Callable[[TrustedCertificate], bool]
    fault: str | None = None

    def complaints(
        self, case: Case, message_id: str, signature_value: str, received: Received, now: datetime
    ) -> list[str]:
        """What is wrong with the answer; nothing when the case holds."""
        answered = 200 if self.fault is None else 500
        wanted = answered if case.rule is None else case.rule.status
        found = [] if received.status == wanted else [f"HTTP status {received.status}, not {wanted}"]
        if received.content_type.partition(";")[0].strip().lower() != "text/xml":
            found.append("Content-Type is not text/xml")
        if case.rule is not None and not case.known:
            return found + _unsigned(received.body, case.rule)
        operation = self.operation
        actions = {operation.answer_action: operation.response, operation.fault_action: names.FAULT}
        try:
            message = self.verifier.answer(
                received.body, AnswerContext(message_id, signature_value, actions), now
            )
        except Refused as refusal:
            return [*found, f"the answer is not acceptable: {refusal.rule.name} ({refusal.rule.en})"]
        if not self.is_target(message.certificate):
            found.append("the answer is not signed by the system that was asked")
        if case.rule is None:
            return found + self._answered(case, message)
        return found + _refused(case, case.rule, message, message_id)

    def _answered(self, case: Case, message: VerifiedMessage) -> list[str]:
        code = (message.content.findtext("faultcode") or "").rpartition(":")[2]
        if self.fault is not None:
            return [] if message.is_fault and code == self.fault else [f"it is not answered {self.fault}"]
        if message.is_fault:
            return [f"a fault came back: {code}"]
        try:
            read_answer(self.service, self.operation, message.content)
        except Refused as refusal:
            return [f"the answer does not follow the contract: {refusal.rule.name}"]
        return [
            f"{name} is {told}, not {wanted}"
            for name, wanted in case.tells.items()
            if (told := message.content.findtext(f".//{{*}}{name}")) != wanted
        ]


def _refused(case: Case, rule: Rule, message: VerifiedMessage, message_id: str) -> list[str]:
    if not message.is_fault:
        return ["the message was answered; it must be refused"]
    found = _fault(message.content, rule)
    action = f"{WSA}/fault" if rule.fault.namespace == WSA else f"{WSA}/soap/fault"
    if message.addressing.action != action:
        found.append("the fault has another wsa:Action")
    related = message_id if case.relates == "request" else names.UNSPECIFIED
    if message.addressing.relates_to != related:
        found.append(f"wsa:RelatesTo does not name the {case.relates} message")
    if case.relates == "request" and message.bound != case.confirmed:
        found.append(
            "SignatureConfirmation is missing"
            if case.confirmed
            else "SignatureConfirmation is there too early"
        )
    return found


def _unsigned(raw: bytes, rule: Rule) -> list[str]:
    """At step 1, and to whom the server does not know, the fault is unsigned."""
    try:
        root = step_2_parse(raw, Limits())
    except Refused as refusal:
        return [f"the answer cannot be read: {refusal.rule.name}"]
    if root.find(f".//{names.SECURITY}") is not None:
        return ["the fault is signed; here it must not be"]
    fault = root.find(f"{names.BODY}/{names.FAULT}")
    return ["no SOAP fault came back"] if fault is None else _fault(fault, rule)


def _fault(fault: etree._Element, rule: Rule) -> list[str]:
    prefix, _, local = (fault.findtext("faultcode") or "").strip().rpartition(":")
    code, found = fault.find("faultcode"), []
    namespace = None if code is None else code.nsmap.get(prefix or None)
    if (namespace, local) != (rule.fault.namespace, rule.fault.local):
        found.append(f"faultcode is {local}, not {rule.fault}")
    detail = fault.find(f"detail/{{{FAULTS}}}Refusal")
    if detail is None:
        return [*found, "there is no juki:Refusal in the detail"]
    if detail.findtext(f"{{{FAULTS}}}code") != rule.fault.local:
        found.append("juki:code is not the faultcode's")
    reference = detail.findtext(f"{{{FAULTS}}}reference") or ""
    if len(reference) != _REFERENCE_DIGITS or set(reference) - set("0123456789abcdef"):
        found.append("juki:reference is not 20 hexadecimal digits")
    return found + _told(detail, rule)


def _told(detail: etree._Element, rule: Rule) -> list[str]:
    """Step and reason, where the server tells them."""
    found = []
    step = detail.findtext(f"{{{FAULTS}}}step")
    if step is not None and step != str(rule.step):
        found.append(f"refused at step {step}, not {rule.step}")
    for reason in detail.iterfind(f"{{{FAULTS}}}reason"):
        if reason.get(_LANG) == "en" and not (reason.text or "").startswith(rule.en):
            found.append(f"refused by another rule than {rule.name}")
    return found
