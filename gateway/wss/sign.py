"""Signing: a body and its addressing become the bytes of one signed message.

Every signed part is written directly in exclusive canonical form and declares its own prefixes, so the
digest is taken of the very bytes that leave; wsse:Security stands last in the Header, which stock gSOAP
clients need. Ids carry 128 random bits: two messages are never byte-identical, and the digest of a Body
of few bits cannot be guessed from once the Body is erased.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from gateway.trust import Signer
from gateway.wss import names
from gateway.wss.engine import canonical
from gateway.wss.profile import EXCLUSIVE_C14N

DEFAULT_LIFETIME: Final = timedelta(minutes=5)
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NS_SOAP, _NS_WSA, _NS_WSU = (
    f'xmlns:soap="{names.SOAP}"',
    f'xmlns:wsa="{names.WSA}"',
    f'xmlns:wsu="{names.WSU}"',
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be sent: the Body's element and the addressing; an answer also names what it answers.

    ``confirms`` is the SignatureValue (Base64) of the request that this message answers. ``inclusive`` are
    prefixes that the Body uses in text (a faultcode is a QName): exclusive canonicalisation would drop their
    declarations, so they go into the Body's PrefixList.
    """

    body: etree._Element
    to: str
    action: str
    message_id: str
    relates_to: str | None = None
    confirms: str | None = None
    inclusive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """The bytes for the wire, and the SignatureValue that an answer must confirm."""

    raw: bytes
    message_id: str
    signature_value: str


def new_message_id() -> str:
    """A fresh MessageID: urn:uuid with 122 random bits."""
    return uuid.uuid4().urn


def sign(
    message: Outgoing, signer: Signer, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME
) -> SignedMessage:
    """Sign Body, Timestamp, token, every addressing header and, in an answer, the SignatureConfirmation."""
    parts: list[tuple[str, bytes]] = []  # id and canonical bytes, in the order of the References

    def part(kind: str, template: str) -> bytes:
        identifier = f"{kind}-{secrets.token_hex(16)}"
        form = template.replace("%ID%", identifier, 1).encode("utf-8")
        parts.append((identifier, form))
        return form

    body_id = f"body-{secrets.token_hex(16)}"
    body = _body(message.body, body_id, message.inclusive)
    parts.append((body_id, body))
    headers = [
        part("to", _addressing("To", message.to)),
        part("action", _addressing("Action", message.action)),
        part("id", _addressing("MessageID", message.message_id)),
    ]
    if message.relates_to is not None:
        headers.append(part("relates", _addressing("RelatesTo", message.relates_to)))
    timestamp = part("time", _timestamp(now, now + lifetime))
    token = part("token", _token(signer.certificate_der))
    token_id = parts[-1][0]
    confirmation = b""
    if message.confirms is not None:
        confirmation = part(
            "confirms",
            f'<wsse11:SignatureConfirmation xmlns:wsse11="{names.WSSE11}" {_NS_WSU}'
            f' Value="{_attribute(message.confirms)}" wsu:Id="%ID%"></wsse11:SignatureConfirmation>',
        )
    signed_info = _signed_info(signer.algorithm, parts, message.inclusive)
    value = base64.b64encode(signer.sign(signed_info)).decode("ascii")
    signature = (
        f'<ds:Signature xmlns:ds="{names.DS}">'.encode()
        + signed_info
        + (
            f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
            f'<wsse:Reference URI="#{token_id}" ValueType="{names.X509_V3}"/>'
            "</wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>"
        ).encode()
    )
    raw = b"".join(
        (
            f"<soap:Envelope {_NS_SOAP}><soap:Header>".encode(),
            *headers,
            f'<wsse:Security xmlns:wsse="{names.WSSE}" soap:mustUnderstand="1">'.encode(),
            token,
            timestamp,
            confirmation,
            signature,
            b"</wsse:Security></soap:Header>",
            body,
            b"</soap:Envelope>",
        )
    )
    return SignedMessage(raw, message.message_id, value)


def _body(content: etree._Element, identifier: str, inclusive: tuple[str, ...]) -> bytes:
    body = etree.Element(names.BODY, {names.WSU_ID: identifier}, nsmap={"soap": names.SOAP, "wsu": names.WSU})
    body.append(content)
    return canonical_with(body, inclusive)


def canonical_with(element: etree._Element, inclusive: tuple[str, ...]) -> bytes:
    """The exclusive canonical form that also declares ``inclusive`` prefixes at its apex.

    lxml honours a PrefixList only on parsed trees (the prefixes must stand in the parser's dictionary),
    hence the way through text.
    """
    if not inclusive:
        return canonical(element)
    return canonical(etree.fromstring(etree.tostring(element)), inclusive)


def _addressing(name: str, value: str) -> str:
    return f'<wsa:{name} {_NS_WSA} {_NS_WSU} wsu:Id="%ID%">{_text(value)}</wsa:{name}>'


def _timestamp(created: datetime, expires: datetime) -> str:
    return (
        f'<wsu:Timestamp {_NS_WSU} wsu:Id="%ID%"><wsu:Created>{instant_text(created)}</wsu:Created>'
        f"<wsu:Expires>{instant_text(expires)}</wsu:Expires></wsu:Timestamp>"
    )


def _token(certificate_der: bytes) -> str:
    return (
        f'<wsse:BinarySecurityToken xmlns:wsse="{names.WSSE}" {_NS_WSU} EncodingType="{names.BASE64_BINARY}"'
        f' ValueType="{names.X509_V3}" wsu:Id="%ID%">{base64.b64encode(certificate_der).decode("ascii")}'
        "</wsse:BinarySecurityToken>"
    )


def _signed_info(algorithm: str, parts: list[tuple[str, bytes]], body_prefixes: tuple[str, ...]) -> bytes:
    references = "".join(
        f'<ds:Reference URI="#{identifier}"><ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE_C14N}">'
        f"{_prefix_list(body_prefixes) if index == 0 else ''}"
        f'</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue>{base64.b64encode(hashlib.sha256(form).digest()).decode('ascii')}</ds:DigestValue>"
        "</ds:Reference>"
        for index, (identifier, form) in enumerate(parts)  # the Body is the first
    )
    return (
        f'<ds:SignedInfo xmlns:ds="{names.DS}"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}">'
        f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>'
        f"{references}</ds:SignedInfo>"
    ).encode()


def _prefix_list(prefixes: tuple[str, ...]) -> str:
    if not prefixes:
        return ""
    listed = " ".join(prefixes)
    return f'<ec:InclusiveNamespaces xmlns:ec="{names.EC}" PrefixList="{listed}"></ec:InclusiveNamespaces>'


def instant_text(instant: datetime) -> str:
    """A UTC instant with milliseconds, as Created and Expires carry it."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: str) -> str:
    """Character data in canonical form (Canonical XML 1.0 section 2.3)."""
    if _FORBIDDEN.search(value):
        raise ValueError("a character that XML cannot carry")
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")


def _attribute(value: str) -> str:
    """An attribute value in canonical form."""
    if _FORBIDDEN.search(value):
        raise ValueError("a character that XML cannot carry")
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return escaped.replace("\t", "&#x9;").replace("\n", "&#xA;").replace("\r", "&#xD;")
