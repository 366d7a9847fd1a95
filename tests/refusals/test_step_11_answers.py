"""Step 11 for an answer: the system that signed it is the one that was asked. Through a client's Channel."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from clients._http import HttpReply
from clients._soap import Channel, Exchange
from clients.integrated_terminal import IntegratedTerminal
from gateway.clock import FixedClock
from gateway.data import data_folder
from gateway.errors import CounterpartAnswerInvalid, CounterpartFault, CounterpartUnavailable
from gateway.refusals import Refused
from gateway.trust import TrustStore
from gateway.wss.verify import Verifier
from tests.kit import questions, tree
from tests.kit.door import TERMINAL, signer_of
from tests.kit.identities import NOW, Identity
from tests.kit.messages import good_answer
from tests.kit.refusal import check
from tests.kit.signing import raw_signature

OPERATION = TERMINAL.operation("VerifyIdentity")
TYPES = "urn:juki-gateway:types:1"
VERIFICATION = (
    "<y:verification><y:result>match</y:result><y:checkedAt>2026-11-24T03:04:05.678Z</y:checkedAt>"
    "<y:reference>N-0123456789abcdef0123</y:reference></y:verification>"
)


def answer_body(content: str = VERIFICATION) -> str:
    return (
        f'<t:VerifyIdentityResponse xmlns:t="{TERMINAL.namespace}" xmlns:y="{TYPES}">{content}'
        "</t:VerifyIdentityResponse>"
    )


class Wire:
    """Stands where HttpCaller stands: ``answer`` is given MessageID and SignatureValue of each request."""

    def __init__(self, answer: Callable[[str, str], HttpReply]) -> None:
        self._answer = answer

    def post(self, path: str, body: bytes, headers: dict[str, str], *, deadline: float) -> HttpReply:
        root = tree.parse(body.decode())
        check(path == TERMINAL.path, path)
        check(headers["SOAPAction"] == f'"{OPERATION.action}"', headers["SOAPAction"])
        return self._answer(root.one("MessageID").text, root.one("SignatureValue").text)

    def close(self) -> None:
        """Nothing is open."""


class Asked:
    """A terminal that asks once, over a wire that answers as the test says."""

    def __init__(self, trust: TrustStore, answer: Callable[[str, str], HttpReply]) -> None:
        self.seen: list[Exchange] = []
        gateway = signer_of("the gateway")
        self.client = IntegratedTerminal(
            Channel(
                wsdl=data_folder("wsdl") / "terminal-1.wsdl",
                url=f"https://127.0.0.1:8443{TERMINAL.path}",
                http=Wire(answer),  # type: ignore[arg-type] # the part of HttpCaller that is used
                signer=_Signer(signer_of("terminal-1")),
                verifier=Verifier(trust),
                is_counterpart=lambda certificate: certificate.der == gateway.der,
                clock=FixedClock(NOW),
                deadline_seconds=5,
                observe=self.seen.append,
            )
        )

    def ask(self) -> Any:
        """The terminal's question by 住民票コード."""
        return self.client.verify_identity(questions.BY_CODE)


class _Signer:
    """The tests' own arithmetic as a gateway.trust.Signer."""

    algorithm = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self.certificate_der = identity.der

    def sign(self, data: bytes) -> bytes:
        return raw_signature(self.algorithm, self._identity, data)


def reply(raw: bytes, status: int = 200, content_type: str = "text/xml; charset=utf-8") -> HttpReply:
    return HttpReply(status, content_type, raw)


def signed_by(name: str, body: str | None = None, **changes: Any) -> Callable[[str, str], HttpReply]:
    """An answer bound to its request, signed by this identity."""

    def answer(message_id: str, signature_value: str) -> HttpReply:
        values = {"relates_to": message_id, "confirms": signature_value, **changes}
        made = good_answer(
            signer_of(name), body=body or answer_body(), action=OPERATION.answer_action, **values
        )
        return reply(made.raw())

    return answer


def test_the_system_that_was_asked_is_believed(trust: TrustStore) -> None:
    asked = Asked(trust, signed_by("the gateway"))
    check(asked.ask().result.value == "match", "the answer is not read")
    (exchange,) = asked.seen
    check((exchange.verified, exchange.outcome) == (True, "answered"), f"{exchange.outcome}")


def test_another_system_is_not(trust: TrustStore) -> None:
    """A good certificate of the same authority, a good signature, bound to the request: another's answer."""
    asked = Asked(trust, signed_by("another gateway"))
    with pytest.raises(CounterpartAnswerInvalid) as caught:
        asked.ask()
    refused = caught.value.__cause__
    check(isinstance(refused, Refused) and refused.rule.name == "answer-other-system", f"{refused!r}")
    (exchange,) = asked.seen
    check((exchange.verified, exchange.outcome) == (False, "CounterpartAnswerInvalid"), f"{exchange.outcome}")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"relates_to": f"urn:uuid:{uuid.uuid4()}"}, "answer-relates"),
        ({"confirms": "b3RoZXI="}, "answer-confirmation"),
        ({"confirms": None}, "answer-confirmation"),
    ],
)
def test_an_answer_to_another_request_is_not(trust: TrustStore, changes: dict[str, Any], rule: str) -> None:
    asked = Asked(trust, signed_by("the gateway", **changes))
    with pytest.raises(CounterpartAnswerInvalid) as caught:
        asked.ask()
    refused = caught.value.__cause__
    check(isinstance(refused, Refused) and refused.rule.name == rule, f"{refused!r}")


