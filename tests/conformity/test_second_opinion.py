"""pyhanko-certvalidator, which shares no code with gateway.trust, comes to the same verdicts."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto.x509 import Certificate as AsnCertificate
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError, ValidationError

from gateway.pki import Authority, Credential, System, write_negative
from gateway.refusals import Refused
from gateway.trust import Usage
from tests.kit.pki import AT, certificate, der, trust_store

TERMINAL = System("integrated_terminal", "131016-terminal-1", "131016")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, dict[str, Credential]]:
    folder: Path = tmp_path_factory.mktemp("opinion")
    authority = Authority.create(folder / "pki", at=AT)
    credentials = {
        profile: authority.issue(
            profile,
            role=TERMINAL.role,
            system=TERMINAL.system,
            municipality="131016",
            at=AT,
            key_kind="P-256",
        )
        for profile in ("signing", "tls")
    }
    entries = write_negative(
        authority,
        folder / "bad",
        as_system=TERMINAL,
        tls=credentials["tls"],
        other=(credentials["signing"], credentials["tls"]),
        at=AT,
        key_kind="P-256",
    )
    return authority, credentials | {name: entry.signing for name, entry in entries.items()}


def second_opinion(authority: Authority, made: Credential, hours: float = 0) -> type[Exception] | None:
    """None for good, or the kind of error. Revocation is required: the only mode that looks at given CRLs."""
    context = ValidationContext(
        trust_roots=[asn1(authority.root_pem)],
        other_certs=[asn1(authority.issuing_pem)],
        crls=[crl_der(file) for file in (authority.root_crl_pem, authority.issuing_crl_pem)],
        moment=AT + timedelta(hours=hours),
        revocation_mode="require",
        allow_fetching=False,
        time_tolerance=timedelta(0),
    )
    validator = CertificateValidator(asn1(made.certificate), validation_context=context)
    try:
        asyncio.run(validator.async_validate_usage({"digital_signature"}))
    except (ValidationError, PathBuildingError) as error:
        return type(error)
    return None


def asn1(file: Path) -> AsnCertificate:
    return AsnCertificate.load(der(file))


def crl_der(file: Path) -> bytes:
    return x509.load_pem_x509_crl(file.read_bytes()).public_bytes(Encoding.DER)


def ours(authority: Authority, made: Credential, hours: float = 0) -> str:
    try:
        trust_store(authority).check(
            der(made.certificate), usage=Usage.SIGNING, at=AT + timedelta(hours=hours)
        )
    except Refused as refused:
        return refused.rule.name
    return "good"


@pytest.mark.parametrize(
    ("name", "hours", "rule", "error"),
    [
        # theirs takes a certificate as revoked only after the instant of revocation, ours from it on
        ("signing", 0, "good", None),
        ("unknown_system", 0, "good", None),
        ("signing", 24, "good", None),
        ("revoked", 1, "certificate-revoked", RevokedError),
        ("expired", 0, "certificate-expired", PathValidationError),
        ("not_yet_valid", 0, "certificate-not-yet-valid", PathValidationError),
        ("other_ca", 0, "certificate-path", (PathBuildingError, PathValidationError)),
        ("wrong_usage", 0, "certificate-key-usage", ValidationError),
        ("signing", 24.001, "revocation-stale", PathValidationError),
    ],
)
def test_verdicts_agree(
    own: tuple[Authority, dict[str, Credential]], name: str, hours: float, rule: str, error: object
) -> None:
    authority, made = own
    assert ours(authority, made[name], hours) == rule
    theirs = second_opinion(authority, made[name], hours)
    if error is None:
        assert theirs is None
    else:
        assert theirs is not None
        assert issubclass(theirs, error)  # type: ignore[arg-type]


def test_chain_of_ours_is_the_one_that_was_issued(own: tuple[Authority, dict[str, Credential]]) -> None:
    authority, made = own
    trusted = trust_store(authority).check(der(made["signing"].certificate), usage=Usage.SIGNING, at=AT)
    files = (made["signing"].certificate, authority.issuing_pem, authority.root_pem)
    assert [link.serial for link in trusted.chain] == [
        f"{certificate(file).serial_number:x}" for file in files
    ]
