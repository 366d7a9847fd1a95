"""A development PKI for any test: made once in a process, all of it as of one fixed instant.

Tests that revoke or publish something take an authority of their own (``Authority.create``): this one
is shared.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.pki import Authority, Credential
from gateway.trust import MESSAGE_SIGNING, Anchor, TrustStore, Usage

AT = datetime(2026, 11, 25, tzinfo=UTC)
"""The instant as of which everything is issued; CRLs are good for 24 hours from it."""

DEMANDED = {
    Usage.SIGNING: MESSAGE_SIGNING.dotted_string,
    Usage.TLS_CLIENT: "1.3.6.1.5.5.7.3.2",
    Usage.TLS_SERVER: "1.3.6.1.5.5.7.3.1",
}
"""The extended key usages of this PKI's certificates."""


@functools.cache
def folder() -> Path:
    """A folder that goes when the process ends."""
    made = Path(tempfile.mkdtemp(prefix="tests-pki-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.cache
def authority() -> Authority:
    """The shared authority."""
    return Authority.create(folder() / "pki", at=AT)


@functools.cache
def credential(
    role: str = "integrated_terminal",
    system: str = "131016-terminal-1",
    municipality: str | None = "131016",
    key_kind: str = "P-256",
    profile: str = "signing",
) -> Credential:
    """A good credential; the same arguments give the same one (RSA keys are slow to make)."""
    home = folder() / "credentials" / system / key_kind
    return authority().issue(
        profile,
        role=role,
        system=system,
        municipality=municipality,
        at=AT,
        key_kind=key_kind,
        key_file=home / f"{profile}.key.pem",
        certificate_file=home / f"{profile}.pem",
    )


def certificate(file: Path) -> x509.Certificate:
    """The certificate in a PEM file."""
    return x509.load_pem_x509_certificate(file.read_bytes())


def der(file: Path) -> bytes:
    """The DER of the certificate in a PEM file."""
    return certificate(file).public_bytes(Encoding.DER)


def anchor(of: Authority | None = None, name: str = "development") -> Anchor:
    """The anchor that trusts an authority, the shared one when none is given."""
    of = of or authority()
    return Anchor(
        name=name,
        certificate=certificate(of.root_pem),
        intermediates=(certificate(of.issuing_pem),),
        crl_files=(of.root_crl_pem, of.issuing_crl_pem),
        revocation="crl",
        extended_key_usage=DEMANDED,
    )


def trust_store(of: Authority | None = None) -> TrustStore:
    """A trust store with that one anchor."""
    return TrustStore([anchor(of)])
