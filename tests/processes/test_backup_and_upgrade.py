"""Under load: a backup that restores and verifies, and tables that become newer without a lost message."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.change import ChangeResult
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.errors import CounterpartError
from gateway.wss.sign import new_message_id
from tests.kit.changes import code, entry, report
from tests.kit.network import COMMAND
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, registry, taken, undelivered
from tests.kit.town import Town, town, until


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town") / "net", workers=2) as started:
        yield started


def command(*arguments: object, status: int = 0, program: tuple[str, ...] = COMMAND) -> Any:
    done = subprocess.run(
        [*program, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == status, done
    return json.loads(done.stdout)


class Load(threading.Thread):
    """A resident record system that reports one new person after the other, again until answered."""

    def __init__(self, place: Town, first: int) -> None:
        super().__init__(daemon=True)
        self._folder = place.folder
        self._next = first
        self.over = threading.Event()
        self.told: list[tuple[int, str, ChangeReport, datetime, datetime]] = []
        """Person, MessageID, report, when it was sent, when it was answered."""
        self.refused: list[object] = []

    def run(self) -> None:
        with registry(self._folder) as client:
            while not self.over.is_set():
                one, message_id = self._next, new_message_id()
                asked, begun = report(entry(one)), datetime.now(UTC)
                while True:
                    try:
                        receipt = client.report_changes(asked, message_id=message_id)
                        break
                    except CounterpartError as error:
                        if not self._tries_again(error):
                            self.refused.append(error)
                            return
                if results(receipt) != [ChangeResult.ACCEPTED]:
                    self.refused.append(receipt)
                self.told.append((one, message_id, asked, begun, datetime.now(UTC)))
                self._next += 1

    def _tries_again(self, error: CounterpartError) -> bool:
        return not self.over.wait(0.05) or not self.refused

    def come(self, more: int) -> None:
        """Wait until so many more are answered."""
        wanted = len(self.told) + more
        assert until(lambda: len(self.told) >= wanted or self.refused, 60) and not self.refused, self.refused


@contextlib.contextmanager
def load(place: Town, first: int) -> Iterator[Load]:
    running = Load(place, first)
    running.start()
    try:
        running.come(3)
        yield running
    finally:
        running.over.set()
        running.join(60)
    assert running.refused == []


def results(receipt: ChangeReceipt) -> list[ChangeResult]:
    return [outcome.result for outcome in receipt.outcomes]


def on_record(folder: Path, system: str) -> list[str]:
    return [of for of, _, _ in taken(folder, system)]


def rows(folder: Path, statement: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(folder / GATEWAY / "data/gateway.sqlite")) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.timeout(300)  # four starts of servers, on a machine that does other things, too
def test_the_tables_become_newer_under_load(place: Town, tmp_path: Path) -> None:
    state = place.made.states[GATEWAY].path
    newer = (sys.executable, "-m", "tests.kit.newer_program", "expand", str(tmp_path / "later"))
    with load(place, 8_200_000) as running:
        done = command("db", "upgrade", "--state", state, program=newer)
        assert (done["after"], done["running_programs_may_go_on"]) == ("r9001", True)
        running.come(5)  # the older program works on
        place.restart(GATEWAY)  # and starts again on the newer tables: the way back is open
        running.come(5)
        place.end(GATEWAY)
        serve = [*newer, "serve", str(state)]
        with (place.folder / "newer.err").open("ab") as errors:
            place.processes[GATEWAY] = subprocess.Popen(
                serve, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
            )
        assert until(lambda: place.is_ready(GATEWAY), 40)
        running.come(5)  # the newer one takes over
    assert until(lambda: undelivered(place.folder) == 0, 40)
    told = [code(one).digits for one, *_ in running.told]
    for system in (GATEWAY, PREFECTURE, NATION):
        held = [one for one in on_record(place.folder, system) if one in set(told)]
        assert sorted(held) == told  # none is lost and none is there twice; people are in no order
    assert {row[0] for row in rows(place.folder, "SELECT priority FROM outbox")} == {1, None}
    assert command("evidence", "verify", "--state", state)["good"]


def test_a_version_that_ours_cannot_work_beside(place: Town, tmp_path: Path) -> None:
    state = place.made.states[PREFECTURE].path
    newer = (sys.executable, "-m", "tests.kit.newer_program", "break", str(tmp_path / "later"))
    told = command("db", "upgrade", "--state", state, program=newer, status=1)
    assert "stop it first" in told["error"]["text"] or "stop the system first" in told["error"]["text"]


@pytest.mark.timeout(300)
def test_a_backup_under_load_restores(place: Town, tmp_path: Path) -> None:
    state = place.made.states[GATEWAY].path
    out = tmp_path / "backup"
    with load(place, 8_300_000) as running:
        begun = datetime.now(UTC)
        made = command("db", "backup", out, "--state", state, "--with-keys")
        ended = datetime.now(UTC)
        running.come(5)
    assert begun <= datetime.fromisoformat(made["at"]) <= ended
    before = [code(one).digits for one, _, _, _, at in running.told if at < begun]
    after = [code(one).digits for one, _, _, at, _ in running.told if at > ended]
    assert before and after
    # A system of its own of it: everything of before is there, nothing of after, and it verifies.
    new = tmp_path / "elsewhere" / GATEWAY
    done = command("db", "restore", out, "--state", new, "--accept-lost-guard")
    assert done["guard"] == "lost"
    held = on_record(tmp_path / "elsewhere", GATEWAY)
    assert set(before) <= set(held) and not set(after) & set(held)
    verified = command("evidence", "verify", "--state", new, "--signatures")
    assert verified["good"] and len(verified["restores"]) == 1
    # In the place of the database that is there: its guard is taken over.
    place.end(GATEWAY)
    done = command("db", "restore", out, "--state", state)
    assert (done["guard"], done["effects_lost"] >= len(after)) == ("taken", True)
    place.start(GATEWAY)
    one, message_id, asked, *_ = running.told[-1]
    with registry(place.folder) as client:
        sent = len(rows(place.folder, "SELECT 1 FROM outbox"))
        again = client.report_changes(asked, message_id=message_id)
        assert results(again) == [ChangeResult.ACCEPTED]  # the answer of then; it does not act twice
        assert len(rows(place.folder, "SELECT 1 FROM outbox")) == sent
        assert code(one).digits not in on_record(place.folder, GATEWAY)
        (outcome,) = client.report_changes(asked).outcomes  # as a new message it is recorded
        assert outcome.result is ChangeResult.ACCEPTED
    assert until(lambda: undelivered(place.folder) == 0, 40)
    assert on_record(place.folder, NATION).count(code(one).digits) == 1  # which knew it already
    assert command("evidence", "verify", "--state", state)["good"]
