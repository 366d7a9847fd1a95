"""Answers and faults, signed and bound to their request as far as it is known.

RelatesTo names the request from step 4 on, SignatureConfirmation only once step 8 has passed. To a sender
who is not known a fault is unsigned and holds a code and a reference, no more. What makes known is the
connection's certificate; on plain HTTP (development) the signature does, once step 11 has passed.
"""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from gateway.clock import Clock
from gateway.errors import OperationFault
from gateway.evidence import Entry, signature_made, signature_verified
from gateway.refusals import Refused
from gateway.store import StoredAnswer
from gateway.transport import faults
from gateway.transport.call import Call
from gateway.transport.http import HttpAnswer
from gateway.trust import Signer
from gateway.wss import names
from gateway.wss.sign import Outgoing, canonical_with, new_message_id, sign, sign_all

_OWN_FAULT = ("juki",)  # the prefix of an operation's own faultcode
_OK, _METHOD_NOT_ALLOWED = 200, 405


class Replies:
    """Everything that this system says, under its signature."""

    def __init__(self, signer: Signer, clock: Clock) -> None:
        self._signer = signer
        self._clock = clock

    def evidence(self, call: Call, answer: HttpAnswer, outcome: str) -> tuple[Entry, ...]:
        """A verified request and what is answered to it, as evidence keeps them."""
        message, sender = call.message, call.sender.id if call.sender else call.peer.name
        if message is None:
            return ()
        operation = call.operation.name if call.operation else None
        # An answer may be made and then given up for another one, which nobody signed.
        said = call.said if call.said is not None and call.said.raw is answer.body else None
        return (
            Entry.message(
                call.http.body,
                at=call.now,
                direction="in",
                peer=sender,
                kind="request",
                outcome=outcome,
                operation=operation,
                message_id=message.addressing.message_id,
                signature=signature_verified(message.signature, message.certificate.der),
            ),
            Entry.message(
                answer.body,
                at=self._clock.now(),
                direction="out",
                peer=sender,
                kind="answer" if answer.status == _OK else "fault",
                outcome=outcome,
                operation=operation,
                message_id=None if said is None else said.message_id,
                relates_to=message.addressing.message_id,
                signature=None if said is None else signature_made(said),
            ),
        )

    def stored(self, call: Call, answer: StoredAnswer) -> HttpAnswer:
        """An answer or an operation's own fault, signed now; a repeated one confirms the new request."""
        return self.stored_all([(call, answer)])[0]

    def stored_all(self, answers: Sequence[tuple[Call, StoredAnswer]]) -> list[HttpAnswer]:
        """As stored, for answers that are at hand together."""
        outgoing = [
            _outgoing(call, answer.body, answer.action, _OWN_FAULT if answer.fault else ())
            for call, answer in answers
        ]
        signed = sign_all(outgoing, self._signer, self._clock.now())
        for (call, _), said in zip(answers, signed, strict=True):
            call.said = said
        return [
            HttpAnswer(500 if answer.fault else _OK, said.raw)
            for (_, answer), said in zip(answers, signed, strict=True)
        ]

    def keepable(self, call: Call, fault: OperationFault) -> StoredAnswer:
        """An operation's own fault as the duplicate guard keeps it."""
        body = _operation_fault(call, fault)
        return StoredAnswer(body.action, canonical_with(body.element, _OWN_FAULT), fault=True)

    def temporary(self, call: Call, fault: OperationFault) -> HttpAnswer:
        """A fault that passes: it is not kept, a retry is worked anew."""
        body = _operation_fault(call, fault)
        return HttpAnswer(500, self._sign(call, body.element, body.action, _OWN_FAULT))

    def refusal(self, call: Call, refusal: Refused) -> HttpAnswer:
        """The fault for a refused message: signed from step 2 on when the connection's owner is known."""
        known = call.peer.counterpart or call.sender
        detail = known is not None and known.fault_detail
        fault = faults.refusal_fault(refusal.rule, call.reference, detail=detail, where=refusal.where)
        headers = (("Allow", "POST"),) if refusal.rule.status == _METHOD_NOT_ALLOWED else ()
        if known is None or refusal.rule.step == 1:
            return HttpAnswer(refusal.rule.status, faults.unsigned_envelope(fault), headers=headers)
        raw = self._sign(call, fault.element, fault.action, (fault.prefix,))
        return HttpAnswer(refusal.rule.status, raw, headers=headers)

    def failure(self, call: Call) -> HttpAnswer:
        """The answer to a request that met an error of our own."""
        fault = faults.failure_fault(call.reference)
        if call.peer.counterpart is None and call.sender is None:
            return HttpAnswer(500, faults.unsigned_envelope(fault))
        return HttpAnswer(500, self._sign(call, fault.element, fault.action, (fault.prefix,)))

    def _sign(
        self, call: Call, content: etree._Element | bytes, action: str, inclusive: tuple[str, ...]
    ) -> bytes:
        call.said = sign(_outgoing(call, content, action, inclusive), self._signer, self._clock.now())
        return call.said.raw


def _outgoing(
    call: Call, content: etree._Element | bytes, action: str, inclusive: tuple[str, ...]
) -> Outgoing:
    return Outgoing(
        content,
        to=names.ANONYMOUS,
        action=action,
        message_id=new_message_id(),
        relates_to=call.about.message_id or names.UNSPECIFIED,
        confirms=call.about.signature_value,
        inclusive=inclusive,
    )


def _operation_fault(call: Call, fault: OperationFault) -> faults.FaultBody:
    call.fault = fault.code
    action = call.operation.fault_action if call.operation else names.ACTION_FAULT_SOAP
    return faults.operation_fault(fault, call.reference, action)
