"""Keys and certificates of the refusal tests: a tiny authority of their own, made anew in each run.

It uses ``cryptography`` alone and no code of the gateway, so that it can also stand in the parent
process of ``tests.mutants``. Keys are kept in memory only; the CRL files that a TrustStore reads are
written where the caller says.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 11, 24, 3, 4, 5, 678000, tzinfo=UTC)
"""The instant at which the tests' messages are made and verified."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey

_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A signing key with its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate's DER bytes."""
        return self.certificate.public_bytes(Encoding.DER)


def make_key(kind: str) -> PrivateKey:
    """A fresh key: ``RSA-<bits>``, a curve's name, ``Ed25519`` or ``DSA``."""
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "DSA":
        return dsa.generate_private_key(2048)
    return ec.generate_private_key(_CURVES[kind])


class TestAuthority:
    """A root that issues signing certificates directly, and its CRL."""

    __test__ = False

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _name(name)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(NOW - timedelta(days=400))
            .not_valid_after(NOW + timedelta(days=4000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    @functools.lru_cache(maxsize=64)  # noqa: B019 - the authorities live as long as the process
    def identity(self, kind: str, name: str = "131016 integrated terminal 1") -> Identity:
        """A good signing certificate with a key of this kind; the same one on each call."""
        key = make_key(kind)
        return Identity(key, self.certify(key, name))

    def certify(self, key: PrivateKey, name: str) -> x509.Certificate:
        """A good end entity certificate (digitalSignature) for a key."""
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=30))
            .not_valid_after(NOW + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(identifier, critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def write_crl(self, folder: Path) -> Path:
        """Write the authority's (empty) CRL as one PEM block; good for a month around NOW."""
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        crl = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(NOW - timedelta(days=1))
            .next_update(NOW + timedelta(days=30))
            .add_extension(x509.CRLNumber(1), critical=False)
            .add_extension(identifier, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = folder / "crl.pem"
        path.write_bytes(crl.public_bytes(Encoding.PEM))
        return path


@functools.cache
def authority() -> TestAuthority:
    """The authority that the tests' verifiers trust."""
    return TestAuthority("Refusal Test CA")


def identity(kind: str = "P-256") -> Identity:
    """A good identity of the trusted authority."""
    return authority().identity(kind)


def prepare() -> None:
    """Make every key that is slow to make; the mutant runner calls this once in its parent."""
    for kind in ("RSA-2048", "RSA-1024", "RSA-2047", "DSA"):
        identity(kind)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Refusal Tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
