"""What the Python clients share: network.json, an unsigned message, mutual TLS, and the report.

Every client is run as ``CLIENT NETWORK_JSON CASE_JSON`` and prints one JSON document: what became of the good
message, of the spoilt one, and of the good answer once a letter of it was changed.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE, WSU = f"{OASIS}-wssecurity-secext-1.0.xsd", f"{OASIS}-wssecurity-utility-1.0.xsd"
WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
X509 = f"{OASIS}-x509-token-profile-1.0#X509v3"
NAMES = {"s": SOAP, "a": WSA, "w": WSSE, "u": WSU, "w11": WSSE11, "d": DS}
KEY_INFO = (
    f'<ds:KeyInfo xmlns:ds="{DS}"><wsse:SecurityTokenReference xmlns:wsse="{WSSE}"><wsse:Reference '
    f'URI="#token" ValueType="{X509}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
)
SIGNED = ("body", "timestamp", "token", "to", "action", "message-id")
"""The Ids of everything that a request must sign."""


@dataclass(frozen=True)
class Call:
    """What a client needs: its own files, the service that it asks, the certificate that must answer."""

    case: dict[str, Any]
    url: str
    key: str
    certificate: str
    tls: dict[str, str]
    trust: list[str]
    answers: str

    @classmethod
    def read(cls, network_json: str, case_json: str) -> Call:
        network = json.loads(Path(network_json).read_text(encoding="utf-8"))
        case = json.loads(Path(case_json).read_text(encoding="utf-8"))
        systems = {system["id"]: system for system in network["systems"]}
        me, target = systems[case["caller"]], systems[case["target"]]
        return cls(
            case,
            target["services"][case["service"]]["url"],
            me["signing"]["key"],
            me["signing"]["certificate"],
            me["tls"],
            network["trust"]["anchors"] + network["trust"]["intermediates"],
            target["signing"]["certificate"],
        )

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for file in self.trust:
            context.load_verify_locations(cafile=file)
        context.load_cert_chain(self.tls["certificate"], self.tls["key"])
        return context

    def post(self, raw: bytes) -> bytes:
        url = urlsplit(self.url)
        connection = http.client.HTTPSConnection(str(url.hostname), url.port, context=self.context())
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{self.case["action"]}"'}
        connection.request("POST", url.path, raw, headers)
        answer = connection.getresponse().read()
        connection.close()
        return answer


def base64_of(pem_file: str) -> str:
    """The certificate's DER in base64, as a BinarySecurityToken has it."""
    return "".join(Path(pem_file).read_text(encoding="ascii").splitlines()[1:-1])


def headers(call: Call) -> tuple[str, str]:
    """The addressing headers and the Security header, every part with its Id, and no signature yet."""
    now = datetime.now(UTC)
    created, expires = (f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in (now, now + timedelta(minutes=5)))
    addressing = "".join(
        f'<a:{name} xmlns:a="{WSA}" xmlns:u="{WSU}" u:Id="{part}">{value}</a:{name}>'
        for name, part, value in (
            ("To", "to", call.url),
            ("Action", "action", call.case["action"]),
            ("MessageID", "message-id", f"urn:uuid:{uuid.uuid4()}"),
        )
    )
    security = (
        f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}" xmlns:s="{SOAP}" s:mustUnderstand="1">'
        f'<w:BinarySecurityToken EncodingType="{OASIS}-soap-message-security-1.0#Base64Binary" '
        f'ValueType="{X509}" u:Id="token">{base64_of(call.certificate)}</w:BinarySecurityToken>'
        f'<u:Timestamp u:Id="timestamp"><u:Created>{created}</u:Created><u:Expires>{expires}</u:Expires>'
        "</u:Timestamp></w:Security>"
    )
    return addressing, security


def envelope(call: Call) -> etree._Element:
    """The whole message, unsigned."""
    addressing, security = headers(call)
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header>{addressing}{security}</s:Header>'
        f'<s:Body xmlns:u="{WSU}" u:Id="body">{call.case["body"]}</s:Body></s:Envelope>'
    )


def check_bound(raw: bytes, call: Call, request: bytes | None) -> etree._Element:
    """What a signature cannot say: who signed, that everything is signed, that it answers this request."""
    answer, asked = etree.fromstring(raw), None if request is None else etree.fromstring(request)
    token = answer.find("s:Header/w:Security/w:BinarySecurityToken", NAMES)
    if "".join(token.text.split()) != base64_of(call.answers):
        raise ValueError("signed by another system than the one that was asked")
    signed = {reference.get("URI") for reference in answer.iterfind(".//d:Reference", NAMES)}
    parts = [answer.find("s:Body", NAMES), *answer.iterfind("s:Header/a:*", NAMES)]
    if any(f"#{part.get(f'{{{WSU}}}Id')}" not in signed for part in parts):
        raise ValueError("a part is not signed")
    if asked is not None:
        value = asked.findtext(".//d:SignatureValue", None, NAMES)
        confirmed = answer.find(".//w11:SignatureConfirmation", NAMES).get("Value")
        if base64.b64decode(value) != base64.b64decode(confirmed):
            raise ValueError("confirms another request")
        if asked.findtext("s:Header/a:MessageID", None, NAMES) != answer.findtext(
            "s:Header/a:RelatesTo", None, NAMES
        ):
            raise ValueError("answers another request")
    return answer.find("s:Body", NAMES)[0]


def outcome(content: etree._Element) -> dict[str, Any]:
    """What a verified answer says: its name, its texts, and a fault's code."""
    return {
        "verified": True,
        "answer": etree.QName(content).localname,
        "texts": [text for text in content.itertext() if text.strip()],
        "fault": content.findtext("faultcode"),
    }


def spoilt(raw: bytes, call: Call) -> bytes:
    """The message with one value changed after it was signed."""
    old, new = (text.encode() for text in call.case["spoil"])
    if raw.count(old) != 1:
        raise ValueError("there is nothing to spoil")
    return raw.replace(old, new)


def damaged(raw: bytes) -> bytes:
    """An answer with one letter of its RelatesTo changed."""
    at = raw.rindex(b"</", 0, raw.index(b"RelatesTo>")) - 1
    changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
    etree.fromstring(changed)  # still well-formed: nothing but a signature can tell
    return changed


def run(version: str, sign: Callable[[Call], bytes], verify: Callable[[bytes, Call], None]) -> None:
    """Ask, spoil and damage; print what became of it. ``verify`` raises when a signature does not hold."""
    call = Call.read(*sys.argv[1:3])
    request = sign(call)
    good = call.post(request)
    verify(good, call)
    bad = call.post(spoilt(sign(call), call))
    verify(bad, call)
    try:
        verify(damaged(good), call)
        noticed = False
    except Exception:  # noqa: BLE001 - each stack has errors of its own
        noticed = True
    report = {
        "version": version,
        "good": outcome(check_bound(good, call, request)),
        "spoilt": outcome(check_bound(bad, call, None)),
        "damage_noticed": noticed,
    }
    sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
