"""Counterparts by the exact holder of a certificate, and the table of who may call what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.access import Counterparts, callers_of
from gateway.access.counterparts import holder_of
from gateway.access.policy import CALLERS, may_call
from gateway.settings import CALLER_ROLES, Counterpart, Subject
from gateway.trust import TrustedCertificate, Usage
from tests.kit import pki


@pytest.fixture(scope="module")
def certificate() -> TrustedCertificate:
    return pki.trust_store().check(pki.der(pki.credential().certificate), usage=Usage.SIGNING, at=pki.AT)


def registered(certificate: TrustedCertificate, **changes: Any) -> Counterpart:
    anchor, issuer, subject = holder_of(certificate)
    holder = Subject(**{"anchor": anchor, "issuer": issuer, "subject": subject, **changes})
    return Counterpart(id="terminal-1", role="integrated_terminal", signing=(holder,))


def test_a_holder_is_found_for_what_it_is_registered_for(certificate: TrustedCertificate) -> None:
    known = Counterparts([registered(certificate)])
    assert known.signing(certificate) is known["terminal-1"]
    assert known.on_connection(certificate) is None
    with pytest.raises(KeyError):
        known["terminal-2"]


@pytest.mark.parametrize("part", ["anchor", "issuer", "subject"])
def test_every_part_of_a_holder_counts(certificate: TrustedCertificate, part: str) -> None:
    assert Counterparts([registered(certificate, **{part: "CN=Another"})]).signing(certificate) is None


def test_the_same_subject_of_another_anchor_is_a_stranger(certificate: TrustedCertificate) -> None:
    known = Counterparts([registered(certificate)])
    assert known.signing(replace(certificate, anchor="another")) is None
    assert known.signing(replace(certificate, issuer="CN=Another Issuing CA")) is None
    assert known.signing(replace(certificate, subject=certificate.subject + ",C=JP")) is None


def test_a_renewed_certificate_is_the_same_holders(certificate: TrustedCertificate) -> None:
    renewed = pki.credential(key_kind="P-384")
    other = pki.trust_store().check(pki.der(renewed.certificate), usage=Usage.SIGNING, at=pki.AT)
    assert other.fingerprint != certificate.fingerprint
    assert Counterparts([registered(certificate)]).signing(other) is not None


@pytest.mark.parametrize(
    ("role", "service", "operation", "may"),
    [
        ("integrated_terminal", "terminal", "VerifyIdentity", True),
        ("municipal_cs", "national", "VerifyIdentity", True),
        ("resident_record_system", "resident_record", "ReportChanges", True),
        ("integrated_terminal", "resident_record", "ReportChanges", False),
        ("resident_record_system", "terminal", "SearchPerson", False),
        ("municipal_cs", "prefectural", "NotifyChanges", True),
        ("municipal_cs", "national", "NotifyChanges", False),
        ("prefectural_server", "national", "NotifyChanges", True),
        ("integrated_terminal", "terminal", "QueryCards", True),
        ("resident_record_system", "terminal", "QueryCards", False),
        ("municipal_cs", "card_management", "QueryCards", True),
        ("integrated_terminal", "card_management", "QueryCards", False),
        ("number_use_system", "number_use", "InquirePerson", True),
        ("number_use_system", "terminal", "InquirePerson", False),
        ("integrated_terminal", "number_use", "InquirePerson", False),
        ("municipal_cs", "jlis", "InquirePerson", True),
        ("integrated_terminal", "jlis", "InquirePerson", False),
        ("addressee_terminal", "addressee_terminal", "DeliverInquiryPiece", True),
        ("number_use_system", "addressee_terminal", "FetchInquiryResults", False),
        ("municipal_cs", "municipal", "SendTransferCertificate", True),
        ("municipal_cs", "prefectural", "ConfirmMoveOut", True),
        ("prefectural_server", "municipal", "NotifyMoveIn", False),
        ("national_server", "municipal", "SendTransferCertificate", False),
        ("resident_record_system", "municipal", "RequestTransferCertificate", False),
        ("integrated_terminal", "resident_record", "FetchMove", False),
        ("resident_record_system", "terminal", "RequestTransferCertificate", False),
        ("integrated_terminal", "national", "VerifyIdentity", False),
        ("municipal_cs", "terminal", "VerifyIdentity", False),
        ("national_server", "national", "VerifyIdentity", False),
        ("integrated_terminal", "terminal", "verifyidentity", False),
        ("integrated_terminal", "terminal", "Nothing", False),
        ("integrated_terminal", "", "", False),
        ("", "terminal", "VerifyIdentity", False),
    ],
)
def test_who_may_call_what(role: str, service: str, operation: str, may: bool) -> None:
    assert may_call(role, service, operation) is may


def test_what_is_named_nowhere_is_called_by_nobody() -> None:
    assert callers_of("unheard-of") == ()
    assert "integrated_terminal" in callers_of("terminal")
    assert callers_of("national") == ("municipal_cs", "prefectural_server")
    roles = {role for callers in CALLERS.values() for role in callers}
    assert roles <= CALLER_ROLES | {"municipal_cs", "prefectural_server", "national_server"}
