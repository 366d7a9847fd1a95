"""Flow 6 over the network as it runs: differences in the servers' own databases are found and repaired."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients._soap import Channel
from clients.connect import connect
from clients.consistency import ComparedCs, ComparingServer
from gateway.checking.servers import itself
from gateway.clock import SystemClock
from gateway.domain.consistency import (
    ConsistencyNotice,
    ConsistencyPiece,
    DigestQuestion,
    Finding,
    FindingKind,
    RecordItem,
    Span,
    SpanTotal,
    Total,
)
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_text import RegisterText
from gateway.errors import CounterpartFault
from gateway.store import Store
from gateway.store.configured import open_store
from gateway.trust.configured import trust_store
from tests.kit.changes import entry, report
from tests.kit.network import GATEWAY, NATIONAL, Network, running
from tests.kit.registry import PREFECTURE, registry, undelivered
from tests.kit.towns import people_of
from tests.processes.test_inquiry_files import inquirers

ONLY = ("131016-cs", "national-server", "13-prefectural-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("consistency") / "network", only=ONLY) as started:
        yield started


def run(network: Network, command: str, *options: object, status: int = 0) -> Any:
    state = network.state(GATEWAY).path
    done = network.command("consistency", command, *options, "--state", state, "--json")
    assert done.returncode == status, done
    return json.loads(done.stdout.partition('\n{\n  "error"')[0]) if done.stdout else None


def stored(network: Network, system: str) -> Store:
    """A system's own database, beside its processes."""
    return open_store(network.state(system).path, network.settings(system), clock=SystemClock())


def change(network: Network, system: str, digits: str, *, removed: bool = False, **changes: Any) -> None:
    """Something that nobody reported changes what a server has on record."""
    clock = SystemClock()
    with closing(stored(network, system)) as store:
        record = store.register.find(ResidentRecordCode(digits))
        assert record is not None
        with store.unit_of_work() as work:
            store.register.put(
                work,
                replace(record, **changes),
                valid_from=None,
                reason=None,
                recorded_at=clock.now(),
                removed=removed,
            )


def check(network: Network, *options: str, status: int) -> dict[str, dict[str, Any]]:
    """Run a check to its end; the report of each server."""
    runs = run(network, "run", "--wait", *options, status=status)["runs"]
    return {
        one["destination"]: run(network, "report", one["reference"], status=int(one["differences"] > 0))
        for one in runs
    }


def found(told: dict[str, Any]) -> set[tuple[str, str, str]]:
    """The differences, without those of changes on their way."""
    return {
        (one["kind"], one["resident_record_code"], one["items"])
        for one in told["found"]
        if one["in_flight"] != "yes"
    }


def test_a_town_that_is_alike(network: Network) -> None:
    people = [one for one in network.people() if one["municipality"] == "131016"]
    for mode in ("complete", "digests"):
        reports = check(network, "--mode", mode, status=0)
        assert set(reports) == {PREFECTURE, NATIONAL}
        for told in reports.values():
            assert (told["people"], told["found"]) == (len(people), [])
            assert told["held"] == told["sent"]


