"""Signing: a body and its addressing become the bytes of one signed message.

Every signed part is written directly in exclusive canonical form and declares its own prefixes, so the
digest is taken of the very bytes that leave; wsse:Security stands last in the Header, which stock gSOAP
clients need. The Ids of what differs carry 128 random bits: two messages are never byte-identical, and the
digest of a Body of few bits cannot be guessed from once the Body is erased.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from lxml import etree

from gateway.trust import Signer, at_present
from gateway.wss import names
from gateway.wss.canonical_text import attribute_value, character_data
from gateway.wss.engine import canonical
from gateway.wss.profile import EXCLUSIVE_C14N
from gateway.wss.security import encode_base64

DEFAULT_LIFETIME: Final = timedelta(minutes=5)
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_NS_SOAP, _NS_WSA, _NS_WSU = (
    f'xmlns:soap="{names.SOAP}"',
    f'xmlns:wsa="{names.WSA}"',
    f'xmlns:wsu="{names.WSU}"',
)
_ID: Final = "%ID%"
_ENVELOPE: Final = f"<soap:Envelope {_NS_SOAP}><soap:Header>".encode("ascii")
_SECURITY: Final = f'<wsse:Security xmlns:wsse="{names.WSSE}" soap:mustUnderstand="1">'.encode("ascii")
_SIGNATURE: Final = f'<ds:Signature xmlns:ds="{names.DS}">'.encode("ascii")
_TOKEN_START: Final = (
    f'<wsse:BinarySecurityToken xmlns:wsse="{names.WSSE}" {_NS_WSU} EncodingType="{names.BASE64_BINARY}"'
    f' ValueType="{names.X509_V3}" wsu:Id="{_ID}">'
)
_BODY_START: Final = f'<soap:Body {_NS_SOAP} {_NS_WSU} wsu:Id="'.encode("ascii")
_DECLARED_BY_BODY: Final = re.compile(rb"xmlns:(?:soap|wsu)=")
_CONFIRMATION: Final = (
    f'<wsse11:SignatureConfirmation xmlns:wsse11="{names.WSSE11}" {_NS_WSU} Value="%s"'
    f' wsu:Id="{_ID.replace("%", "%%")}"></wsse11:SignatureConfirmation>'
)
_REFERENCE: Final = (
    f'<ds:Reference URI="#%s"><ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE_C14N}">%s</ds:Transform>'
    f'</ds:Transforms><ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod>'
    "<ds:DigestValue>%s</ds:DigestValue></ds:Reference>"
)
_KEY: Final = (
    "<ds:SignatureValue>%s</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference>"
    f'<wsse:Reference URI="#%s" ValueType="{names.X509_V3}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
    "</ds:Signature></wsse:Security></soap:Header>"
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is to be sent: the Body's child and the addressing; an answer also names what it answers.

    ``content`` is that child, an element or its exclusive canonical form, which is cheaper.
    ``confirms`` is the SignatureValue (Base64) of the request that this message answers. ``inclusive`` are
    prefixes that the Body uses in text (a faultcode is a QName): exclusive canonicalisation would drop their
    declarations, so they go into the Body's PrefixList.
    """

    content: etree._Element | bytes
    to: str
    action: str
    message_id: str
    relates_to: str | None = None
    confirms: str | None = None
    inclusive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """The bytes for the wire, and the SignatureValue that an answer must confirm.

    ``signed_info`` is the canonical form that was signed, ``value`` the octets of the signature.
    """

    raw: bytes
    message_id: str
    signature_value: str
    signed_info: bytes
    value: bytes
    algorithm: str
    certificate: bytes  # DER


def new_message_id() -> str:
    """A fresh MessageID: urn:uuid of version 4 (RFC 9562), 122 random bits."""
    digits = secrets.token_hex(16)
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def sign(
    message: Outgoing, signer: Signer, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME
) -> SignedMessage:
    """Sign Body, Timestamp, token, every addressing header and, in an answer, the SignatureConfirmation."""
    return sign_all([message], signer, now, lifetime)[0]


def sign_all(
    messages: Sequence[Outgoing], signer: Signer, now: datetime, lifetime: timedelta = DEFAULT_LIFETIME
) -> list[SignedMessage]:
    """Sign messages as ``sign`` does; one signature right after another is what a processor is fastest at."""
    signer = at_present(signer)
    drafts = [_Draft(message, signer, now, now + lifetime) for message in messages]
    values = [signer.sign(draft.signed_info) for draft in drafts]
    return [draft.signed(signer, value) for draft, value in zip(drafts, values, strict=True)]


