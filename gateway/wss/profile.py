"""Message profile 1 as numbers and allow-lists: everything a sender could push is bounded here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_PSS: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_ENC: Final = "http://www.w3.org/2001/04/xmlenc#"

KeyKind = Literal["RSA", "EC"]
Padding = Literal["pkcs1", "pss", "ecdsa"]


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature algorithm: its XML Signature URI, the kind of key, the padding and the hash's name."""

    uri: str
    key: KeyKind
    padding: Padding
    hash: str


SIGNATURE_ALGORITHMS: Final = {
    algorithm.uri: algorithm
    for algorithm in (
        SignatureAlgorithm(_MORE + "rsa-sha256", "RSA", "pkcs1", "sha256"),
        SignatureAlgorithm(_MORE + "rsa-sha384", "RSA", "pkcs1", "sha384"),
        SignatureAlgorithm(_MORE + "rsa-sha512", "RSA", "pkcs1", "sha512"),
        # RFC 6931 2.3.10: MGF1 and salt length both by the same hash.
        SignatureAlgorithm(_PSS + "sha256-rsa-MGF1", "RSA", "pss", "sha256"),
        SignatureAlgorithm(_PSS + "sha384-rsa-MGF1", "RSA", "pss", "sha384"),
        SignatureAlgorithm(_PSS + "sha512-rsa-MGF1", "RSA", "pss", "sha512"),
        SignatureAlgorithm(_MORE + "ecdsa-sha256", "EC", "ecdsa", "sha256"),
        SignatureAlgorithm(_MORE + "ecdsa-sha384", "EC", "ecdsa", "sha384"),
    )
}
"""The signature algorithms that the profile allows, by URI. No HMAC, no SHA-1."""

DIGEST_ALGORITHMS: Final = {
    _ENC + "sha256": "sha256",
    _MORE + "sha384": "sha384",
    _ENC + "sha512": "sha512",
}
"""The digest algorithms that the profile allows: URI to hashlib name."""

CURVES: Final = {"secp256r1": 32, "secp384r1": 48}
"""The named curves that the profile allows, with the bytes of one coordinate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one message; each is a setting and has a test at the bound and one past it.

    Exclusive canonicalisation is quadratic in namespaces and attributes, hence the counts.
    """

    body_bytes: int = 262_144
    depth: int = 64
    elements: int = 20_000
    attributes: int = 32  # of one element
    namespaces_per_element: int = 32  # declarations on one element
    namespaces_in_scope: int = 64  # distinct prefixes in scope at one element
    references: int = 16
    prefixes: int = 32  # different PrefixList tokens of one message
    prefix_work: int = 100_000  # those tokens times the message's elements: what canonicalising them costs


@dataclass(frozen=True, slots=True)
class Profile:
    """What a verifier demands beyond the fixed rules."""

    limits: Limits = field(default_factory=Limits)
    max_lifetime: timedelta = timedelta(minutes=10)  # Created to Expires
    skew: timedelta = timedelta(seconds=60)  # between the sender's clock and ours
