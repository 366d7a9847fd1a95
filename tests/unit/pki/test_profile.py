"""Profiles are data: what the files say is what is read, and a wrong file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

import gateway.data
from gateway.data import data_folder
from gateway.errors import StateError, UsageError
from gateway.pki import Profile, profile
from gateway.trust import DEVELOPMENT_MARK, DEVELOPMENT_POLICY, MESSAGE_SIGNING


def test_object_identifiers_agree_with_trust() -> None:
    """gateway.pki knows them from the files alone, gateway.trust from its constants."""
    for name in ("root", "issuing"):
        assert [one["oid"] for one in Profile.read(name).extensions] == [DEVELOPMENT_MARK.dotted_string]
    assert Profile.read("signing").extended_key_usage == [MESSAGE_SIGNING.dotted_string]
    for name in ("issuing", "signing", "tls"):
        assert Profile.read(name).policies == [DEVELOPMENT_POLICY.dotted_string]
    text = (data_folder("certs") / "README.md").read_text(encoding="utf-8")
    assert DEVELOPMENT_MARK.dotted_string.removesuffix(".1") in text


def test_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="issuing, root, signing, tls"):
        Profile.read("other")


def test_unknown_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tls.toml").write_text("dayz = 3\n")
    monkeypatch.setattr(profile, "data_folder", lambda name: tmp_path)
    with pytest.raises(StateError, match="dayz"):
        Profile.read("tls")


def test_data_folder_in_a_wheel_and_in_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gateway"
    package.mkdir()
    monkeypatch.setattr(gateway.data, "__file__", str(package / "data.py"))
    with pytest.raises(FileNotFoundError, match="missing from this installation"):
        data_folder("certs")
    (tmp_path / "certs").mkdir()
    assert data_folder("certs") == tmp_path / "certs"
    (package / "_data" / "certs").mkdir(parents=True)
    assert data_folder("certs") == package / "_data" / "certs"
