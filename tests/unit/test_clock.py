"""Clocks: a move that every process takes up at one instant, and never back."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.network.moving import FURTHEST, ahead, keep_together, shown, wanted_offset
from gateway.clock import MovableClock, Move
from gateway.errors import StateError, UsageError
from gateway.settings import CLOCK_FILE
from gateway.state import StateFolder

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_a_move_holds_from_its_instant_on() -> None:
    move = Move(DAY, 3 * DAY, 1000.0)
    assert [move.offset(machine) for machine in (999.9, 1000.0, 1001.0)] == [DAY, 3 * DAY, 3 * DAY]


def test_a_clock_takes_up_a_move_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MovableClock, "LOOK_EVERY", 0.0)
    file = tmp_path / "clock.json"
    clock = MovableClock(file, timedelta(hours=1))
    assert clock.offset == timedelta(hours=1)
    file.write_bytes(Move(timedelta(0), DAY, time.time() + 0.2).written())
    before = clock.now()
    assert clock.offset == timedelta(hours=1)
    time.sleep(0.25)
    assert clock.offset == DAY
    assert clock.now() - before >= timedelta(hours=23)


def test_between_two_looks_the_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    clock = MovableClock(file)
    file.write_bytes(Move(timedelta(0), DAY, 0.0).written())
    assert clock.offset == timedelta(0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        json.dumps({"before_seconds": 2, "offset_seconds": 1, "since": 0}),
        json.dumps({"before_seconds": -1, "offset_seconds": 1, "since": 0}),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "clock.json").write_text(content)
    with pytest.raises(ValueError):
        MovableClock(tmp_path / "clock.json")


def test_a_clock_never_begins_behind(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        MovableClock(tmp_path / "clock.json", -DAY)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("+1d", 3 * DAY),
        ("2d", 2 * DAY),
        ("2d1h30m5s", 2 * DAY + timedelta(hours=1, minutes=30, seconds=5)),
        ("+90m", 2 * DAY + timedelta(minutes=90)),
        ("2026-11-29T00:00:02Z", 3 * DAY),  # shown when it has moved, two seconds from now
        ("2026-11-29T09:00:02+09:00", 3 * DAY),
        ("2026-11-28T00:00:01Z", 2 * DAY),  # comes before any move could
    ],
)
def test_what_an_offset_means(text: str, wanted: timedelta) -> None:
    assert wanted_offset(text, 2 * DAY, NOW) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1d", "forward only: it is 2 days 0:00:00 ahead"),
        ("2026-11-27T00:00:00Z", "forward only"),
        (f"{FURTHEST.days + 1}d", "days ahead at most"),
        ("", "write "),
        ("+", "write "),
        ("-1d", "write "),
        ("tomorrow", "write "),
        ("2026-12-29T00:00:00", "needs its zone"),
    ],
)
def test_offsets_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        wanted_offset(text, 2 * DAY, NOW)


def test_shown() -> None:
    assert [shown(one) for one in (timedelta(0), DAY + timedelta(seconds=5))] == ["0:00:00", "1 days 0:00:05"]


def test_all_systems_of_a_network_start_as_far_ahead(tmp_path: Path) -> None:
    states = [StateFolder.create(tmp_path / name, "") for name in ("a", "b")]
    keep_together(states)
    assert not (states[0].path / CLOCK_FILE).exists()
    (states[0].path / CLOCK_FILE).write_bytes(Move(timedelta(0), DAY, time.time() + 60).written())
    keep_together(states)
    assert [MovableClock(state.path / CLOCK_FILE).offset for state in states] == [DAY, DAY]
    (states[0].path / CLOCK_FILE).write_text("no")
    with pytest.raises(StateError, match="cannot be read"):
        ahead(states)
