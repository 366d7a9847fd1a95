"""What all clients share: a zeep client whose messages are signed and whose answers are verified first.

zeep maps values to XML and back, by the WSDL file. It never sees an answer that was not verified: our
Transport signs the Body that zeep made, posts it, verifies the raw bytes of the answer, and only then hands
them on. zeep's own wsse modules are not used (they accept a wrapped message).
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
import zeep
from lxml import etree

from clients._faults import read_fault
from clients._http import HttpCaller, HttpReply
from clients._schema import AnswerSchema
from gateway.clock import Clock
from gateway.errors import (
    CounterpartAnswerInvalid,
    CounterpartError,
    CounterpartFault,
    CounterpartUnavailable,
)
from gateway.refusals import Refused
from gateway.trust import Signer, TrustedCertificate
from gateway.wss import names
from gateway.wss.addressing import AnswerContext
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Profile
from gateway.wss.sign import Outgoing, SignedMessage, new_message_id, sign
from gateway.wss.verify import VerifiedMessage, Verifier

_SOAP_STATUSES: Final = frozenset({200, 400, 404, 405, 413, 415, 500, 503})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it happened: the bytes sent, the bytes that came back, and what became of it."""

    operation: str
    message_id: str
    request: bytes
    answer: bytes | None
    signer: str | None  # subject of the certificate that signed the answer, once verified
    verified: bool
    answer_message_id: str | None
    milliseconds: float
    outcome: str  # "answered", or the name of the error


@dataclass(frozen=True, slots=True)
class DeliveredAnswer:
    """A verified answer, bound to the request: the Body's element, and both messages as they travelled."""

    content: etree._Element
    message_id: str
    request: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class _Call:
    deadline: float  # of time.monotonic
    message_id: str


_call: contextvars.ContextVar[_Call] = contextvars.ContextVar("call")


