"""The development PKI: what it issues is trusted, what it revokes is not, and its files are its own."""

from __future__ import annotations

import multiprocessing
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gateway.errors import StateError, UsageError
from gateway.pki import Authority, Credential
from gateway.refusals import Refused
from gateway.trust import DEVELOPMENT_POLICY, MESSAGE_SIGNING, FileSigner, TrustStore, Usage, is_development
from tests.kit.pki import AT, certificate, credential, der, trust_store
from tests.kit.pki import authority as shared

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "pki", at=AT)


def issue(
    authority: Authority, profile: str = "signing", system: str = "131016-cs", at: datetime = AT
) -> Credential:
    return authority.issue(
        profile, role="municipal_cs", system=system, municipality="131016", at=at, key_kind="P-256"
    )


def outcome(trusted: TrustStore, file: Path, at: datetime = AT, used: Usage = Usage.SIGNING) -> str:
    try:
        trusted.check(der(file), usage=used, at=at)
    except Refused as refused:
        return refused.rule.name
    return "good"


def crl(file: Path) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl(file.read_bytes())


def number(file: Path) -> int:
    return crl(file).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256", "P-384"])
def test_credentials_are_trusted_and_sign(kind: str) -> None:
    signing = credential(key_kind=kind)
    assert outcome(trust_store(), signing.certificate) == "good"
    assert (
        outcome(trust_store(), signing.certificate, used=Usage.TLS_CLIENT) == "certificate-extended-key-usage"
    )
    assert FileSigner.load(signing.key, signing.certificate).sign(b"data")
    tls = credential(key_kind=kind, profile="tls")
    assert outcome(trust_store(), tls.certificate, used=Usage.TLS_CLIENT) == "good"
    assert outcome(trust_store(), tls.certificate, used=Usage.TLS_SERVER) == "good"
    assert outcome(trust_store(), tls.certificate) == "certificate-extended-key-usage"


def test_subject_names_system_role_and_municipality() -> None:
    subject = certificate(credential().certificate).subject
    assert subject.rfc4514_string() == (
        "CN=131016-terminal-1,L=131016,OU=integrated_terminal,O=Juki Gateway Development,C=JP"
    )
    assert certificate(credential(profile="tls").certificate).subject == subject
    national = certificate(
        credential(role="national_server", system="national-server", municipality=None).certificate
    )
    assert not national.subject.get_attributes_for_oid(NameOID.LOCALITY_NAME)


def test_profiles_of_systems() -> None:
    signing = certificate(credential().certificate)
    assert signing.not_valid_before_utc == AT
    assert signing.not_valid_after_utc == AT + 1095 * DAY - SECOND
    names = signing.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("131016-terminal-1.localhost")]
    (usage,) = signing.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert usage == MESSAGE_SIGNING
    (policy,) = signing.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policy.policy_identifier == DEVELOPMENT_POLICY
    tls = certificate(credential(profile="tls").certificate)
    assert tls.not_valid_after_utc == AT + 1825 * DAY - SECOND
    names = tls.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["131016-terminal-1.localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


def test_authorities_are_marked_as_development_and_systems_are_not() -> None:
    for file in (shared().root_pem, shared().issuing_pem):
        assert is_development(certificate(file))
    assert not is_development(certificate(credential().certificate))
    assert trust_store().status(AT)[0].development


@pytest.mark.parametrize("kind", ["P-256", "P-384", "RSA-2048"])
def test_kinds_of_authority_keys(tmp_path: Path, kind: str) -> None:
    authority = Authority.create(tmp_path / "pki", at=AT, key_kind=kind)
    public = certificate(authority.root_pem).public_key()
    assert isinstance(public, rsa.RSAPublicKey if kind.startswith("RSA") else ec.EllipticCurvePublicKey)
    assert outcome(trust_store(authority), issue(authority).certificate) == "good"


def test_files_are_the_owners_only(authority: Authority) -> None:
    issue(authority)
    found = [authority.folder, *authority.folder.rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in found if one.is_dir()} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in found if one.is_file()} == {0o600}
    assert sum(one.name.endswith(".key.pem") for one in found) == 3


def test_each_file_holds_one_pem_block(authority: Authority) -> None:
    issue(authority)
    for file in authority.folder.rglob("*.pem"):
        assert file.read_bytes().count(b"-----BEGIN ") == 1


