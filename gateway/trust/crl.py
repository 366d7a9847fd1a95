"""One certificate revocation list: read, judged by RFC 5280 section 5, bound to its authority.

Only full lists of one authority are taken: an issuing distribution point, a delta indicator, an entry of
another issuer, or anything else that is critical and unknown makes a list unusable, for it would then
say less than it seems to (RFC 5280 5.2: such a list must not be used).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.errors import StateError
from gateway.trust.certificate import extension_of

MAX_CRL_BYTES = 64 * 1024 * 1024
"""A CRL of a million entries is about 40 MiB."""

_DIGESTS = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


class CrlUnusable(StateError):
    """A CRL file that cannot be taken up; the text says why."""


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list as read from ``file``; not yet known to be signed by anybody. Times are aware UTC."""

    crl: x509.CertificateRevocationList
    file: Path
    number: int
    this_update: datetime
    next_update: datetime
    serials: frozenset[int]

    @property
    def age(self) -> tuple[int, datetime]:
        """What orders lists of one authority: the CRL number, then thisUpdate."""
        return self.number, self.this_update

    def signed_by(self, authority: x509.Certificate) -> bool:
        """Whether this list is one of ``authority``: name, cRLSign and signature (RFC 5280 6.3.3 f, g)."""
        usage = extension_of(authority, x509.KeyUsage)
        if self.crl.issuer != authority.subject or usage is None or not usage.crl_sign:
            return False
        key = authority.public_key()
        return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and self.crl.is_signature_valid(
            key
        )


def read_crl(file: Path) -> RevocationList:
    """The list in ``file``, which holds exactly one PEM block.

    Raises CrlUnusable for anything that cannot be read to the end or must not be used.
    """
    try:
        with file.open("rb") as stream:
            pem = stream.read(MAX_CRL_BYTES + 1)
    except OSError as exc:
        raise CrlUnusable(f"{file}: {exc.strerror}") from None
    if len(pem) > MAX_CRL_BYTES or pem.count(b"-----BEGIN ") != 1:
        raise CrlUnusable(f"{file}: not one PEM block of at most {MAX_CRL_BYTES} bytes")
    try:
        return _judge(x509.load_pem_x509_crl(pem), file)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, Warning):
        raise CrlUnusable(f"{file}: not a readable CRL") from None


def _judge(crl: x509.CertificateRevocationList, file: Path) -> RevocationList:
    if not isinstance(crl.signature_hash_algorithm, _DIGESTS):
        raise CrlUnusable(f"{file}: signed with an algorithm that is not accepted")
    number = None
    for extension in crl.extensions:
        if isinstance(extension.value, x509.CRLNumber):
            number = extension.value.crl_number
        elif extension.critical:
            raise CrlUnusable(f"{file}: unknown critical extension {extension.oid.dotted_string}")
    if crl.next_update_utc is None or number is None:
        raise CrlUnusable(f"{file}: no next update or no CRL number")
    serials = set()
    for entry in crl:
        if any(extension.critical for extension in entry.extensions):
            raise CrlUnusable(f"{file}: an entry with an unknown critical extension")
        serials.add(entry.serial_number)
    return RevocationList(
        crl=crl,
        file=file,
        number=number,
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        serials=frozenset(serials),
    )
