"""Log lines: the allow-list of keys, escaping, one line whatever is in it, quiet libraries, alarms."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import telemetry
from gateway.telemetry import logs
from gateway.telemetry.alarms import ALARMS, KEPT_AT_START
from gateway.telemetry.libraries import PINNED
from gateway.telemetry.logs import FILE_NAME, safe_line

NOW = datetime(2026, 11, 25, 12, 0, 0, 123456, UTC)
NAMES = {"name": "山田 花子", "individual_number": "123456789018", "body": "<x/>", "password": "p"}
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = logs._log
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logs._log = before
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()]


def test_before_configure_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.event("early", port=1)
    assert capsys.readouterr() == ("", "")


def test_one_line_per_message(tmp_path: Path) -> None:
    telemetry.configure(tmp_path, system="131016-cs")
    telemetry.message(
        "r-1",
        counterpart="131016-terminal-1",
        operation="VerifyIdentity",
        outcome="answered",
        timings={"verify": 1.23456, "total": 3.0},
        status=200,
        **NAMES,
    )
    (line,) = lines(tmp_path)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line.pop("process") > 0
    assert line == {
        "level": "info",
        "event": "message",
        "system": "131016-cs",
        "reference": "r-1",
        "counterpart": "131016-terminal-1",
        "operation": "VerifyIdentity",
        "outcome": "answered",
        "status": 200,
        "verify_ms": 1.235,
        "total_ms": 3.0,
    }
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


@given(st.dictionaries(st.text(max_size=30), st.text() | st.integers() | st.floats() | st.none()))
def test_only_allowed_keys_are_written(fields: dict[str, Any]) -> None:
    line = safe_line({**fields, **NAMES}, "info", NOW)
    for key in line:
        assert key in telemetry.ALLOWED or (key.endswith("_ms") and isinstance(line[key], int | float)), key


@given(st.text())
def test_values_are_escaped_and_cut(text: str) -> None:
    value = safe_line({"event": "x", "about": text}, "info", NOW)["about"]
    assert len(value) <= 256
    assert not UNSAFE.search(value)
    assert "\n" not in value


@given(st.text(max_size=20), st.text(max_size=20))
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (telemetry.escape(one) == telemetry.escape(other)) is (one == other)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("山田 𠮷 髙\U000e0101", "山田 𠮷 髙\U000e0101"),
        ("a\nb\x1b[31m", "a\\u000ab\\u001b[31m"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("\\n", "\\\\n"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("x" * 256, "x" * 256),
        ("x" * 257, "x" * 255 + "…"),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert telemetry.escape(text) == escaped


@given(st.text(), st.text())
def test_one_call_is_one_line(tmp_path_factory: pytest.TempPathFactory, about: str, reference: str) -> None:
    folder = tmp_path_factory.mktemp("log")
    telemetry.configure(folder, system="x")
    telemetry.event("test", about=about, reference=reference)
    assert len((folder / FILE_NAME).read_bytes().splitlines()) == 1
    assert len(lines(folder)) == 1


def test_short_lines_for_people(tmp_path: Path) -> None:
    console = io.StringIO()
    telemetry.configure(tmp_path, system="x", console=console)
    telemetry.warning("started", port=8443, about="a\x1b[2J", **NAMES)
    text = console.getvalue()
    assert text.count("\n") == 1
    assert "warning started port=8443 about=a\\u001b[2J system=x" in text
    assert "山田" not in text


def test_a_moved_log_file_is_opened_anew_within_a_moment(tmp_path: Path) -> None:
    telemetry.configure(tmp_path, system="x")
    telemetry.event("one")
    (tmp_path / FILE_NAME).rename(tmp_path / "old")
    told, limit = 0, time.monotonic() + 20
    while not (tmp_path / FILE_NAME).exists() and time.monotonic() < limit:
        telemetry.event("two")
        told += 1
    telemetry.event("three")
    old = (tmp_path / "old").read_text().count('"two"')
    events = [line["event"] for line in lines(tmp_path)]
    assert events[-1] == "three"
    assert events.count("two") + old == told  # none is lost


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    telemetry.configure(tmp_path / "none", system="x")
    telemetry.event("one")


def test_a_bug_leaves_type_and_place_and_no_text(tmp_path: Path) -> None:
    telemetry.configure(tmp_path, system="x")
    try:
        int("123456789018x")
    except ValueError as error:
        telemetry.bug("r-2", error, operation="VerifyIdentity")
    (line,) = lines(tmp_path)
    assert (line["event"], line["level"], line["error"]) == ("bug", "error", "ValueError")
    assert line["place"].startswith("test_logs.py:")
    assert "123456789018" not in json.dumps(line)


@pytest.mark.parametrize("name", PINNED)
def test_libraries_are_pinned_and_their_texts_stay_behind(tmp_path: Path, name: str) -> None:
    child = logging.getLogger(f"{name}.protocol.xml")
    child.setLevel(logging.DEBUG)
    assert child.name in telemetry.loud_loggers()
    telemetry.configure(tmp_path, system="x")
    assert telemetry.loud_loggers() == []
    child.debug("request 123456789018")
    child.info("request 123456789018")
    assert not (tmp_path / FILE_NAME).exists()
    child.warning("request %s", "123456789018")
    (line,) = lines(tmp_path)
    assert (line["event"], line["logger"], line["state"]) == ("library", child.name, "warning")
    assert "123456789018" not in json.dumps(line)


def test_an_alarm_stands_until_it_is_over(tmp_path: Path) -> None:
    telemetry.configure(tmp_path, system="x")
    alarms = telemetry.Alarms(tmp_path)
    assert alarms.active() == []
    assert alarms.begin("crl-expires", "development")
    assert alarms.begin("disk-low")
    assert not alarms.begin("disk-low")
    # Another process of the same system sees them, too.
    active = telemetry.Alarms(tmp_path).active()
    assert [(alarm.code, alarm.about) for alarm in active] == [
        ("crl-expires", "development"),
        ("disk-low", ""),
    ]
    assert active[1].text == "The disk is nearly full."
    assert active[0].since.tzinfo is UTC
    assert alarms.end("crl-expires", "development")
    assert not alarms.end("crl-expires", "development")
    assert [alarm.code for alarm in alarms.active()] == ["disk-low"]
    said = [(line["event"], line["code"], line["state"]) for line in lines(tmp_path)]
    assert said == [
        ("alarm", "crl-expires", "begins"),
        ("alarm", "disk-low", "begins"),
        ("alarm", "crl-expires", "over"),
    ]


def test_an_alarm_needs_a_known_code(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        telemetry.Alarms(tmp_path).begin("something")


def test_alarms_about_several_parts_do_not_mix(tmp_path: Path) -> None:
    alarms = telemetry.Alarms(tmp_path)
    alarms.begin("counterpart-unreachable", "../a")
    alarms.begin("counterpart-unreachable", "b\n")
    assert {alarm.about for alarm in alarms.active()} == {"../a", "b\\u000a"}
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "alarms"}


def test_an_alarm_about_what_was_over_at_once_lapses(tmp_path: Path) -> None:
    alarms = telemetry.Alarms(tmp_path)
    alarms.renew("worker-ended", "worker 0")
    alarms.renew("disk-low")
    (file,) = (tmp_path / "alarms").glob("worker-ended.*")
    _age(file, 601)
    alarms.renew("worker-ended", "worker 0")
    alarms.lapse()
    assert {alarm.code for alarm in alarms.active()} == {"worker-ended", "disk-low"}
    for one in (tmp_path / "alarms").iterdir():
        _age(one, 601)
    alarms.lapse()
    assert [alarm.code for alarm in alarms.active()] == ["disk-low"]


def _age(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


def test_a_start_takes_back_what_a_process_left_that_is_gone(tmp_path: Path) -> None:
    left = telemetry.Alarms(tmp_path)
    for code in ALARMS:
        left.begin(code, "日本")
    telemetry.Alarms(tmp_path).start_anew()
    assert {alarm.code for alarm in left.active()} == KEPT_AT_START


def test_a_disk_that_takes_no_file_does_not_silence_an_alarm(tmp_path: Path) -> None:
    telemetry.configure(tmp_path, system="x")
    (tmp_path / "alarms").write_text("in the way")
    alarms = telemetry.Alarms(tmp_path)
    assert alarms.begin("disk-low")
    assert not alarms.begin("disk-low")
    assert [line["code"] for line in lines(tmp_path)] == ["disk-low"]
    assert not alarms.end("disk-low")
    alarms.renew("disk-low")
    assert len(lines(tmp_path)) == 2