def test_revoked_certificate_stays_on_every_later_list(authority: Authority) -> None:
    bad, good = issue(authority, system="bad-cs"), issue(authority, system="good-cs")
    trusted = trust_store(authority)
    authority.revoke(bad.certificate, at=AT, reason="keyCompromise")
    trusted.reload()
    assert outcome(trusted, bad.certificate) == "good", "not before the list is published"
    for days in (0, 1, 400):
        authority.publish_crls(at=AT + days * DAY)
        trusted.reload()
        assert outcome(trusted, bad.certificate, AT + days * DAY) == "certificate-revoked"
        assert outcome(trusted, good.certificate, AT + days * DAY) == "good"
    (entry,) = crl(authority.issuing_crl_pem)
    assert entry.revocation_date_utc == AT
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert reason == x509.ReasonFlags.key_compromise


def test_revoking_twice_keeps_the_first(authority: Authority) -> None:
    bad = issue(authority)
    first = authority.revoke(bad.certificate, at=AT)
    again = authority.revoke(bad.certificate, at=AT + DAY, reason="superseded")
    assert (again.revoked_at, again.reason) == (first.revoked_at, "unspecified")


def test_revoking_by_serial(authority: Authority) -> None:
    bad = issue(authority)
    serial = f"0x{certificate(bad.certificate).serial_number:040X}"
    assert authority.revoke(serial, at=AT).system == "131016-cs"
    authority.publish_crls(at=AT)
    (entry,) = crl(authority.issuing_crl_pem)
    assert not list(entry.extensions), "unspecified is said by leaving the reason out"


def test_revoking_the_issuing_authority(authority: Authority) -> None:
    leaf = issue(authority)
    authority.revoke(authority.issuing_pem, at=AT, reason="cACompromise")
    authority.publish_crls(at=AT)
    assert outcome(trust_store(authority), leaf.certificate) == "certificate-revoked"


def test_what_cannot_be_revoked(authority: Authority) -> None:
    issue(authority)
    for serial in ("1", "zz", "", "0" * 40, "f" * 40, f"{certificate(authority.root_pem).serial_number:x}"):
        with pytest.raises(UsageError, match="serial"):
            authority.revoke(serial, at=AT)
    for reason in ("removeFromCRL", "because"):
        with pytest.raises(UsageError, match="reason"):
            authority.revoke(authority.issuing_pem, at=AT, reason=reason)


def test_lists_follow_the_given_instant(authority: Authority) -> None:
    leaf, trusted = issue(authority), trust_store(authority)
    later = AT + 31 * DAY + timedelta(microseconds=999)
    assert outcome(trusted, leaf.certificate, later) == "revocation-stale"
    authority.publish_crls(at=later)
    trusted.reload()
    assert outcome(trusted, leaf.certificate, later) == "good"
    assert outcome(trusted, leaf.certificate, AT + 32 * DAY) == "good"
    assert outcome(trusted, leaf.certificate, AT + 32 * DAY + SECOND) == "revocation-stale"
    authority.publish_crls(at=later, hours=0.5)
    assert crl(authority.root_crl_pem).next_update_utc == AT + 31 * DAY + timedelta(minutes=30)


def test_crl_numbers_increase_over_restarts(authority: Authority) -> None:
    seen = [number(authority.issuing_crl_pem)]
    for _ in range(3):
        numbers = Authority.open(authority.folder).publish_crls(at=AT)
        assert numbers == {
            "root": number(authority.root_crl_pem),
            "issuing": number(authority.issuing_crl_pem),
        }
        seen.append(number(authority.issuing_crl_pem))
    assert seen == [1, 2, 3, 4]


def _publish(folder: Path, times: int) -> None:
    for _ in range(times):
        Authority.open(folder).publish_crls(at=AT)


def test_processes_never_use_a_number_twice_nor_lose_an_entry(authority: Authority) -> None:
    started = [
        multiprocessing.get_context("spawn").Process(target=_publish, args=(authority.folder, 10))
        for _ in range(2)
    ]
    for process in started:
        process.start()
    for index in range(10):
        issue(authority, system=f"a-{index}")
    for process in started:
        process.join()
        assert process.exitcode == 0
    assert number(authority.issuing_crl_pem) == 21
    assert len(authority.listing(at=AT)) == 12


