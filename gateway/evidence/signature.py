"""What evidence keeps of a message's own signature, and how it is checked when the message is erased.

Two ways to it: from any message that a verifier has taken (parsed once more; for whoever calls out), and
from one that our own signer has just made.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from gateway.evidence.entry import Signature
from gateway.refusals import Refused
from gateway.wss.engine import canonical
from gateway.wss.envelope import step_3_shape
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import SIGNATURE_ALGORITHMS, Limits
from gateway.wss.security import Security, step_4_security
from gateway.wss.sign import SignedMessage
from gateway.wss.verify import SignatureFacts

_HASHES: Final = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_NAMES: Final = {
    uri: f"{ {'pkcs1': 'rsa', 'pss': 'rsa-pss', 'ecdsa': 'ecdsa'}[algorithm.padding] }-{algorithm.hash}"
    for uri, algorithm in SIGNATURE_ALGORITHMS.items()
}
"""Our names of signature algorithms, by URI: rsa-sha256, rsa-pss-sha256, ecdsa-sha256 and so on."""
_DIGEST_BY: Final = {uri: getattr(hashlib, algorithm.hash) for uri, algorithm in SIGNATURE_ALGORITHMS.items()}
_WIDE: Final = Limits(
    body_bytes=16_777_216, elements=1_000_000, namespaces_per_element=1_000, namespaces_in_scope=10_000
)
"""A message that is kept passed the limits of its day."""


def signature_of(raw: bytes) -> Signature | None:
    """The signature in a message's bytes; None when there is none of the profile's form."""
    try:
        return signature_in(step_4_security(step_3_shape(step_2_parse(raw, _WIDE)), _WIDE))
    except Refused:
        return None


def signature_in(security: Security) -> Signature | None:
    """The signature of a Security header that was taken apart; None for an algorithm that has no name."""
    name = _NAMES.get(security.signature_algorithm or "")
    if name is None:
        return None
    signed_info = canonical(security.signed_info, security.signed_info_prefixes)
    digest = hashlib.new(hash_of(name), signed_info).digest()
    return Signature(name, digest, security.signature_bytes, security.token_bytes)


def signature_verified(facts: SignatureFacts, certificate_der: bytes) -> Signature:
    """The signature of a message that the verifier has just let pass."""
    return Signature(_NAMES[facts.algorithm.uri], facts.signed, facts.value, certificate_der)


def signature_made(message: SignedMessage) -> Signature:
    """The signature of a message that our signer has just made."""
    digest = _DIGEST_BY[message.algorithm](message.signed_info).digest()
    return Signature(_NAMES[message.algorithm], digest, message.value, message.certificate)


def signed_info_of(raw: bytes) -> bytes | None:
    """The canonical SignedInfo of a message that is kept; None when it has none."""
    try:
        security = step_4_security(step_3_shape(step_2_parse(raw, _WIDE)), _WIDE)
        return canonical(security.signed_info, security.signed_info_prefixes)
    except Refused:
        return None


def signature_holds(signature: Signature) -> bool:
    """Whether the certificate's key made the value over the digest of SignedInfo."""
    try:
        key = x509.load_der_x509_certificate(signature.certificate).public_key()
        hashed = Prehashed(_HASHES[hash_of(signature.algorithm)])
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.value, signature.signed, _padding(signature.algorithm), hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and signature.algorithm.startswith("ecdsa-"):
            key.verify(der_of_halves(signature.value), signature.signed, ec.ECDSA(hashed))
        else:
            return False
    except (InvalidSignature, ValueError, KeyError):
        return False
    return True


def der_of_halves(value: bytes) -> bytes:
    """An ECDSA value, r and s side by side, as openssl takes it (RFC 3279 section 2.2.3)."""
    half = len(value) // 2
    return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def hash_of(algorithm: str) -> str:
    """The hash's name at the end of an algorithm's."""
    return algorithm.rpartition("-")[2]


def public_pem(certificate_der: bytes) -> bytes:
    """A certificate as PEM."""
    text = base64.encodebytes(certificate_der).replace(b"\n", b"")
    lines = b"\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return b"-----BEGIN CERTIFICATE-----\n" + lines + b"\n-----END CERTIFICATE-----\n"


def _padding(algorithm: str) -> padding.AsymmetricPadding:
    if algorithm.startswith("rsa-pss-"):
        hashed = _HASHES[hash_of(algorithm)]
        return padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return padding.PKCS1v15()