def test_both_sides_by_the_clients(network: Network) -> None:
    """What the CS asks of a server, and how a server tells it; a notice must name a run of that server."""
    settings = network.settings(GATEWAY)
    with closing(stored(network, GATEWAY)) as store:
        records = store.consistency_records.within("131016", Span(None, None))
    here = itself(settings)
    server = ComparingServer(channel(network, GATEWAY, NATIONAL, ComparingServer.SERVICE))
    with closing(server):
        good, bad = Total.of(records), Total(len(records), "1" * 64)
        middle = records[len(records) // 2].record.code
        spans = (SpanTotal(Span(None, None), good), SpanTotal(Span(None, None), bad))
        assert server.compare_digests(DigestQuestion(here, spans)).differing == (1,)
        piece = ConsistencyPiece(here, "C-by-the-client", 1, False, Span(None, middle), tuple(records[:1]))
        assert server.compare_records(piece).expected == 2
    cs = ComparedCs(channel(network, NATIONAL, GATEWAY, ComparedCs.SERVICE))
    findings = (Finding(FindingKind.DIFFERS, middle, 0, 1, (RecordItem.ADDRESS,)),)
    with closing(cs), pytest.raises(CounterpartFault, match="ConsistencyRefused"):
        cs.notify_consistency(ConsistencyNotice(here, "C-by-the-client", 1, 1, good, findings))


def channel(network: Network, system: str, destination: str, service: str) -> Channel:
    """A system's connection to a service of another."""
    settings, state = network.settings(system), network.state(system)
    trust, clock = trust_store(settings, state.path), SystemClock()
    return connect(settings, state.path, destination=destination, service=service, trust=trust, clock=clock)


def test_differences_are_found_while_everything_is_killed_and_repaired(
    network: Network, tmp_path: Path
) -> None:
    home = [one["resident_record_code"] for one in network.people() if one["municipality"] == "131016"]
    (other, *_) = [one["resident_record_code"] for one in network.people() if one["municipality"] == "141003"]
    change(network, PREFECTURE, home[0], address=RegisterText("別の住所"))
    change(network, NATIONAL, home[1], address=RegisterText("別の住所"))
    change(network, NATIONAL, home[2], removed=True)
    change(network, NATIONAL, other, municipality=MunicipalityCode("131016"))
    network.behave("slow=200ms", NATIONAL)
    started = run(network, "run")["runs"]
    os.kill(inquirers(network)[-1], signal.SIGKILL)
    network.restart(NATIONAL)
    network.behave("off", NATIONAL)

    def done() -> bool:
        runs = run(network, "list")["runs"]
        return all(one["state"] == "done" for one in runs)

    network.wait(done, 40)
    reports = {one["destination"]: run(network, "report", one["reference"], status=1) for one in started}
    assert found(reports[PREFECTURE]) == {("differs", home[0], "address")}
    assert found(reports[NATIONAL]) == {
        ("differs", home[1], "address"),
        ("missing_there", home[2], ""),
        ("missing_here", other, ""),
    }
    reference = reports[NATIONAL]["reference"]
    files = ("--csv", tmp_path / "out.csv", "--html", tmp_path / "out.html")
    run(network, "report", reference, *files, status=1)
    assert home[2] in (tmp_path / "out.csv").read_text("utf-8-sig")
    assert f"<td>{home[2]}</td>" in (tmp_path / "out.html").read_text("utf-8")
    # Repaired through flow 1, at both servers; what is missing is for people to judge.
    refused = run(network, "repair", reference, "--most", "0", status=1)
    assert refused["error"]["kind"] == "Refusal"
    repaired = run(network, "repair", reference)
    assert repaired["sent"] == 1
    assert {(one["kind"], one["resident_record_code"], one["reason"]) for one in repaired["not_sent"]} == {
        (
            "missing_there",
            home[2],
            "the server knows the person and has no record now: it was told to strike it",
        ),
        ("missing_here", other, "there is no record here to send"),
    }
    (kept,) = [one for one in run(network, "repair", reference)["not_sent"] if one["kind"] == "differs"]
    assert (kept["resident_record_code"], kept["reason"]) == (home[1], "it was sent again before")
    assert run(network, "repair", reports[PREFECTURE]["reference"])["sent"] == 1
    network.wait(lambda: undelivered(network.folder) == 0, 20)
    again = check(network, status=1)
    assert found(again[PREFECTURE]) == set()
    assert found(again[NATIONAL]) == {("missing_there", home[2], ""), ("missing_here", other, "")}


def test_changes_and_a_kill_while_pieces_are_sent(network: Network) -> None:
    """A town of several pieces; people move in as long as it is sent."""
    people = tuple(people_of(("131016",), 1_100, seed=6))
    for system in (GATEWAY, PREFECTURE, NATIONAL):
        with closing(stored(network, system)) as store, store.unit_of_work() as work:
            for one in people:
                at = SystemClock().now()
                store.register.put(work, one.record, valid_from=None, reason=None, recorded_at=at)
    before = {to: found(told) for to, told in check(network, "--mode", "digests", status=1).items()}
    digits = sorted(one.record.code.digits for one in people)
    change(network, PREFECTURE, digits[300], address=RegisterText("別の住所"))
    change(network, NATIONAL, digits[1_000], removed=True)
    network.behave("slow=300ms", NATIONAL)
    started = run(network, "run")["runs"]
    newcomers_while_sent = 0
    with registry(network.folder) as client:
        for person in range(8_600_000, 8_600_200):
            (outcome,) = client.report_changes(report(entry(person))).outcomes
            assert outcome.result.is_on_record
            states = {one["state"] for one in run(network, "list")["runs"]}
            if "sending" not in states:
                break
            newcomers_while_sent += 1
            if newcomers_while_sent == 2:
                os.kill(inquirers(network)[-1], signal.SIGKILL)
    network.behave("off", NATIONAL)
    assert newcomers_while_sent >= 2
    network.wait(lambda: all(one["state"] == "done" for one in run(network, "list")["runs"]), 40)
    reports = {one["destination"]: run(network, "report", one["reference"], status=1) for one in started}
    assert found(reports[PREFECTURE]) == before[PREFECTURE] | {("differs", digits[300], "address")}
    assert found(reports[NATIONAL]) == before[NATIONAL] | {("missing_there", digits[1_000], "")}
