"""Reading certificates: bytes of a stranger in, a whole certificate or a refusal out.

Everything that cryptography parses lazily (extensions, key, names) is touched here, so that no later
step meets a parser's error.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509 import ObjectIdentifier

from gateway.refusals import Refused
from gateway.trust.model import ChainLink

MAX_CERTIFICATE_BYTES = 16_384
"""A certificate is 1 to 2 KiB; the bound keeps the cache of read ones small."""

_ARC = "1.3.6.1.4.1.32473.195951287"
"""Our own arc: a random number under the enterprise number for documentation (RFC 5612)."""

DEVELOPMENT_MARK = ObjectIdentifier(f"{_ARC}.1")
"""A non-critical extension that marks an authority as one for development."""
MESSAGE_SIGNING = ObjectIdentifier(f"{_ARC}.2")
"""The extended key usage of our signing certificates."""
DEVELOPMENT_POLICY = ObjectIdentifier(f"{_ARC}.3")
"""The certificate policy of the development PKI."""

E = TypeVar("E", bound=x509.ExtensionType)

_CURVES = (ec.SECP256R1, ec.SECP384R1)


@lru_cache(maxsize=256)
def read_certificate(der: bytes) -> x509.Certificate:
    """The certificate that ``der`` is, wholly parsed.

    Raises Refused: ``token-unreadable`` when the bytes are no DER certificate or larger than 16 KiB,
    ``key-type`` when its key is of a kind or on a curve that has no name here.
    """
    if len(der) > MAX_CERTIFICATE_BYTES:
        raise Refused(
            "token-unreadable", found=f"{len(der)} bytes", wanted=f"at most {MAX_CERTIFICATE_BYTES} bytes"
        )
    try:
        certificate = x509.load_der_x509_certificate(der)
        for part in (certificate.subject, certificate.issuer):
            part.rfc4514_string()
        _ = (certificate.extensions, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        certificate.public_key()
    except (ValueError, TypeError, x509.DuplicateExtension, x509.InvalidVersion, Warning):
        raise Refused(
            "token-unreadable", found=f"{len(der)} bytes", wanted="one X.509 certificate, DER"
        ) from None
    except UnsupportedAlgorithm:
        raise Refused("key-type", found="a key of an unknown kind", wanted="RSA, P-256 or P-384") from None
    return certificate


def judge_key(key: CertificatePublicKeyTypes) -> None:
    """Refuse a key that the profile does not allow (step 5): RSA from 2048 bits, P-256, P-384."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < 2048:
            raise Refused("key-size", found=f"RSA {key.key_size}", wanted="RSA 2048 or more")
    elif not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)):
        raise Refused("key-type", found=type(key).__name__, wanted="RSA, P-256 or P-384")


def is_development(certificate: x509.Certificate) -> bool:
    """Whether an authority carries our mark of a development PKI, which production refuses."""
    return any(extension.oid == DEVELOPMENT_MARK for extension in certificate.extensions)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate claims to be an authority's, by either extension (RFC 5280 4.2.1.3, 4.2.1.9)."""
    constraints = extension_of(certificate, x509.BasicConstraints)
    usage = extension_of(certificate, x509.KeyUsage)
    return (constraints is not None and constraints.ca) or (usage is not None and usage.key_cert_sign)


def extension_of(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """The value of an extension, or None when the certificate has none of the kind."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def link_of(certificate: x509.Certificate, crl_number: int | None, next_update: datetime | None) -> ChainLink:
    """A certificate as a link of a chain, with the CRL that spoke for it."""
    return ChainLink(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        crl_number=crl_number,
        crl_next_update=next_update,
    )


def instant(at: datetime) -> str:
    """An instant as refusal records show it: UTC, to the second, rounded down."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
