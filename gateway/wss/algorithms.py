"""Step 5: algorithms, reference forms and keys against our own allow-list, before any engine is asked.

The engines must never be trusted to refuse: what passes here is all that they ever see.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.refusals import Refused
from gateway.trust import judge_key
from gateway.wss import names
from gateway.wss.profile import (
    DIGEST_ALGORITHMS,
    EXCLUSIVE_C14N,
    SIGNATURE_ALGORITHMS,
    KeyKind,
    SignatureAlgorithm,
)
from gateway.wss.security import Security

_SPKI: Final = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
_STANDARD: Final = re.compile(
    r"http://(?:www\.w3\.org|docs\.oasis-open\.org)/(?:(?![0-9]{7})[0-9A-Za-z/#._-]){1,120}"
)
_FRAGMENT: Final = re.compile(r"#[^\s#()/'\"]+")


def step_5_algorithms(security: Security) -> SignatureAlgorithm:
    """The signature algorithm, once everything that a sender could choose is on the list."""
    if security.canonicalization != EXCLUSIVE_C14N:
        raise Refused(
            "canonicalization-algorithm", found=_told(security.canonicalization), wanted=EXCLUSIVE_C14N
        )
    algorithm = SIGNATURE_ALGORITHMS.get(security.signature_algorithm or "")
    if algorithm is None:
        raise Refused("signature-algorithm", found=_told(security.signature_algorithm))
    for reference in security.references:
        if reference.digest_algorithm not in DIGEST_ALGORITHMS:
            raise Refused("digest-algorithm", found=_told(reference.digest_algorithm))
        if reference.transforms != (EXCLUSIVE_C14N,):
            raise Refused(
                "transform-algorithm", found=" ".join(map(_told, reference.transforms)), wanted=EXCLUSIVE_C14N
            )
        if reference.uri is None or not _FRAGMENT.fullmatch(reference.uri):
            raise Refused("reference-uri", wanted="#id")
    token_id = security.token.get(names.WSU_ID)
    if token_id is None or security.key_uri != f"#{token_id}":
        raise Refused("key-reference", wanted="a reference to the token of this message")
    if security.key_value_type not in {None, names.X509_V3}:
        raise Refused("key-reference", found=_told(security.key_value_type), wanted=names.X509_V3)
    return algorithm


def step_5_key(certificate: x509.Certificate, algorithm: SignatureAlgorithm) -> None:
    """The key of the token: kind, size, named curve, and that it fits the signature algorithm."""
    kind = _kind(certificate)
    if kind != algorithm.key:
        raise Refused("key-mismatch", found=f"{algorithm.uri} with a key of kind {kind}")


@lru_cache(maxsize=256)
def _kind(certificate: x509.Certificate) -> KeyKind:
    """The kind of key, once it is one that may sign; remembered for the certificates that come again."""
    key = certificate.public_key()
    judge_key(key)
    if key.public_bytes(*_SPKI) not in certificate.tbs_certificate_bytes:
        raise Refused("key-type", found="a key that is not written as a named curve, uncompressed")
    return "RSA" if isinstance(key, rsa.RSAPublicKey) else "EC"


def _told(uri: str | None) -> str:
    """The URI for a refusal record, when a standard could have it: any other is a sender's own words."""
    if uri is None:
        return "none"
    return uri if _STANDARD.fullmatch(uri) else "another URI"
