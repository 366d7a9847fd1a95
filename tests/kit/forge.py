"""Certificates and CRLs with any one thing wrong, by cryptography alone: no code of the gateway's PKI.

A ``Forge`` is a root, an issuing authority and their CRL files in a folder, all good; every method takes
what is to be different. Keys are shared by all forges of a process.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from gateway.trust import Anchor, TrustStore, Usage

AT = datetime(2026, 11, 25, tzinfo=UTC)
DAY = timedelta(days=1)
DEMANDED = "1.2.3.4.5"
"""The extended key usage that the forge's anchor demands for signing."""

Extension = tuple[x509.ExtensionType, bool]


@functools.cache
def key(name: str, kind: str = "P-256") -> Any:
    """A key by name: the same for the same name, so that RSA keys are made once."""
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "DSA":
        return dsa.generate_private_key(2048)
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "k1": ec.SECP256K1()}
    return ec.generate_private_key(curves[kind])


def name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def usage(*names: str) -> x509.KeyUsage:
    """A key usage of just these."""
    known = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{one: one in names for one in known})


def eku(*oids: str) -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in oids])


def unknown(critical: bool) -> Extension:
    """An extension that nobody knows."""
    return x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4.9"), b"\x05\x00"), critical


LEAF: tuple[Extension, ...] = (
    (x509.BasicConstraints(False, None), True),
    (usage("digital_signature"), True),
    (eku(DEMANDED), False),
)
ROOT: tuple[Extension, ...] = (
    (x509.BasicConstraints(True, 1), True),
    (usage("key_cert_sign", "crl_sign"), True),
)
ISSUING: tuple[Extension, ...] = ((x509.BasicConstraints(True, 0), True), ROOT[1])


def altered(
    extensions: Sequence[Extension], *new: Extension, without: type | None = None
) -> tuple[Extension, ...]:
    """The extensions with some replaced by, or added to, and one kind left out."""
    gone = {type(value) for value, _ in new if not isinstance(value, x509.UnrecognizedExtension)} | {without}
    return (*(one for one in extensions if type(one[0]) not in gone), *new)


def make(
    subject: str,
    subject_key: Any,
    issuer: str,
    issuer_key: Any,
    extensions: Sequence[Extension],
    *,
    begin: datetime = AT - 10 * DAY,
    end: datetime = AT + 100 * DAY,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(subject_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject_key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def make_crl(
    issuer: str,
    issuer_key: Any,
    *,
    number: int | None = 1,
    begin: datetime = AT - DAY,
    end: datetime = AT + DAY,
    revoked: Sequence[int] = (),
    more: Sequence[Extension] = (),
    entry: Extension | None = None,
    digest: Any = None,
) -> bytes:
    """A CRL in PEM; ``entry`` is an extension of each entry."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(name(issuer))
    builder = builder.last_update(begin).next_update(end)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for value, critical in more:
        builder = builder.add_extension(value, critical)
    for serial in revoked:
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(begin)
        if entry is not None:
            one = one.add_extension(*entry)
        builder = builder.add_revoked_certificate(one.build())
    return builder.sign(issuer_key, digest or hashes.SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Forge:
    """A good little PKI in ``folder``; replace what shall be wrong."""

    folder: Path
    root: x509.Certificate = field(
        default_factory=lambda: make(
            "root", key("root"), "root", key("root"), ROOT, begin=AT - 50 * DAY, end=AT + 500 * DAY
        )
    )
    issuing: x509.Certificate = field(
        default_factory=lambda: make(
            "issuing", key("issuing"), "root", key("root"), ISSUING, begin=AT - 40 * DAY, end=AT + 400 * DAY
        )
    )

    def __post_init__(self) -> None:
        self.write_crl("root")
        self.write_crl("issuing")

    def file(self, authority: str) -> Path:
        return self.folder / f"{authority}.crl.pem"

    def write_crl(self, authority: str, **changes: Any) -> None:
        """Publish a CRL of ``root`` or ``issuing``, in one step."""
        self.put(authority, make_crl(authority, key(authority), **changes))

    def put(self, authority: str, content: bytes) -> None:
        """Put any bytes where a CRL is expected, in one step."""
        part = self.folder / "part"
        part.write_bytes(content)
        part.replace(self.file(authority))

    def leaf(
        self, extensions: Sequence[Extension] = LEAF, kind: str = "P-256", **changes: Any
    ) -> x509.Certificate:
        """A certificate of the issuing authority."""
        return make("system", key("leaf", kind), "issuing", key("issuing"), extensions, **changes)

    def anchor(self, **changes: Any) -> Anchor:
        values: dict[str, Any] = {
            "name": "forge",
            "certificate": self.root,
            "intermediates": (self.issuing,),
            "crl_files": (self.file("root"), self.file("issuing")),
            "revocation": "crl",
            "extended_key_usage": {Usage.SIGNING: DEMANDED},
        }
        return Anchor(**{**values, **changes})

    def store(self, **changes: Any) -> TrustStore:
        return TrustStore([self.anchor(**changes)])


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
