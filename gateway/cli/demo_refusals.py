"""The demo's bad requests: each a good one with one flaw, sent as it is, with the fault and its explanation.

A further one is a further ``BadRequest``: a good Body is signed by the terminal's own key, ``spoil`` makes
the flaw, and ``rule`` is the one that must refuse it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from clients._faults import read_fault
from clients._http import HttpCaller
from gateway.cli.demo_steps import FlowFailed
from gateway.cli.demo_traffic import Call, clock_of, system
from gateway.cli.explain import explanation
from gateway.cli.network.health import probe_context
from gateway.contract import SERVICES
from gateway.refusals import Refused
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store
from gateway.trust.configured import signer, trust_store
from gateway.wss import names
from gateway.wss.addressing import AnswerContext
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Profile
from gateway.wss.sign import Outgoing, SignedMessage, new_message_id, sign
from gateway.wss.verify import VerifiedMessage, Verifier

_DEADLINE: Final = 10.0
_AN_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class BadRequest:
    """One flaw. ``signed_ago`` is how long before now the message says it was made."""

    name: str
    title_ja: str
    title_en: str
    text_ja: str
    text_en: str
    rule: str
    spoil: Callable[[bytes], bytes]
    signed_ago: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """What became of a bad request: the call, the fault's code and reference, what ``explain`` says."""

    bad: BadRequest
    call: Call
    fault: str
    reference: str
    explained: dict[str, Any]

    @property
    def as_expected(self) -> bool:
        """Whether the rule that must refuse it did, and the fault was signed by the gateway."""
        return self.call.verified and self.explained["rule"] == self.bad.rule

    def document(self) -> dict[str, Any]:
        """As demo.json holds it."""
        return {
            "name": self.bad.name,
            "title": {"ja": self.bad.title_ja, "en": self.bad.title_en},
            "caller": self.call.caller,
            "callee": self.call.callee,
            "operation": self.call.operation,
            "outcome": "refused" if self.as_expected else "unexpected",
            "step": self.explained["step"],
            "rule": self.explained["rule"],
            "fault": self.fault,
            "reference": self.reference,
            "message": {
                "signer": self.call.caller,
                "verified": self.call.verified,
                "message_id": self.call.message_id,
                "milliseconds": round(self.call.milliseconds, 3),
            },
        }


def send_bad_requests(network: dict[str, Any], good: Call) -> list[RefusedRequest]:
    """Send every bad request in the place of ``good``, a call of the terminal's.

    Raises FlowFailed when one gets no signed fault, CounterpartError when it gets no answer.
    """
    terminal, gateway = system(network, good.caller), system(network, good.callee)
    url = gateway["services"][good.service]["url"]
    trusted = [Path(file) for part in ("anchors", "intermediates") for file in network["trust"][part]]
    context = probe_context(trusted, Path(terminal["tls"]["certificate"]), Path(terminal["tls"]["key"]))
    http = HttpCaller(url, context, check_server=lambda _der: None, answer_bytes=262_144)
    try:
        return [_send(network, good, bad, http) for bad in BAD_REQUESTS]
    finally:
        http.close()


def _send(network: dict[str, Any], good: Call, bad: BadRequest, http: HttpCaller) -> RefusedRequest:
    clock = clock_of(network)
    terminal, gateway = system(network, good.caller), system(network, good.callee)
    service = SERVICES[good.service]
    url = gateway["services"][good.service]["url"]
    operation = service.operation(good.operation)
    state = StateFolder.open(Path(terminal["state"]))
    settings = load_settings(state.settings_file)
    body = step_2_parse(good.request, Profile().limits).find(names.BODY)
    if body is None:
        raise FlowFailed("the good request has no Body")
    signed = sign(
        Outgoing(body[0], to=url, action=operation.action, message_id=new_message_id()),
        signer(settings, state.path),
        clock.now() - bad.signed_ago,
    )
    request = bad.spoil(signed.raw)
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.action}"'}
    started = time.perf_counter()
    reply = http.post(service.path, request, headers, deadline=time.monotonic() + _DEADLINE)
    milliseconds = (time.perf_counter() - started) * 1000
    ended = clock.now()
    verifier = Verifier(trust_store(settings, state.path))
    answer = _signed_fault(verifier, reply.body, signed, ended)
    fault = read_fault(answer.content, "bound" if answer.bound else "unbound")
    if fault.reference is None:
        raise FlowFailed(f"{bad.name}: the fault carries no reference")
    return RefusedRequest(
        bad,
        Call(
            caller=good.caller,
            callee=good.callee,
            service=good.service,
            operation=good.operation,
            message_id=signed.message_id,
            request=request,
            answer=reply.body,
            answer_message_id=answer.addressing.message_id,
            signer=answer.certificate.subject,
            verified=True,
            milliseconds=milliseconds,
            outcome="refused",
            ended=ended,
        ),
        (answer.content.findtext("faultcode") or "").strip(),
        fault.reference,
        _explained(gateway, fault.reference, ended, network["clock"]["offset_seconds"]),
    )


