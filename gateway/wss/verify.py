"""Bytes in, a verified message out: steps 2 to 10 of message profile 1, in this order and nowhere else.

    2  parse          hardened, bounded                       gateway.wss.parse
    3  shape          one Header, one Body, one content       gateway.wss.envelope
    4  security       exact content of the Security header    gateway.wss.security (3 and 4 at once: .usual)
    5  algorithms     allow-list, key kind and size           gateway.wss.algorithms
    6  references     which elements are covered              gateway.wss.references
    7  certificate    path, validity, revocation              gateway.trust
    8  arithmetic     digests and signature value             gateway.wss.engine*
    9  time           Created, Expires, our clock             gateway.wss.timestamps
    10 addressing     agreement with transport and Body       gateway.wss.addressing

Steps 1, 11, 12 and 13 belong to the endpoint (gateway.transport.endpoint). The first step that says no
raises Refused with what is known of the message so far; nothing unverified is returned on the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple, Protocol, TypeVar

from cryptography import x509
from lxml import etree

from gateway.refusals import About, Refused
from gateway.trust import TrustedCertificate, Usage, read_certificate
from gateway.wss import names
from gateway.wss.addressing import (
    Addressing,
    AnswerContext,
    RequestContext,
    message_id_of,
    step_10_answer,
    step_10_request,
)
from gateway.wss.algorithms import step_5_algorithms, step_5_key
from gateway.wss.engine import Engine, Question, canonical, digest_of_canonical
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.envelope import Envelope, step_3_shape
from gateway.wss.parse import Parsed, step_2_counts, step_2_tree
from gateway.wss.profile import SIGNATURE_ALGORITHMS, Profile, SignatureAlgorithm
from gateway.wss.references import Signed, step_6_references
from gateway.wss.security import Security, step_4_security
from gateway.wss.timestamps import step_9_time
from gateway.wss.usual import usual_form

_Found = TypeVar("_Found")
Chain = tuple[tuple[str, str, datetime], ...]
_NO_CHAIN: Final[Chain] = ()
_HASHES: Final = {"sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


class Trust(Protocol):
    """Step 7: whether a certificate may sign here, now."""

    def check(self, der: bytes, *, usage: Usage, at: datetime) -> TrustedCertificate:
        """The certificate with its path, or Refused."""
        ...


class SecuredMessage(NamedTuple):
    """A message that passed steps 2 to 9: authentic and fresh, addressing not yet judged."""

    envelope: Envelope
    security: Security
    certificate: TrustedCertificate
    signed_info: bytes  # canonical, as it was signed
    about: About


class SignatureFacts(NamedTuple):
    """What evidence keeps of a signature that held, so that it can be checked when the message is gone.

    ``signed`` is the digest of the canonical SignedInfo by the signature's own hash.
    """

    algorithm: SignatureAlgorithm
    signed: bytes
    value: bytes


class VerifiedMessage(NamedTuple):
    """The only message that anyone downstream can see.

    ``content`` is the signed Body's child; the digests (SHA-256 over canonical form) are what the
    duplicate guard compares. ``bound`` is False only for a fault that names no request.
    """

    content: etree._Element
    addressing: Addressing
    certificate: TrustedCertificate
    expires: datetime
    about: About
    content_digest: bytes
    signed_info_digest: bytes
    signature: SignatureFacts
    bound: bool = True

    @property
    def is_fault(self) -> bool:
        """Whether the content is a soap:Fault."""
        return self.content.tag == names.FAULT


class Received(NamedTuple):
    """A request as it came: its bytes, what it must agree with, and when that was."""

    raw: bytes
    expected: RequestContext
    now: datetime


class _Way:
    """One message on its way through steps 2 to 9, and what is known of it so far."""

    __slots__ = (
        "algorithm", "certificate", "chain", "covered", "envelope", "message_id", "now", "parsed", "raw",
        "refused", "security", "signed_info", "value",
    )  # fmt: skip
    parsed: Parsed
    envelope: Envelope
    security: Security
    algorithm: SignatureAlgorithm
    covered: tuple[Signed, ...]
    certificate: TrustedCertificate
    signed_info: bytes

    def __init__(self, raw: bytes, now: datetime) -> None:
        self.raw, self.now = raw, now
        self.message_id: str | None = None
        self.chain = _NO_CHAIN
        self.value: str | None = None
        self.refused: Refused | None = None

    def refuse(self, refusal: Refused) -> None:
        """Go no further. From step 5 on the refusal tells what is known."""
        self.chain = refusal.about.chain or self.chain
        if hasattr(self, "security"):
            refusal.about = self.about()
        self.refused = refusal

    def about(self) -> About:
        """What is known of a message that passed step 4."""
        security = self.security
        return About(self.message_id, self.value, security.created, security.expires, self.chain)


class Verifier:
    """Verifies messages against one trust store, one profile and one engine; holds no state of its own."""

    def __init__(self, trust: Trust, profile: Profile | None = None, engine: Engine | None = None) -> None:
        self._trust = trust
        self._profile = profile or Profile()
        self._engine = engine or LxmlEngine()

    def requests(self, batch: Sequence[Received]) -> list[VerifiedMessage | Refused]:
        """Steps 2 to 10 for messages that ask something of us; what each passed to, or was refused with."""
        secured = self._secured([_Way(one.raw, one.now) for one in batch])
        return [
            message if isinstance(message, Refused) else _agreeing(message, one.expected)
            for message, one in zip(secured, batch, strict=True)
        ]

    def request(self, raw: bytes, expected: RequestContext, now: datetime) -> VerifiedMessage:
        """As requests, for one message. Raises Refused."""
        return _or_raise(self.requests([Received(raw, expected, now)])[0])

    def answer(self, raw: bytes, expected: AnswerContext, now: datetime) -> VerifiedMessage:
        """Steps 2 to 10 for the answer to a request of ours."""
        secured = self.secured(raw, now)
        try:
            addressing, bound = step_10_answer(secured.envelope, secured.security, expected)
        except Refused as refusal:
            refusal.about = secured.about
            raise
        return _verified(secured, addressing, bound=bound)

    def secured(self, raw: bytes, now: datetime) -> SecuredMessage:
        """Steps 2 to 9."""
        return _or_raise(self._secured([_Way(raw, now)])[0])

    def _secured(self, ways: Sequence[_Way]) -> list[SecuredMessage | Refused]:
        """Each step over all messages before the next: what the processor has at hand serves them all."""
        for step in (self._parse, self._take_apart, self._look_up, self._prove, self._date):
            for way in ways:
                if way.refused is None:
                    try:
                        step(way)
                    except Refused as refusal:
                        way.refuse(refusal)
        return [
            way.refused
            or SecuredMessage(way.envelope, way.security, way.certificate, way.signed_info, way.about())
            for way in ways
        ]

    def _parse(self, way: _Way) -> None:  # 2
        way.parsed = step_2_tree(way.raw, self._profile.limits)

    def _take_apart(self, way: _Way) -> None:  # 3, 4
        parsed, limits = way.parsed, self._profile.limits
        usual = usual_form(parsed, limits)
        if usual is not None:
            way.envelope, way.security = usual
        else:
            step_2_counts(parsed, limits)
            way.envelope = step_3_shape(parsed.root)
            way.security = step_4_security(way.envelope, limits)
        way.message_id = message_id_of(way.envelope)

    def _look_up(self, way: _Way) -> None:  # 5, 6, 7
        security = way.security
        way.algorithm = step_5_algorithms(security)
        token = read_certificate(security.token_bytes)
        way.chain = _link(token)
        step_5_key(token, way.algorithm)
        way.covered = step_6_references(way.envelope, security)
        way.certificate = self._trust.check(security.token_bytes, usage=Usage.SIGNING, at=way.now)
        way.chain = _chain(way.certificate)

    def _prove(self, way: _Way) -> None:  # 8
        security, certificate = way.security, way.certificate
        way.signed_info = canonical(security.signed_info, security.signed_info_prefixes)
        self._engine.check(
            Question(
                security,
                way.algorithm,
                way.covered,
                certificate.public_key,
                certificate.der,
                way.signed_info,
            )
        )
        way.value = security.signature_text

    def _date(self, way: _Way) -> None:  # 9
        step_9_time(way.security, self._profile, way.now)


def _agreeing(secured: SecuredMessage, expected: RequestContext) -> VerifiedMessage | Refused:
    try:
        return _verified(secured, step_10_request(secured.envelope, secured.security, expected))
    except Refused as refusal:
        refusal.about = secured.about
        return refusal


def _or_raise(found: _Found | Refused) -> _Found:
    if isinstance(found, Refused):
        raise found
    return found


@lru_cache(maxsize=256)
def _link(certificate: x509.Certificate) -> Chain:
    subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    return ((subject, issuer, certificate.not_valid_after_utc),)


def _chain(certificate: TrustedCertificate) -> Chain:
    return tuple((link.subject, link.issuer, link.not_after) for link in certificate.chain)


def _facts(security: Security, signed_info: bytes) -> SignatureFacts:
    algorithm = SIGNATURE_ALGORITHMS[str(security.signature_algorithm)]
    signed = _HASHES[algorithm.hash](signed_info).digest()
    return SignatureFacts(algorithm, signed, security.signature_bytes)


def _plain_digest(secured: SecuredMessage, facts: SignatureFacts) -> bytes:
    """SHA-256 of SignedInfo's canonical form without a PrefixList: what the duplicate guard compares."""
    if secured.security.signed_info_prefixes:
        return digest_of_canonical(secured.security.signed_info)
    if facts.algorithm.hash == "sha256":
        return facts.signed
    return hashlib.sha256(secured.signed_info).digest()


def _verified(secured: SecuredMessage, addressing: Addressing, *, bound: bool = True) -> VerifiedMessage:
    facts = _facts(secured.security, secured.signed_info)
    return VerifiedMessage(
        content=secured.envelope.content,
        addressing=addressing,
        certificate=secured.certificate,
        expires=secured.security.expires,
        about=secured.about,
        content_digest=digest_of_canonical(secured.envelope.content),
        signed_info_digest=_plain_digest(secured, facts),
        signature=facts,
        bound=bound,
    )
