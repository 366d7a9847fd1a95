"""The ring of refused messages: found by reference, readable by nobody else, bounded."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import StateError
from gateway.kept_refused import FOLDER, KeptRefused
from gateway.state import StateFolder

MESSAGE = "<a>髙橋</a>".encode()
REFERENCE = "R-0123456789abcdef0123"


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder.create(tmp_path / "system", "")


def files(state: StateFolder) -> list[Path]:
    return sorted((state.data / FOLDER).iterdir())


def test_a_message_is_found_by_its_reference(state: StateFolder) -> None:
    KeptRefused(state).keep(REFERENCE, MESSAGE)

    assert KeptRefused(state).find(REFERENCE) == MESSAGE
    assert KeptRefused(state).find("R-0123456789abcdef9999") is None


@pytest.mark.parametrize("reference", ["*", "../../keys", "", "a" * 65, "R-*"])
def test_what_is_no_reference_finds_nothing(state: StateFolder, reference: str) -> None:
    KeptRefused(state).keep(REFERENCE, MESSAGE)
    KeptRefused(state).keep(reference, MESSAGE)

    assert KeptRefused(state).find(reference) is None
    assert len(files(state)) == 1


def test_nothing_is_readable_without_the_key(state: StateFolder) -> None:
    KeptRefused(state).keep(REFERENCE, MESSAGE)
    (kept,) = files(state)

    assert "髙橋".encode() not in kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (state.path / "keys" / "refused.key").stat().st_mode & 0o777 == 0o600
    assert (state.data / FOLDER).stat().st_mode & 0o777 == 0o700


def test_a_file_that_was_changed_or_renamed_is_no_message(state: StateFolder) -> None:
    ring = KeptRefused(state)
    ring.keep(REFERENCE, MESSAGE)
    (kept,) = files(state)
    other = kept.with_name(kept.name.replace("0123456789", "9876543210"))
    other.write_bytes(kept.read_bytes())
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")

    with pytest.raises(StateError):
        ring.find(REFERENCE)
    with pytest.raises(StateError):
        ring.find(REFERENCE.replace("0123456789", "9876543210"))


def test_the_oldest_go_when_the_ring_is_full(state: StateFolder) -> None:
    ring = KeptRefused(state, most_bytes=64 * 1024)
    for number in range(40):
        ring.keep(f"R-{number:020d}", b"x" * 4000)
    ring.sweep()

    assert sum(file.stat().st_size for file in files(state)) <= 64 * 1024
    assert ring.find(f"R-{39:020d}") is not None
    assert ring.find(f"R-{0:020d}") is None


def test_the_ring_is_looked_at_while_it_fills(state: StateFolder) -> None:
    ring = KeptRefused(state, most_bytes=4 * 2**20)
    for number in range(30):
        ring.keep(f"R-{number:020d}", b"x" * 250_000)

    assert sum(file.stat().st_size for file in files(state)) <= 5.3 * 2**20


def test_a_message_goes_after_a_day(state: StateFolder) -> None:
    ring = KeptRefused(state)
    ring.keep(REFERENCE, MESSAGE)
    (kept,) = files(state)
    before = time.time_ns() - int(timedelta(hours=24, seconds=1).total_seconds() * 1e9)
    kept.rename(kept.with_name(f"{before:020d}-{REFERENCE}"))

    ring.sweep()

    assert ring.find(REFERENCE) is None


def test_a_message_larger_than_its_share_is_not_kept(state: StateFolder) -> None:
    ring = KeptRefused(state, most_bytes=1600)
    ring.keep(REFERENCE, b"x" * 101)

    assert ring.find(REFERENCE) is None


def test_many_threads_make_one_key(state: StateFolder) -> None:
    references = [f"R-{number:020d}" for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda reference: KeptRefused(state).keep(reference, reference.encode()), references))

    assert [KeptRefused(state).find(reference) for reference in references] == [
        reference.encode() for reference in references
    ]


def test_a_folder_that_cannot_be_written_is_an_error(state: StateFolder) -> None:
    (state.data / FOLDER).write_text("in the way")

    with pytest.raises(StateError):
        KeptRefused(state).keep(REFERENCE, MESSAGE)


def test_a_sweep_leaves_foreign_files_alone(state: StateFolder) -> None:
    ring = KeptRefused(state)
    ring.sweep()
    ring.keep(REFERENCE, MESSAGE)
    foreign = state.data / FOLDER / "not-ours"
    foreign.write_bytes(os.urandom(8))

    ring.sweep()

    assert foreign.exists()