def _signed_fault(verifier: Verifier, raw: bytes, signed: SignedMessage, now: datetime) -> VerifiedMessage:
    expected = AnswerContext(signed.message_id, signed.signature_value, {})
    try:
        answer = verifier.answer(raw, expected, now)
    except Refused as refusal:
        raise FlowFailed(f"the answer to a bad request is no signed fault: {refusal}") from refusal
    if not answer.is_fault:
        raise FlowFailed("a bad request was not refused")
    return answer


def _explained(gateway: dict[str, Any], reference: str, now: datetime, offset: int) -> dict[str, Any]:
    """As ``juki-gateway explain REFERENCE`` tells it."""
    state = StateFolder.open(Path(gateway["state"]))
    store = open_store(
        state.path, load_settings(state.settings_file), clock=clock_of({"clock": {"offset_seconds": offset}})
    )
    try:
        record = store.refusals.find(reference)
    finally:
        store.close()
    if record is None:
        raise FlowFailed(f"the gateway keeps no record of the refusal {reference}")
    return explanation(record, now, offset)


def _other_digit(content: bytes) -> bytes:
    """The content with its last digit in an element's text changed."""
    digit = list(re.finditer(rb"[0-9](?=[^<>]*</)", content))[-1]
    other = b"1" if digit[0] == b"0" else b"0"
    return content[: digit.start()] + other + content[digit.end() :]


def _parts(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """The message of our own signer: before the Body, the Body, behind it."""
    start, end = raw.index(b"<soap:Body"), raw.index(b"</soap:Body>") + len(b"</soap:Body>")
    return raw[:start], raw[start:end], raw[end:]


def _changed(raw: bytes) -> bytes:
    before, body, behind = _parts(raw)
    return before + _other_digit(body) + behind


def _wrapped(raw: bytes) -> bytes:
    """The signed Body moved into a header, where its signature still holds, and another one in its place."""
    before, body, behind = _parts(raw)
    forged = re.sub(rb'wsu:Id="[^"]*"', b'wsu:Id="forged"', _other_digit(body), count=1)
    moved = b'<m:Moved xmlns:m="urn:example:moved">' + body + b"</m:Moved>"
    header_end = before.rindex(b"</soap:Header>")
    return before[:header_end] + moved + before[header_end:] + forged + behind


BAD_REQUESTS: Sequence[BadRequest] = (
    BadRequest(
        "changed-body",
        "署名後に変更されたBody",
        "A Body changed after it was signed",
        "署名した後でBodyの数字を一つ変更します。ダイジェスト値が一致しないため拒否されます。",
        "One digit of the Body is changed after signing. Its digest no longer matches.",
        "digest",
        _changed,
    ),
    BadRequest(
        "expired",
        "有効期限の過ぎたメッセージ",
        "A message that has expired",
        "1時間前の時刻で署名します。署名は正しくても、有効期限が過ぎているため拒否されます。",
        "It is signed as of an hour ago. The signature is good, but the message is no longer valid.",
        "timestamp-expired",
        lambda raw: raw,
        signed_ago=_AN_HOUR,
    ),
    BadRequest(
        "wrapped",
        "署名されたBodyの移動(署名ラッピング攻撃)",
        "A signed Body moved aside (signature wrapping)",
        "署名されたBodyをヘッダーの中に移し、別のBodyを置きます。署名の計算は合いますが、参照先の位置が正しくないため拒否されます。",
        "The signed Body is moved into a header and another one put in its place. The arithmetic still "
        "holds, but the signature covers an element where it means nothing.",
        "reference-misplaced",
        _wrapped,
    ),
)
"""The bad requests, in the order in which they are sent."""
