"""Misbehaviour on demand: what ``juki-gateway simulator set`` wrote is done to the next answer.

Everything before the answer stays strict: a request is verified as always. The spoilt answers are made from
the good one, so that exactly one thing is wrong with it.
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.clock import Clock
from gateway.transport.http import HttpAnswer, HttpRequest, Manner
from gateway.trust import Signer
from gateway.wss import names
from gateway.wss.sign import Outgoing, new_message_id, sign


class Behaviour:
    """The behaviour of the moment, read from ``file`` on each request; no file means good."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> dict[str, Any]:
        """``{"kind": …}``, and ``seconds`` for ``slow``."""
        try:
            content = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return {"kind": "off"}
        return content if isinstance(content, dict) else {"kind": "off"}


class Misbehaving:
    """An application around the strict one, that spoils its answers as it is told."""

    def __init__(
        self,
        application: Callable[[HttpRequest], HttpAnswer],
        behaviour: Behaviour,
        signer: Signer,
        clock: Clock,
        own: Callable[[], bytes] = bytes,
    ) -> None:
        """``own`` is the system's own TLS certificate (DER): whoever shows it is its operator."""
        self._own = own
        self._application = application
        self._behaviour = behaviour
        self._signer = signer
        self._clock = clock
        self._spoilers: dict[str, Callable[[bytes], bytes]] = {
            "bad-signature": _other_signature_value,
            "unsigned": _without_header,
            "wrong-relates-to": self._relating_to_another,
        }

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The answer, or what is left of it."""
        behaviour = self._behaviour()
        kind = behaviour["kind"]
        if kind == "down" and (http.method == "POST" or http.peer_certificate != self._own()):
            return HttpAnswer(503, b"", manner=Manner.HANG_UP)
        if http.method != "POST":
            return self._application(http)
        if kind == "slow":
            time.sleep(float(behaviour["seconds"]))
        answer = self._application(http)
        if kind == "trickle":
            return replace(answer, manner=Manner.TRICKLE)
        spoil = self._spoilers.get(kind)
        return answer if spoil is None else replace(answer, body=spoil(answer.body))

    def _relating_to_another(self, raw: bytes) -> bytes:
        """The same answer, well signed, bound to a request that was never sent."""
        root = etree.fromstring(raw)
        body, action = root.find(names.BODY), root.find(f"{names.HEADER}/{{{names.WSA}}}Action")
        if body is None or action is None:
            return raw
        outgoing = Outgoing(
            body[0],
            to=names.ANONYMOUS,
            action=str(action.text),
            message_id=new_message_id(),
            relates_to=new_message_id(),
            confirms=base64.b64encode(b"another signature").decode(),
        )
        return sign(outgoing, self._signer, self._clock.now()).raw


def _other_signature_value(raw: bytes) -> bytes:
    """One character of the SignatureValue changed, still canonical Base64."""

    def change(match: re.Match[bytes]) -> bytes:
        first = b"A" if match[2] != b"A" else b"B"
        return match[1] + first + match[3]

    return re.sub(rb"(<ds:SignatureValue>)(.)([^<]*)", change, raw, count=1)


def _without_header(raw: bytes) -> bytes:
    """The same Body in an envelope without any header."""
    return re.sub(
        rb"<soap:Header>.*</soap:Header>", b"<soap:Header></soap:Header>", raw, count=1, flags=re.DOTALL
    )