class _Draft:
    """A message that is whole but for its signature's value."""

    __slots__ = ("_after", "_before", "_message_id", "_token", "signed_info")

    def __init__(self, message: Outgoing, signer: Signer, now: datetime, expires: datetime) -> None:
        fresh = iter(_fresh_ids(5))
        body_id = f"body-{next(fresh)}"
        body = _Part(body_id, _body(message.content, body_id, message.inclusive), message.inclusive)
        headers = [
            _constant("to", "To", message.to),
            _constant("action", "Action", message.action),
            _part(f"id-{next(fresh)}", _addressing("MessageID", message.message_id)),
        ]
        if message.relates_to is not None:
            headers.append(_part(f"relates-{next(fresh)}", _addressing("RelatesTo", message.relates_to)))
        timestamp = _part(f"time-{next(fresh)}", _timestamp(now, expires))
        token = _token(signer.certificate_der)
        parts, confirmation = [body, *headers, timestamp, token], b""
        if message.confirms is not None:
            parts.append(_part(f"confirms-{next(fresh)}", _CONFIRMATION % attribute_value(message.confirms)))
            confirmation = parts[-1].form
        self._message_id = message.message_id
        self._token = token.identifier
        self._before = (
            _ENVELOPE,
            *(header.form for header in headers),
            _SECURITY,
            token.form,
            timestamp.form,
            confirmation,
            _SIGNATURE,
        )
        self.signed_info = _signed_info(signer.algorithm, parts)
        self._after = body.form

    def signed(self, signer: Signer, value: bytes) -> SignedMessage:
        """The message with the signature's value."""
        text = encode_base64(value)
        key = (_KEY % (text, self._token)).encode("ascii")
        raw = b"".join((*self._before, self.signed_info, key, self._after, b"</soap:Envelope>"))
        return SignedMessage(
            raw, self._message_id, text, self.signed_info, value, signer.algorithm, signer.certificate_der
        )


def _fresh_ids(count: int) -> list[str]:
    """So many times 128 random bits, as hexadecimal digits."""
    digits = secrets.token_hex(16 * count)
    return [digits[at : at + 32] for at in range(0, len(digits), 32)]


class _Part:
    """One signed part: its Id, its canonical bytes, its ds:Reference in SignedInfo."""

    __slots__ = ("form", "identifier", "reference")

    def __init__(self, identifier: str, form: bytes, prefixes: tuple[str, ...] = ()) -> None:
        self.identifier = identifier
        self.form = form
        digest = encode_base64(hashlib.sha256(form).digest())
        self.reference = _REFERENCE % (identifier, _prefix_list(prefixes), digest)


def _part(identifier: str, template: str) -> _Part:
    """A part from its text, in which the Id's value is still missing."""
    return _Part(identifier, template.replace(_ID, identifier, 1).encode("utf-8"))


@lru_cache(maxsize=256)
def _constant(identifier: str, name: str, value: str) -> _Part:
    """What is the same in message after message has the same Id each time, and is digested once."""
    return _part(identifier, _addressing(name, value))


@lru_cache(maxsize=16)
def _token(certificate_der: bytes) -> _Part:
    encoded = encode_base64(certificate_der)
    return _part("token", f"{_TOKEN_START}{encoded}</wsse:BinarySecurityToken>")


def _body(content: etree._Element | bytes, identifier: str, inclusive: tuple[str, ...]) -> bytes:
    """The Body's canonical form.

    The canonical form of its child stands in it unchanged unless the child declares a prefix that the Body
    has declared already; a text that merely looks like it goes the long way for nothing.
    """
    if isinstance(content, bytes):
        if not inclusive and _DECLARED_BY_BODY.search(content) is None:
            return b"".join((_BODY_START, identifier.encode("ascii"), b'">', content, b"</soap:Body>"))
        content = etree.fromstring(content)
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
    return f'<wsa:{name} {_NS_WSA} {_NS_WSU} wsu:Id="{_ID}">{character_data(value)}</wsa:{name}>'


def _timestamp(created: datetime, expires: datetime) -> str:
    return (
        f'<wsu:Timestamp {_NS_WSU} wsu:Id="{_ID}"><wsu:Created>{instant_text(created)}</wsu:Created>'
        f"<wsu:Expires>{instant_text(expires)}</wsu:Expires></wsu:Timestamp>"
    )


def _signed_info(algorithm: str, parts: list[_Part]) -> bytes:
    references = "".join(part.reference for part in parts)
    return (
        f'<ds:SignedInfo xmlns:ds="{names.DS}"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE_C14N}">'
        f'</ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>'
        f"{references}</ds:SignedInfo>"
    ).encode("ascii")


def _prefix_list(prefixes: tuple[str, ...]) -> str:
    if not prefixes:
        return ""
    listed = " ".join(prefixes)
    return f'<ec:InclusiveNamespaces xmlns:ec="{names.EC}" PrefixList="{listed}"></ec:InclusiveNamespaces>'


def instant_text(instant: datetime) -> str:
    """A UTC instant with milliseconds, as Created and Expires carry it."""
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
