"""Somebody else's system in the place of one of the network's: its certificates, read from one PEM file.

The file holds the certificate that signs messages, the one of TLS connections, and their issuers up to
self-signed roots; revocation lists may stand in it too. Everything that would make the system be refused
later is said here, with the line of the file.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.errors import GatewayError, UsageError
from gateway.refusals import Refused
from gateway.trust import Anchor, TrustStore, Usage, read_certificate
from gateway.trust.certificate import extension_of, is_authority
from gateway.trust.path import find_path

MOST_BYTES: Final = 1_048_576
_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_TLS: Final = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH})


@dataclass(slots=True)
class Root:
    """A root that vouches for the system, with the issuing authorities and lists that are needed below it."""

    certificate: x509.Certificate
    intermediates: list[x509.Certificate] = field(default_factory=list)
    crls: list[x509.CertificateRevocationList] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class External:
    """A system of the plan that somebody else runs. ``url`` is its base address; None when it only calls."""

    id: str
    url: str | None
    signing: x509.Certificate
    tls: x509.Certificate
    roots: tuple[Root, ...]

    def root_of(self, certificate: x509.Certificate) -> x509.Certificate:
        """The root whose path the certificate has."""
        return next(root.certificate for root in self.roots if _path(certificate, root) is not None)


def read_external(
    file: Path, *, system_id: str, url: str | None, usages: Sequence[Usage], at: datetime
) -> External:
    """The system whose certificates are in ``file``, judged at ``at`` for the TLS ``usages`` that it needs.

    Raises UsageError that names the file, the line or the certificate, and what is wrong.
    """
    certificates, lists = _read(file)
    leaves = [one for one in certificates if not is_authority(one)]
    if len(leaves) != 2:
        raise UsageError(
            f"{file}: two certificates that are no authority's are wanted, the one that signs messages and "
            f"the one of TLS connections; there are {len(leaves)}"
        )
    signing, tls = _by_use(*leaves)
    if signing.public_key() == tls.public_key():
        raise UsageError(f"{file}: the key that signs messages must not be the key of TLS connections")
    roots = _roots(file, (signing, tls), [one for one in certificates if is_authority(one)])
    for crl in lists:
        issued = [root for root in roots if crl.issuer in _authorities(root)]
        if not issued:
            name = crl.issuer.rfc4514_string()
            raise UsageError(f"{file}: a revocation list of {name}, which issued none of the certificates")
        for root in issued:
            root.crls.append(crl)
    external = External(system_id, url, signing, tls, tuple(roots))
    _judge(file, external, usages, at)
    return external


def _read(file: Path) -> tuple[list[x509.Certificate], list[x509.CertificateRevocationList]]:
    """Certificates, each once, and revocation lists."""
    try:
        with file.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None
    if len(text) > MOST_BYTES:
        raise UsageError(f"{file}: is larger than {MOST_BYTES} bytes")
    certificates: list[x509.Certificate] = []
    lists = []
    for match in _BLOCK.finditer(text):
        place, kind = f"{file}, line {text.count(chr(10), 0, match.start()) + 1}", match[1]
        try:
            if kind == "CERTIFICATE":
                der = x509.load_pem_x509_certificate(match[0].encode()).public_bytes(Encoding.DER)
                certificate = read_certificate(der)
                if certificate not in certificates:
                    certificates.append(certificate)
            elif kind == "X509 CRL":
                lists.append(x509.load_pem_x509_crl(match[0].encode()))
            elif kind.endswith("PRIVATE KEY"):
                raise UsageError(f"{place}: a private key; give certificates only")
            else:
                raise UsageError(f"{place}: {kind} is neither a certificate nor a revocation list")
        except Refused as refusal:
            raise UsageError(f"{place}: {refusal.rule.name}: {refusal.rule.en}") from None
        except (ValueError, x509.DuplicateExtension):
            raise UsageError(f"{place}: this PEM block cannot be read") from None
    if not certificates:
        raise UsageError(f"{file}: there is no PEM certificate in it")
    return certificates, lists


def _by_use(first: x509.Certificate, second: x509.Certificate) -> tuple[x509.Certificate, x509.Certificate]:
    """Signing and TLS certificate: in this order, unless only the first one is for TLS."""
    if _is_for_tls(first) and not _is_for_tls(second):
        return second, first
    return first, second


def _is_for_tls(certificate: x509.Certificate) -> bool:
    usages = extension_of(certificate, x509.ExtendedKeyUsage)
    return usages is not None and not _TLS.isdisjoint(usages)


def _roots(
    file: Path, leaves: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]
) -> list[Root]:
    selfsigned = [one for one in authorities if one.subject == one.issuer]
    others = [one for one in authorities if one.subject != one.issuer]
    found: dict[x509.Certificate, Root] = {}
    for use, leaf in zip(("signing", "TLS"), leaves, strict=True):
        paths = (_path(leaf, Root(root, others)) for root in selfsigned)
        path = next((path for path in paths if path is not None), None)
        if path is None:
            raise UsageError(
                f"{file}: the {use} certificate of {leaf.subject.rfc4514_string()} has no path to a root in "
                f"the file; its issuer is {leaf.issuer.rfc4514_string()}"
            )
        root = found.setdefault(path[-1], Root(path[-1]))
        root.intermediates += [one for one in path[1:-1] if one not in root.intermediates]
    return list(found.values())


def _path(leaf: x509.Certificate, root: Root) -> list[x509.Certificate] | None:
    anchor = Anchor("external", root.certificate, tuple(root.intermediates))
    return find_path(leaf, anchor, leaf.not_valid_before_utc)


def _authorities(root: Root) -> list[x509.Name]:
    return [one.subject for one in (root.certificate, *root.intermediates)]


def _judge(file: Path, external: External, usages: Sequence[Usage], at: datetime) -> None:
    """Raise UsageError when the gateway would refuse one of the certificates by a rule of step 7."""
    with tempfile.TemporaryDirectory() as scratch:
        anchors = []
        for number, root in enumerate(external.roots):
            files: list[Path] = []
            for crl in root.crls:
                files.append(Path(scratch) / f"{number}-{len(files)}.pem")
                files[-1].write_bytes(crl.public_bytes(Encoding.PEM))
            anchors.append(
                Anchor(
                    str(number),
                    root.certificate,
                    tuple(root.intermediates),
                    tuple(files),
                    "crl" if root.crls else "off",
                )
            )
        trust = _trust(file, anchors)
        judged = [("signing", external.signing, Usage.SIGNING)]
        judged += [("TLS", external.tls, usage) for usage in usages]
        for use, certificate, usage in judged:
            try:
                trust.check(certificate.public_bytes(Encoding.DER), usage=usage, at=at)
            except Refused as refusal:
                raise UsageError(
                    f"{file}: the {use} certificate of {certificate.subject.rfc4514_string()} would be "
                    f"refused: {refusal.rule.name}: {refusal.rule.en}"
                ) from None


def _trust(file: Path, anchors: Sequence[Anchor]) -> TrustStore:
    try:
        trust = TrustStore(anchors)
    except GatewayError as error:
        raise UsageError(f"{file}: {error}") from None
    return trust
