"""``explain``: a refusal by its record, and by the log what has none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.explain import explanation
from gateway.clock import FixedClock
from gateway.refusals import RULES
from gateway.store import ChainLine, RefusalRecord, Store

Run = Callable[..., Any]
AT = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)

RECORD = RefusalRecord(
    reference="ref-1",
    at=AT,
    step=8,
    rule="digest",
    fault="wsse:FailedCheck",
    peer="131016-terminal-1",
    size=1234,
    digest="ab" * 32,
    found="digest x",
    wanted="digest y",
    where="Body",
    service="terminal",
    operation="VerifyIdentity",
    message_id="urn:uuid:1",
    chain=(ChainLine("CN=leaf", "CN=issuer", AT + timedelta(days=10, hours=1)),),
    created=AT - timedelta(seconds=2),
    expires=AT + timedelta(minutes=5),
)


@pytest.fixture
def refused(run: Run, tmp_path: Path) -> Path:
    run("init", tmp_path / "131016-cs")
    store = Store.open(tmp_path / "131016-cs", clock=FixedClock(AT), upgrade=True)
    store.refusals.record(RECORD)
    store.close()
    return tmp_path / "131016-cs"


def test_explain_tells_everything(run: Run, refused: Path) -> None:
    ran = run("explain", "ref-1", "--state", refused, "--json")
    assert ran.status == 0
    said = ran.document
    now = datetime.strptime(said["now"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert said == explanation(RECORD, now, 0)
    assert said["step"] == 8
    assert said["reason"] == {"en": RULES["digest"].en, "ja": RULES["digest"].ja}
    assert said["created_to_refused_seconds"] == 2.0
    assert said["chain"][0]["days_left_when_refused"] == 10


@pytest.mark.parametrize(("language", "label"), [("en", "Wanted"), ("ja", "期待内容")])
def test_explain_for_people(run: Run, refused: Path, language: str, label: str) -> None:
    ran = run("explain", "ref-1", "--state", refused, "--language", language)
    assert ran.status == 0
    assert label in ran.out
    assert "CN=leaf" in ran.out


def test_explain_of_an_unknown_reference(run: Run, refused: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUKI_GATEWAY_STATE", str(refused))
    assert run("explain", "ref-2", "--json").status == 1
    assert run("explain", "ref-1").status == 0


def test_explain_needs_a_state_and_a_store(run: Run, tmp_path: Path) -> None:
    assert run("explain", "ref-1").status == 2
    run("init", tmp_path / "131016-cs")
    assert run("explain", "ref-1", "--state", tmp_path / "131016-cs").status == 3


# What has no record, by the log.

REFERENCE = "0123456789abcdef0123"


def logged(state: Path, *lines: dict[str, Any], name: str = "gateway.jsonl") -> None:
    """Lines of the log, each under the reference unless it has its own."""
    common = {"timestamp": "2026-11-25T12:00:00.000Z", "level": "info", "reference": REFERENCE}
    text = "".join(json.dumps({**common, **line}) + "\n" for line in lines)
    (state / "log" / name).write_text(text, encoding="utf-8")


def fault_of(code: str) -> dict[str, Any]:
    return {
        "event": "message",
        "counterpart": "131016-terminal-1",
        "operation": "VerifyIdentity",
        "outcome": "fault",
        "fault": code,
        "total_ms": 2003.5,
    }


def test_an_operations_own_fault_is_explained_with_what_was_asked(run: Run, refused: Path) -> None:
    asked = {"event": "asked", "destination": "national-server", "outcome": "CounterpartTimeout"}
    failed = {"event": "counterpart-failed", "destination": "national-server", "code": "CounterpartTimeout"}
    other = {"event": "asked", "destination": "13-prefectural-server", "reference": "f" * 20}
    logged(refused, asked, other, failed, fault_of("CounterpartTimeout"))
    said = run("explain", REFERENCE, "--state", refused, "--json").document
    assert (said["outcome"], said["fault"], said["temporary"]) == ("fault", "juki:CounterpartTimeout", True)
    assert said["reason"]["ja"] == "照会先のシステムから時間内に応答がありません。"
    assert (said["peer"], said["milliseconds"]) == ("131016-terminal-1", 2003.5)
    assert [one["destination"] for one in said["asked"]] == ["national-server"] * 2
    ran = run("explain", REFERENCE, "--state", refused)
    assert ran.status == 0
    assert "did not answer in time" in ran.out
    assert "13-prefectural-server" not in ran.out


def test_an_unexpected_error_is_explained_by_its_place(run: Run, refused: Path) -> None:
    bug = {"event": "bug", "error": "KeyError", "place": "app.py:10 < endpoint.py:20"}
    logged(refused, bug, {"event": "message", "outcome": "failed", "operation": "SearchPerson"})
    said = run("explain", REFERENCE, "--state", refused, "--json").document
    assert (said["outcome"], said["fault"]) == ("failed", "juki:InternalError")
    assert (said["error"], said["place"]) == ("KeyError", "app.py:10 < endpoint.py:20")
    assert "app.py:10" in run("explain", REFERENCE, "--state", refused, "--language", "ja").out


def test_an_error_in_front_of_the_application_is_explained_too(run: Run, refused: Path) -> None:
    logged(refused, {"event": "request-failed", "error": "MemoryError", "where": "workers.py:3 run"})
    said = run("explain", REFERENCE, "--state", refused, "--json").document
    assert (said["outcome"], said["error"], said["place"]) == ("failed", "MemoryError", "workers.py:3 run")


def test_a_refusal_that_was_only_counted_has_its_rule(run: Run, refused: Path) -> None:
    logged(refused, {"event": "message", "outcome": "refused", "step": 8, "rule": "digest"})
    said = run("explain", REFERENCE, "--state", refused, "--json").document
    assert (said["step"], said["rule"], said["fault"]) == (8, "digest", "wsse:FailedCheck")
    assert said["reason"]["en"] == RULES["digest"].en


def test_a_log_that_was_moved_away_is_looked_into(run: Run, refused: Path) -> None:
    logged(refused, fault_of("ChangeRefused"), name="gateway.jsonl.1")
    logged(refused, {**fault_of("Busy"), "reference": "f" * 20})
    with (refused / "log" / "gateway.jsonl").open("ab") as log:
        log.write(f"{REFERENCE} is no line\n".encode())
    said = run("explain", REFERENCE, "--state", refused, "--json").document
    assert (said["fault"], said["temporary"]) == ("juki:ChangeRefused", False)
