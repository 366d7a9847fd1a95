"""The bad credentials: each is refused by its own rule, and stays so."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.pki import Authority, NegativeEntry, System, write_negative
from gateway.refusals import Refused
from gateway.trust import FileSigner, Usage
from tests.kit.pki import AT, certificate, der, trust_store

TERMINAL = System("integrated_terminal", "131016-terminal-1", "131016")
NATIONAL = System("national_server", "national-server", None)

RULES = {
    "expired": "certificate-expired",
    "not_yet_valid": "certificate-not-yet-valid",
    "revoked": "certificate-revoked",
    "other_ca": "certificate-path",
    "ca_as_leaf": "certificate-is-ca",
    "wrong_usage": "certificate-key-usage",
    "small_key": "key-size",
    "unknown_system": "good",
    "wrong_role": "good",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, dict[str, NegativeEntry], Path]:
    folder = tmp_path_factory.mktemp("negative")
    authority = Authority.create(folder / "pki", at=AT)
    good = {
        (one.system, profile): authority.issue(
            profile, role=one.role, system=one.system, municipality=one.municipality, at=AT, key_kind="P-256"
        )
        for one in (TERMINAL, NATIONAL)
        for profile in ("signing", "tls")
    }
    entries = write_negative(
        authority,
        folder / "bad",
        as_system=TERMINAL,
        tls=good[TERMINAL.system, "tls"],
        other=(good[NATIONAL.system, "signing"], good[NATIONAL.system, "tls"]),
        at=AT,
        key_kind="P-256",
    )
    return authority, entries, folder


def test_all_are_there(made: tuple[Authority, dict[str, NegativeEntry], Path]) -> None:
    _, entries, folder = made
    assert list(entries) == list(RULES)
    assert sorted(one.name for one in (folder / "bad").iterdir()) == sorted(set(RULES) - {"wrong_role"})
    document = json.loads(json.dumps({name: entry.document() for name, entry in entries.items()}))
    for entry in document.values():
        assert entry["role"] == "integrated_terminal"
        for part in ("signing", "tls"):
            for file in entry[part].values():
                assert Path(file).is_absolute() and Path(file).is_file()


@pytest.mark.parametrize("name", RULES)
def test_signing_is_refused_by_its_rule_and_tls_is_good(
    made: tuple[Authority, dict[str, NegativeEntry], Path], name: str
) -> None:
    authority, entries, _ = made
    trusted = trust_store(authority)
    try:
        trusted.check(der(entries[name].signing.certificate), usage=Usage.SIGNING, at=AT)
    except Refused as refused:
        assert refused.rule.name == RULES[name]
    else:
        assert RULES[name] == "good"
    trusted.check(der(entries[name].tls.certificate), usage=Usage.TLS_CLIENT, at=AT)


def test_whom_they_name(made: tuple[Authority, dict[str, NegativeEntry], Path]) -> None:
    _, entries, _ = made
    for name, entry in entries.items():
        subjects = [
            certificate(one.certificate).subject.rfc4514_string().partition(",")[0]
            for one in (entry.signing, entry.tls)
        ]
        system = {"unknown_system": "unregistered-1", "wrong_role": "national-server"}.get(
            name, TERMINAL.system
        )
        assert subjects == [f"CN={system}"] * 2


def test_revoked_and_not_yet_valid_stay_so(made: tuple[Authority, dict[str, NegativeEntry], Path]) -> None:
    authority, entries, _ = made
    for days in (1, 31, 400):
        at = AT + timedelta(days=days)
        authority.publish_crls(at=at)
        trusted = trust_store(authority)
        for name in ("revoked", "not_yet_valid"):
            with pytest.raises(Refused) as refusal:
                trusted.check(der(entries[name].signing.certificate), usage=Usage.SIGNING, at=at)
            assert refusal.value.rule.name == RULES[name]


def test_they_can_sign(made: tuple[Authority, dict[str, NegativeEntry], Path]) -> None:
    _, entries, _ = made
    for name, entry in entries.items():
        if name != "small_key":
            assert FileSigner.load(entry.signing.key, entry.signing.certificate).sign(b"data")
