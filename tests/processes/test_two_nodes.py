"""Two nodes of one gateway on one PostgreSQL, behind one list of addresses."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clients._soap import Exchange
from gateway.cli.network.health import probe_context
from gateway.clock import SystemClock
from gateway.contract import SERVICES
from gateway.domain.change_report import ChangeReport, ChangeResult
from gateway.settings import load_settings, render_settings
from gateway.state import StateFolder
from gateway.store import Store
from gateway.store.configured import open_store
from gateway.wss.sign import new_message_id
from tests.kit.changes import clerk, code, entry, move
from tests.kit.metrics import Monitored
from tests.kit.network import COMMAND, Wire
from tests.kit.postgres import Postgres, running_server
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, SYSTEM, registry, taken, undelivered
from tests.kit.town import Town, town, until
from tests.processes.test_backup_and_upgrade import command, load, results
from tests.soak.changes import soak

SEED = 20_261_126
KILLS = {
    "gateway": 1,
    "gateway-worker": 2,
    "dispatcher": 2,
    "node": 1,
    "node-worker": 2,
    "node-dispatcher": 2,
}


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def nodes(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("two") / "net"
    with town(folder, database=postgres.create(), nodes=2) as made:
        yield made


@contextlib.contextmanager
def store_of(made: Town) -> Iterator[Store]:
    state = StateFolder(made.folder / GATEWAY)
    store = open_store(state.path, load_settings(state.settings_file), clock=SystemClock())
    try:
        yield store
    finally:
        store.close()


def test_a_retry_is_answered_and_a_replay_refused_at_the_other_node(nodes: Town) -> None:
    first, second = (node.address for node in nodes.made.nodes)
    person, message_id, seen = 9_100_001, new_message_id(), list[Exchange]()
    report = ChangeReport(clerk(), (entry(person),))
    with registry(nodes.folder, at=first, observe=seen.append) as client:
        before = client.report_changes(report, message_id=message_id)
    with registry(nodes.folder, at=second) as client:
        again = client.report_changes(report, message_id=message_id)
    assert [one.result for one in before.outcomes] == [ChangeResult.ACCEPTED]
    assert again.outcomes == before.outcomes
    with registry(nodes.folder, at=second) as client:  # and what the first took, the second goes on from
        moved = client.report_changes(ChangeReport(clerk(), (move(person, 2, "東京都千代田区2番"),)))
    assert moved.outcomes[0].result is ChangeResult.ACCEPTED
    status, rule = _replayed(nodes, seen[0].request, second)
    assert (status, rule) == (500, "replayed")
    assert until(lambda: undelivered(nodes.folder) == 0, 60)
    code = report.changes[0].code.digits
    assert [number for key, number, _ in taken(nodes.folder, PREFECTURE) if key == code] == [1, 2]


def test_both_nodes_have_chains_that_are_sealed_together(nodes: Town) -> None:
    with store_of(nodes) as store:
        names = {row.start().node for row in store.evidence_rows.chains() if row.last}
        assert names >= {"node-1", "node-2"}
        assert until(lambda: store.evidence_rows.newest_seal() is not None, 10)


@pytest.mark.timeout(300)
def test_a_backup_under_load_restores_into_an_empty_database(
    nodes: Town, postgres: Postgres, tmp_path: Path
) -> None:
    """The last on these nodes: they go on on another database, which knows what the one before knew."""
    state, out = nodes.made.states[GATEWAY], tmp_path / "backup"
    with load(nodes, 8_400_000) as running:
        begun = datetime.now(UTC)
        command("db", "backup", out, "--state", state.path)
        ended = datetime.now(UTC)
        running.come(3)
    after = [told for told in running.told if told[3] > ended]
    names = [node.state.path.name for node in nodes.made.nodes]
    database = postgres.create()
    restore = ("db", "restore", out, "--state", state.path, "--database", database)
    nodes.end(names[0])
    told = command(*restore, status=1)
    assert "nodes still work on the database before" in told["error"]["text"]
    nodes.end(names[1])
    told = command(*restore)
    assert (told["guard"], told["effects_lost"] >= len(after) > 0) == ("taken", True)
    second = nodes.made.nodes[1].state
    settings = load_settings(second.settings_file)
    second.write_settings(render_settings(settings.model_copy(update={"database_url": database})))
    for name in names:
        nodes.start(name)
    one, message_id, asked, *_ = after[-1]
    with registry(nodes.folder, at=nodes.made.nodes[1].address) as client:
        assert results(client.report_changes(asked, message_id=message_id)) == [ChangeResult.ACCEPTED]
        assert code(one).digits not in {of for of, *_ in taken(nodes.folder, GATEWAY)}  # it acted then only
        assert results(client.report_changes(asked)) == [ChangeResult.ACCEPTED]  # as a new message
    held = {of for of, *_ in taken(nodes.folder, GATEWAY)}
    assert {code(one).digits for one, *_, at in running.told if at < begun} <= held
    assert until(lambda: undelivered(nodes.folder) == 0, 60)
    verified = command("evidence", "verify", "--state", state.path)
    assert verified["good"] and len(verified["restores"]) == len(names)


def test_one_killed_under_load_and_connections_cut(postgres: Postgres, tmp_path: Path) -> None:
    """Nothing lost, nothing twice, order kept: by the client's journal and the counterparts' own stores."""
    result = soak(
        tmp_path / "net",
        seed=SEED,
        kills=KILLS,
        changes=100,
        workers=1,
        shortest=0.05,
        longest=0.6,
        most_waiting=120,
        postgres=postgres,
    )
    assert result.judgement.good, f"seed {SEED}: {result}"
    assert result.kills == KILLS
    assert result.changes >= 100
    assert result.backends >= 5


@pytest.mark.timeout(240)
def test_the_command_makes_a_network_with_two_nodes(postgres: Postgres, tmp_path: Path) -> None:
    """By nothing but commands and network.json: up, a message to each node, each monitored, down."""
    folder = tmp_path / "net"
    only = [part for one in (GATEWAY, PREFECTURE, NATION) for part in ("--only", one)]
    up = [*COMMAND, "network", "up", str(folder), "--nodes", "2", "--database", postgres.create(), *only]
    with (tmp_path / "errors").open("wb") as errors:
        process = subprocess.Popen(up, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        file = folder / "network.json"
        assert until(lambda: file.exists() or process.poll() is not None, 120) and process.poll() is None
        document = json.loads(file.read_text(encoding="utf-8"))
        gateway = next(one for one in document["systems"] if one["id"] == GATEWAY)
        assert [node["address"] for node in gateway["nodes"]] == gateway["addresses"]
        assert gateway["address"] == gateway["addresses"][0]
        for number, node in enumerate(gateway["nodes"], start=1):
            report = ChangeReport(clerk(), (entry(9_200_000 + number),))
            with registry(folder, at=node["address"]) as client:
                assert results(client.report_changes(report)) == [ChangeResult.ACCEPTED]
            monitored = Monitored(node["monitoring"])
            assert monitored.value("juki_messages_total", operation="ReportChanges", outcome="answered") == 1
            assert monitored.get("health/ready")[0] == 200
        assert until(lambda: undelivered(folder) == 0, 60)
        status = subprocess.run([*COMMAND, "status", "--state", gateway["nodes"][1]["state"]], check=False)
        assert status.returncode == 0
        down = subprocess.run([*COMMAND, "network", "down", str(folder)], check=False, timeout=100)
        assert (down.returncode, process.wait(10), file.exists()) == (0, 0, False)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def _replayed(nodes: Town, raw: bytes, address: str) -> tuple[int, str]:
    """Somebody sends the very bytes once more, to another node; status, and the rule that refused them."""
    state, authority = StateFolder(nodes.folder / SYSTEM), nodes.made.authority
    context = probe_context(
        [authority.root_pem, authority.issuing_pem],
        state.certificates / "tls.pem",
        state.keys / "tls.key.pem",
    )
    service = SERVICES["resident_record"]
    action = {"SOAPAction": f'"{service.operation("ReportChanges").action}"'}
    with contextlib.closing(Wire(address, context)) as wire:
        reply = wire.post(raw, path=service.path, headers=action)
    with store_of(nodes) as store:
        (record,) = store.refusals.recent(1)
    return reply.status, record.rule
