"""pkilint (RFC 5280) finds nothing wrong with what the development PKI makes."""

from __future__ import annotations

import warnings
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.pki import Authority
from tests.kit.pki import AT, authority, certificate, credential

with warnings.catch_warnings():
    # pkilint's own dependencies use what newer Pythons deprecate
    warnings.simplefilter("ignore")
    from pkilint import loader, pkix, validation
    from pkilint.bin import lint_pkix_signer_signee_cert_chain
    from pkilint.pkix import certificate as pkix_certificate
    from pkilint.pkix import crl as pkix_crl
    from pkilint.pkix import extension, name

KINDS = ("RSA-2048", "RSA-3072", "P-256")


def certificate_linter() -> validation.ValidatorContainer:
    return pkix_certificate.create_pkix_certificate_validator_container(
        pkix_certificate.create_decoding_validators(
            name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS
        ),
        [
            pkix_certificate.create_issuer_validator_container([]),
            pkix_certificate.create_validity_validator_container(),
            pkix_certificate.create_subject_validator_container([]),
            pkix_certificate.create_extensions_validator_container([]),
            pkix_certificate.create_spki_validator_container([]),
        ],
    )


def crl_linter() -> validation.ValidatorContainer:
    return pkix_crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            pkix_crl.create_issuer_validator_container([]),
            pkix_crl.create_validity_validator_container([]),
            pkix_crl.create_extensions_validator_container([]),
        ],
    )


def findings(results: list[validation.ValidationResult]) -> list[str]:
    """Everything that is more than information (the severities count down to fatal, 0)."""
    return [
        f"{one.finding.severity.name} {one.finding.code} {one.message or ''} at {result.node.path}"
        for result in results
        for one in result.finding_descriptions
        if one.finding.severity < validation.ValidationFindingSeverity.INFO
    ]


def lint_certificate(file: Path) -> list[str]:
    raw = certificate(file).public_bytes(Encoding.DER)
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(raw)
    return findings(certificate_linter().validate(document.root))


def lint_crl(file: Path) -> list[str]:
    raw = x509.load_pem_x509_crl(file.read_bytes()).public_bytes(Encoding.DER)
    document = loader.RFC5280CertificateListDocumentLoader().load_der_document(raw)
    return findings(crl_linter().validate(document.root))


@pytest.mark.parametrize("which", ["root_pem", "issuing_pem"])
def test_authorities(which: str) -> None:
    assert lint_certificate(getattr(authority(), which)) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", ["signing", "tls"])
def test_systems(profile: str, kind: str) -> None:
    assert lint_certificate(credential(key_kind=kind, profile=profile).certificate) == []


def test_system_without_a_municipality() -> None:
    made = credential(role="national_server", system="national-server", municipality=None)
    assert lint_certificate(made.certificate) == []


def test_lists_without_and_with_entries(tmp_path: Path) -> None:
    own = Authority.create(tmp_path / "pki", at=AT)
    for file in (own.root_crl_pem, own.issuing_crl_pem):
        assert lint_crl(file) == []
    for system, reason in (("a", "keyCompromise"), ("b", "unspecified")):
        made = own.issue("tls", role="r", system=system, municipality=None, at=AT, key_kind="P-256")
        own.revoke(made.certificate, at=AT, reason=reason)
    own.revoke(own.issuing_pem, at=AT, reason="cACompromise")
    own.publish_crls(at=AT)
    for file in (own.root_crl_pem, own.issuing_crl_pem):
        assert lint_crl(file) == []


def test_the_linter_does_find_faults() -> None:
    """A certificate with one thing wrong is found, so that an empty answer means something."""
    from tests.kit.forge import LEAF, altered, der, key, make

    bad = make("x", key("x"), "y", key("y"), altered(LEAF, (x509.BasicConstraints(True, None), False)))
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(der(bad))
    assert any("basic_constraints" in one for one in findings(certificate_linter().validate(document.root)))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the tool leaves the files open that it was given
@pytest.mark.parametrize("profile", ["signing", "tls"])
def test_each_link_of_the_chain(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, key identifiers, policies and signatures agree between an authority and what it issued."""
    files = (authority().root_pem, authority().issuing_pem, credential(profile=profile).certificate)
    for above, below in pairwise(files):
        assert lint_pkix_signer_signee_cert_chain.main(["lint", "-s", "NOTICE", str(above), str(below)]) == 0
        assert capsys.readouterr().out.strip() == ""