class Channel:
    """A signed conversation with one service of one counterpart; safe for many threads.

    ``is_counterpart`` says whether a certificate that signed an answer belongs to the system that was asked.
    ``observe`` is told of every exchange.
    """

    def __init__(
        self,
        *,
        wsdl: Path,
        url: str,
        http: HttpCaller,
        signer: Signer,
        verifier: Verifier,
        is_counterpart: Callable[[TrustedCertificate], bool],
        clock: Clock,
        deadline_seconds: float,
        observe: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.url = url
        self._http = http
        self._path = "/" + url.split("/", 3)[3]
        self._signer = signer
        self._verifier = verifier
        self._is_counterpart = is_counterpart
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._observe = observe
        self._schema = AnswerSchema(wsdl.with_suffix(".xsd"))
        self._zeep = zeep.Client(str(wsdl), transport=_Transport(self), settings=zeep.Settings(strict=True))
        binding = next(iter(next(iter(self._zeep.wsdl.services.values())).ports.values())).binding
        self._service = self._zeep.create_service(binding.name.text, url)

    def call(
        self,
        operation: str,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
        **values: Any,
    ) -> Any:
        """The typed answer of one operation.

        ``message_id`` is given for a retry of the same request; ``deadline_seconds`` bounds the whole call.
        Raises CounterpartError, by kind.
        """
        deadline = time.monotonic() + (deadline_seconds or self._deadline_seconds)
        token = _call.set(_Call(deadline, message_id or new_message_id()))
        try:
            return self._service[operation](**values)
        finally:
            _call.reset(token)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def deliver(
        self,
        body: bytes,
        action: str,
        message_id: str,
        deadline_seconds: float | None = None,
        *,
        observe: Callable[[Exchange], None] | None = None,
    ) -> DeliveredAnswer:
        """Sign and send a Body's child that was prepared before, freshly each time it is sent.

        ``body`` is its XML, ``message_id`` stays the same for every resend. ``observe`` is told of this
        exchange beside the channel's own observer. Raises CounterpartError, by kind.
        """
        deadline = time.monotonic() + (deadline_seconds or self._deadline_seconds)
        return self._converse(_element(body), action, _Call(deadline, message_id), observe)

    def exchange(self, content: etree._Element, action: str) -> bytes:
        """Sign and send one Body, and give the answer's bytes once they are verified and bound to it."""
        return self._converse(content, action, _call.get()).answer

    def _converse(
        self,
        content: etree._Element,
        action: str,
        call: _Call,
        observe: Callable[[Exchange], None] | None = None,
    ) -> DeliveredAnswer:
        operation = str(etree.QName(content).localname)
        started = time.perf_counter()
        now = self._clock.now()
        request = sign(
            Outgoing(content, to=self.url, action=action, message_id=call.message_id), self._signer, now
        )
        reply: HttpReply | None = None
        answer: VerifiedMessage | None = None
        outcome = "answered"
        try:
            headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
            reply = self._http.post(self._path, request.raw, headers, deadline=call.deadline)
            answer = self._verified(reply, request, action, operation)
            if answer.is_fault:
                raise read_fault(answer.content, "bound" if answer.bound else "unbound")
            self._schema.check(answer.content)
        except CounterpartError as error:
            outcome = type(error).__name__
            raise
        finally:
            exchange = Exchange(
                operation=operation,
                message_id=call.message_id,
                request=request.raw,
                answer=None if reply is None else reply.body,
                signer=None if answer is None else answer.certificate.subject,
                verified=answer is not None,
                answer_message_id=None if answer is None else answer.addressing.message_id,
                milliseconds=(time.perf_counter() - started) * 1000,
                outcome=outcome,
            )
            for told in (self._observe, observe):
                if told is not None:
                    told(exchange)
        return DeliveredAnswer(answer.content, answer.addressing.message_id, request.raw, reply.body)

    def _verified(self, reply: HttpReply, request: SignedMessage, action: str, name: str) -> VerifiedMessage:
        """The answer, verified; every no becomes the kind of error that says how far it can be believed."""
        media_type = reply.content_type.partition(";")[0].strip().lower()
        if reply.status not in _SOAP_STATUSES or media_type != "text/xml":
            raise CounterpartUnavailable(f"HTTP status {reply.status}, content type {media_type or 'absent'}")
        namespace = action.rpartition(":")[0]
        expected = AnswerContext(
            message_id=request.message_id,
            signature_value=request.signature_value,
            actions={f"{action}Response": f"{{{namespace}}}{name}Response", f"{action}Refusal": names.FAULT},
        )
        try:
            answer = self._verifier.answer(reply.body, expected, self._clock.now())
            if not self._is_counterpart(answer.certificate):
                raise Refused("answer-other-system", found=answer.certificate.subject)
        except Refused as refusal:
            fault = _unauthenticated_fault(reply.body) if refusal.rule.step <= 4 else None
            if fault is not None:
                raise fault from None
            raise CounterpartAnswerInvalid(f"the answer was refused: {refusal}") from refusal
        return answer


def _element(body: bytes) -> etree._Element:
    """Our own XML from our own database; still nothing is loaded or expanded."""
    return etree.fromstring(body, etree.XMLParser(no_network=True, resolve_entities=False, huge_tree=False))


class _Transport(zeep.Transport):
    """Between zeep and the wire: posts through the channel, loads contract files only."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(cache=None)
        self._channel = channel
        self.session.trust_env = False

    def post_xml(self, _address: str, envelope: etree._Element, headers: dict[str, str]) -> requests.Response:
        content = envelope.find(names.BODY)
        if content is None or len(content) != 1:
            raise ValueError("zeep made no Body with one child")
        response = requests.Response()
        response.status_code = 200
        response.headers["Content-Type"] = "text/xml; charset=utf-8"
        response._content = self._channel.exchange(content[0], headers["SOAPAction"].strip('"'))
        return response

    def load(self, url: str) -> bytes:
        """A contract file; never anything from a network."""
        return Path(url).read_bytes()


def _unauthenticated_fault(raw: bytes) -> CounterpartFault | None:
    """A fault without a signature: worth telling a person, worth nothing as an outcome."""
    try:
        root = step_2_parse(raw, Profile().limits)
    except Refused:
        return None
    fault = root.find(f"{names.BODY}/{names.FAULT}")
    return None if fault is None else read_fault(fault, "unauthenticated")
