"""Evidence under real processes: appending together, killed before the seal, a whole network's evidence."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import FixedClock
from gateway.domain.codes import VerificationResult
from gateway.store import Store
from gateway.telemetry import Alarms
from tests.kit.evidence import append, audit, check_alone, plain_entry, sealer
from tests.kit.identities import NOW
from tests.kit.network import GATEWAY, NATIONAL, Network, by_code, running

_ROOT = Path(__file__).parents[2]
_WORKER = Path(__file__).with_name("evidence_worker.py")

ONLY = ("131016-cs", "national-server")


@pytest.fixture
def store(database: Path | str) -> Iterator[Store]:
    store = Store.open(database, clock=FixedClock(NOW), upgrade=True)
    yield store
    store.close()


class Worker:
    """One process of evidence_worker.py, ready to begin."""

    def __init__(self, mode: str, folder: Path | str, chain: int, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(_WORKER), mode, str(folder), str(chain), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> int:
        self.process.communicate(timeout=60)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.mark.parametrize("shared", [True, False])
def test_processes_append_together(store: Store, database: Path | str, shared: bool) -> None:
    chain = store.evidence.begin() if shared else 0
    # On PostgreSQL processes write side by side, each to a chain of its own, whatever they are told.
    chains = 3 if shared and isinstance(database, str) else 1 if shared else 2
    workers = [Worker("race", database, chain, 2, 50) for _ in range(2)]
    for worker in workers:
        worker.go()
    assert [worker.end() for worker in workers] == [0, 0]
    report = audit(store)
    assert (report.good, report.entries, report.chains) == (True, 400, chains)


def test_killed_between_append_and_seal(store: Store, database: Path | str) -> None:
    worker = Worker("committed", database, 0)
    worker.go()
    assert worker.line() == "appended"
    worker.kill()
    report = audit(store)
    assert (report.good, report.entries, report.unsealed) == (True, 3, 3)
    append(store, plain_entry(4))
    seal = sealer(store, FixedClock(NOW)).seal()
    assert seal is not None
    assert [(head.epoch, head.number) for head in seal.heads] == [(1, 3), (2, 1)]
    assert audit(store).unsealed == 0


def test_killed_inside_its_transaction(store: Store, database: Path | str) -> None:
    worker = Worker("open_transaction", database, 0)
    worker.go()
    assert worker.line() == "appended"
    worker.kill()
    report = audit(store)
    assert (report.good, report.entries, report.chains) == (True, 0, 0)
    assert append(store, plain_entry()) == (1,)
    assert audit(store).good


def evidence(command: str, state: Path, *options: object, status: int = 0) -> Any:
    """``juki-gateway evidence COMMAND … --json``."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "evidence", command, *map(str, options),
         "--state", str(state), "--json"],
        cwd=_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net", only=ONLY) as started:
        yield started


def ask(network: Network, count: int = 1) -> None:
    person = next(one for one in network.people() if one["resident_record_code"])
    for _ in range(count):
        with network.client() as client:
            answer = client.terminal.verify_identity(by_code(person))
            assert answer.result is VerificationResult.MATCH


def kept(network: Network, system: str = GATEWAY) -> list[dict[str, Any]]:
    """Entries of messages: not those of where the access log ended, which come with seals."""
    entries = evidence("list", network.state(system).path)["entries"]
    return [one for one in entries if one["kind"] != "accesses"]


def test_a_whole_network(network: Network, tmp_path: Path) -> None:
    ask(network, 3)
    network.post(b"<not-soap/>")
    with network.client() as client:
        person = network.people()[0]
        message = network.message(by_code(person))
        first, again = network.post(message.raw()), network.post(message.raw())
        assert (first.status, again.status) == (200, 500)
        assert client is not None
    state, national = network.state(GATEWAY).path, network.state(NATIONAL).path
    entries = kept(network)
    shapes = {(one["direction"], one["kind"], one["peer"]) for one in entries}
    assert shapes == {
        ("in", "request", "131016-terminal-1"),
        ("out", "request", "national-server"),
        ("in", "answer", "national-server"),
        ("out", "answer", "131016-terminal-1"),
        ("in", "refusal", "131016-terminal-1"),
    }
    assert len(entries) == 4 * 4 + 2
    asked = {one["message_id"] for one in entries if one["kind"] == "request"}
    assert {one["relates_to"] for one in entries if one["kind"] == "answer"} == asked
    # The other end has the same bytes of the same messages.
    theirs = {one["digest"] for one in kept(network, NATIONAL)}
    assert {one["digest"] for one in entries if one["peer"] == "national-server"} == theirs
    for folder in (state, national):
        assert evidence("verify", folder, "--signatures")["good"]
        exported = evidence("export", folder, tmp_path / folder.name)
        assert exported["unsealed"] == 0
        check_alone(tmp_path / folder.name)
    outside = max((network.folder / "seals").glob(f"{GATEWAY}-*.seal"))
    report = evidence("verify", state, "--seal", outside)
    assert (report["good"], report["unsealed"], report["seals_from_elsewhere"]) == (True, 0, 2)


def test_erased_while_it_runs_and_still_checked_by_anyone(network: Network, tmp_path: Path) -> None:
    ask(network)
    state = network.state(GATEWAY).path
    last = kept(network)[-1]["at"]
    report = evidence("erase", state, "--before", last[:19] + "Z")
    assert report["erased"] > 0
    ask(network)
    checked = evidence("verify", state, "--signatures")
    assert checked["good"]
    assert checked["erased"] == report["erased"]
    evidence("export", state, tmp_path / "out")
    check_alone(tmp_path / "out")


def test_a_killed_gateway_and_a_database_put_back(tmp_path: Path) -> None:
    folder, older = tmp_path / "net", tmp_path / "older.sqlite"
    with running(folder, only=ONLY) as network:
        state = network.state(GATEWAY)
        ask(network)
        evidence("export", state.path, tmp_path / "sealed")
        with (
            contextlib.closing(sqlite3.connect(state.data / "gateway.sqlite")) as source,
            contextlib.closing(sqlite3.connect(older)) as copy,
        ):
            source.backup(copy)
        ask(network, 2)
        evidence("export", state.path, tmp_path / "sealed-again")
        outside = max((folder / "seals").glob(f"{GATEWAY}-*.seal"))
        network.restart(GATEWAY)  # SIGKILL
        ask(network)
        report = evidence("verify", state.path, "--seal", outside)
        assert report["good"]
        assert report["chains"] == 2
    # The next start is on the older copy: that is told, and never silent.
    for file in state.data.glob("gateway.sqlite*"):
        file.unlink()
    shutil.copy(older, state.data / "gateway.sqlite")
    (state.data / "gateway.sqlite").chmod(0o600)
    network = Network(folder)
    try:
        assert "evidence-restored" in {alarm.code for alarm in Alarms(state.run).active()}
        ask(network)
        report = evidence("verify", state.path)
        assert report["good"]  # held against the newest copy, which was made after the restore
        (told,) = report["restores"]
        assert told["lost_seal"] > int(outside.stem.rpartition("-")[2])  # made when the network ended
        report = evidence("verify", state.path, "--seal", outside, status=1)
        assert {one["kind"] for one in report["findings"]} == {"truncated"}
        assert "a restore has told of it" in str(report["findings"])
    finally:
        network.end()
