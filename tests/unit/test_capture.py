"""Calls kept as files: whole, for the owner only, in order."""

from __future__ import annotations

import dataclasses
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.capture import Captured, Captures
from gateway.errors import StateError

ONE = Captured(
    reference="ref-1",
    destination="national-server",
    service="national",
    operation="VerifyIdentity",
    message_id="urn:uuid:1",
    request=b"<a>\xe3\x81\x82</a>",
    answer=b"<b/>",
    answer_message_id="urn:uuid:2",
    signer="CN=x",
    verified=True,
    milliseconds=12.5,
    outcome="answered",
    at=datetime(2026, 11, 25, 1, 2, 3, 456789, tzinfo=UTC),
)


def test_what_is_kept_is_read_back_in_order(tmp_path: Path) -> None:
    captures = Captures(tmp_path)
    assert list(captures.read()) == []
    lost = dataclasses.replace(
        ONE, reference=None, answer=None, verified=False, signer=None, answer_message_id=None,
        outcome="CounterpartTimeout", at=ONE.at + timedelta(seconds=1),
    )  # fmt: skip
    captures.keep(ONE)
    captures.keep(lost)
    assert list(captures.read()) == [ONE, lost]


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    Captures(tmp_path).keep(ONE)
    folder = tmp_path / "exchanges"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert sorted("".join(file.suffixes) for file in files) == [".answer.xml", ".json", ".request.xml"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_half_a_call_is_not_there(tmp_path: Path) -> None:
    captures = Captures(tmp_path)
    captures.keep(ONE)
    (listed,) = (tmp_path / "exchanges").glob("*.json")
    listed.unlink()
    assert list(captures.read()) == []


def test_a_folder_that_cannot_be_written_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "exchanges").write_text("")
    with pytest.raises(StateError):
        Captures(tmp_path).keep(ONE)