def test_listing(authority: Authority) -> None:
    bad = issue(authority, "tls", system="bad-cs")
    issue(authority, at=AT + 2 * DAY)
    authority.revoke(bad.certificate, at=AT)
    rows = authority.listing(at=AT + DAY)
    assert [(row.entry.profile, row.days_left, row.state) for row in rows] == [
        ("root", 7300 - 90 - 2, "good"),
        ("issuing", 5475 - 90 - 2, "good"),
        ("tls", 1825 - 2, "revoked"),
        ("signing", 1095, "not yet valid"),
    ]
    assert authority.listing(at=AT + 1097 * DAY)[3].state == "expired"
    assert authority.listing(at=AT + 1097 * DAY - SECOND)[3].state == "good"
    entry = rows[3].entry
    assert (entry.system, entry.role, entry.municipality) == ("131016-cs", "municipal_cs", "131016")


def test_renewal_keeps_the_key(authority: Authority) -> None:
    first = issue(authority)
    key, old = first.key.read_bytes(), certificate(first.certificate)
    again = authority.issue(
        "signing", role="municipal_cs", system="131016-cs", municipality="131016", at=AT + DAY, keep_key=True
    )
    assert again == first
    assert first.key.read_bytes() == key
    new = certificate(again.certificate)
    assert new.public_key() == old.public_key() and new.serial_number != old.serial_number
    assert new.not_valid_before_utc == AT + DAY
    issue(authority)
    assert first.key.read_bytes() != key


def test_further_names(authority: Authority) -> None:
    made = authority.issue(
        "tls", role="municipal_cs", system="131016-cs", municipality="131016", at=AT, key_kind="P-256",
        names=("dns:cs.example", "ip:192.0.2.1", "ip:2001:db8::1"),
    )  # fmt: skip
    names = (
        certificate(made.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    )
    assert names.get_values_for_type(x509.DNSName) == ["131016-cs.localhost", "cs.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "192.0.2.1",
        "2001:db8::1",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"profile": "root"},
        {"profile": "issuing"},
        {"profile": "negative"},
        {"profile": "../root"},
        {"system": "../escape"},
        {"system": "A"},
        {"system": ""},
        {"system": "a" * 64},
        {"municipality": "13101"},
        {"municipality": "１３１０１６"},
        {"role": "r" * 65},
        {"key_kind": "RSA-1023"},
        {"key_kind": "P-521"},
        {"names": ("mail:a@b",)},
        {"names": ("ip:300.0.0.1",)},
        {"names": ("dns:",)},
        {"names": ("dns:市町村",)},
        {"at": AT + 5000 * DAY},
        {"at": datetime(9999, 1, 1, tzinfo=UTC)},
    ],
)
def test_values_that_make_no_certificate(authority: Authority, changes: dict[str, object]) -> None:
    given = {
        "profile": "signing", "role": "municipal_cs", "system": "131016-cs", "municipality": "131016",
        "at": AT, "key_kind": "P-256", **changes,
    }  # fmt: skip
    with pytest.raises(UsageError):
        authority.issue(**given)  # type: ignore[arg-type]
    assert len(authority.listing(at=AT)) == 2


def test_folders_that_are_no_pki(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="not empty"):
        Authority.create(authority.folder, at=AT)
    with pytest.raises(StateError, match="no PKI"):
        Authority.open(tmp_path)
    file = tmp_path / "file"
    file.write_bytes(b"")
    for folder in (file, file / "below"):
        with pytest.raises(StateError):
            Authority.create(folder, at=AT)
    register = authority.folder / "register.json"
    for content in ("", "{}", '{"entries": [{}], "crl_numbers": {}}'):
        register.write_text(content)
        with pytest.raises(StateError, match="register"):
            Authority.open(authority.folder).listing(at=AT)
    (authority.folder / "root.key.pem").write_bytes(b"rubbish")
    with pytest.raises(StateError, match="private key"):
        issue_root_crl(authority)


def issue_root_crl(authority: Authority) -> None:
    (authority.folder / "register.json").write_text('{"entries": [], "crl_numbers": {}}')
    authority.publish_crls(at=AT)