@pytest.mark.parametrize(
    "content",
    [
        "",
        VERIFICATION.replace("match", "perhaps"),
        VERIFICATION.replace("match", ""),
        VERIFICATION.replace("<y:result>match</y:result>", ""),
        VERIFICATION.replace("2026-11-24T03:04:05.678Z", "2026-11-24"),
        VERIFICATION.replace("2026-11-24T03:04:05.678Z", "2026-11-24T03:04:05.678"),
        VERIFICATION.replace("N-0123456789abcdef0123", "x"),
        VERIFICATION + "<y:more/>",
        VERIFICATION.replace("</y:verification>", "<y:more/></y:verification>"),
        VERIFICATION.replace("y:verification>", "y:result>"),
        "<y:verification/>",
        VERIFICATION + VERIFICATION,
        VERIFICATION.replace("y:result", "z:result").replace("<z:result>", '<z:result xmlns:z="urn:z:1">'),
        VERIFICATION.replace(
            "<y:result>",
            '<y:result xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
            'xmlns:x="http://www.w3.org/2001/XMLSchema" i:type="x:int">',
        ),
    ],
)
def test_a_signed_answer_that_is_not_the_contracts(trust: TrustStore, content: str) -> None:
    """Whatever zeep makes of it, it never becomes an outcome, and never an error of our own."""
    asked = Asked(trust, signed_by("the gateway", answer_body(content)))
    with pytest.raises(CounterpartAnswerInvalid):
        asked.ask()


FAULT = (
    '<s:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>s:Server</faultcode>'
    "<faultstring>no</faultstring></s:Fault>"
)
UNSIGNED = (
    f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{FAULT}</s:Body></s:Envelope>'
)
SOAP_FAULT = "http://www.w3.org/2005/08/addressing/soap/fault"


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, "bound"),
        ({"confirms": None}, "unbound"),
        ({"relates_to": "http://www.w3.org/2005/08/addressing/unspecified", "confirms": None}, "unbound"),
    ],
)
def test_how_far_a_fault_is_believed(trust: TrustStore, changes: dict[str, Any], standing: str) -> None:
    def answer(message_id: str, signature_value: str) -> HttpReply:
        values = {"relates_to": message_id, "confirms": signature_value, **changes}
        made = good_answer(signer_of("the gateway"), body=FAULT, action=SOAP_FAULT, **values)
        return reply(made.raw(), 500)

    with pytest.raises(CounterpartFault) as caught:
        Asked(trust, answer).ask()
    check((caught.value.standing, caught.value.code) == (standing, "Server"), f"{caught.value}")


def test_an_unsigned_fault_is_told_as_such(trust: TrustStore) -> None:
    with pytest.raises(CounterpartFault) as caught:
        Asked(trust, lambda *_: reply(UNSIGNED.encode(), 500)).ask()
    check(caught.value.standing == "unauthenticated", f"{caught.value}")


def test_a_fault_of_another_system_is_no_fault(trust: TrustStore) -> None:
    def answer(message_id: str, signature_value: str) -> HttpReply:
        made = good_answer(
            signer_of("another gateway"),
            body=FAULT,
            action=SOAP_FAULT,
            relates_to=message_id,
            confirms=signature_value,
        )
        return reply(made.raw(), 500)

    with pytest.raises(CounterpartAnswerInvalid):
        Asked(trust, answer).ask()


@pytest.mark.parametrize(
    ("status", "content_type"),
    [
        (200, "text/html"),
        (200, "application/soap+xml"),
        (200, ""),
        (200, "multipart/related; type=text/xml"),
        (302, "text/xml"),
        (401, "text/xml"),
        (502, "text/xml"),
    ],
)
def test_what_is_no_soap_answer_at_all(trust: TrustStore, status: int, content_type: str) -> None:
    """Even a good answer is not read when it is not text/xml or has a status that SOAP has no use for."""
    good = signed_by("the gateway")
    asked = Asked(trust, lambda *bound: reply(good(*bound).body, status, content_type))
    with pytest.raises(CounterpartUnavailable):
        asked.ask()


@pytest.mark.parametrize("raw", [b"", b"not xml", b"<a/>", UNSIGNED.replace(FAULT, "<a/>").encode()])
def test_an_unsigned_answer_is_invalid(trust: TrustStore, raw: bytes) -> None:
    with pytest.raises(CounterpartAnswerInvalid):
        Asked(trust, lambda *_: reply(raw)).ask()
