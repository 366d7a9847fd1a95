"""The values that trust deals in: what is configured, what is trusted, what a chain looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes


class Usage(Enum):
    """What a certificate is presented for."""

    SIGNING = "signing"
    """It signed a message."""
    TLS_CLIENT = "tls-client"
    """It opened a connection to us."""
    TLS_SERVER = "tls-server"
    """It answered a connection of ours."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """One trust anchor and what is configured with it.

    ``revocation`` is ``crl`` (each authority on a path must have a good list among ``crl_files``, one
    PEM block a file) or ``off``, which only development and tests may use. ``extended_key_usage``
    gives the dotted OID that is demanded for a usage; a usage without an entry demands none.
    """

    name: str
    certificate: x509.Certificate
    intermediates: tuple[x509.Certificate, ...] = ()
    crl_files: tuple[Path, ...] = ()
    revocation: Literal["crl", "off"] = "crl"
    extended_key_usage: Mapping[Usage, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One certificate of a path. Times are aware UTC; the CRL is the one that spoke for this certificate."""

    subject: str
    issuer: str
    serial: str
    not_before: datetime
    not_after: datetime
    crl_number: int | None = None
    crl_next_update: datetime | None = None

    def days_left(self, at: datetime) -> int:
        """Whole days of validity left at ``at``; below zero when it has ended."""
        return (self.not_after - at).days


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """A certificate that passed every rule of step 7.

    ``fingerprint`` is SHA-256 in hex; ``subject`` and ``issuer`` are RFC 4514 text; ``chain`` begins
    with the certificate itself and ends with the anchor.
    """

    certificate: x509.Certificate
    der: bytes
    fingerprint: str
    subject: str
    issuer: str
    anchor: str
    public_key: CertificatePublicKeyTypes
    not_after: datetime
    chain: tuple[ChainLink, ...]


@dataclass(frozen=True, slots=True)
class ListStatus:
    """The CRL in use for one authority; ``number`` and times are None when there is none."""

    issuer: str
    file: str | None
    number: int | None
    this_update: datetime | None
    next_update: datetime | None
    days_left: float | None


@dataclass(frozen=True, slots=True)
class AnchorStatus:
    """One anchor as ``status`` shows it. ``problems`` names files that could not be taken up."""

    name: str
    subject: str
    not_after: datetime
    days_left: int
    revocation: str
    development: bool
    lists: tuple[ListStatus, ...]
    problems: tuple[str, ...]
