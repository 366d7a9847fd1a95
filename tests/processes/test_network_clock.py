"""``network clock``: the time of a whole running network is moved from outside, and both sides are tried."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.changes_file import write_changes
from gateway.cli.registry_moves import read_certificate
from gateway.contract.certificates import Papers
from gateway.domain.caller import Caller, Operator
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Purpose, VerificationResult
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_date import RegisterDate
from tests.kit.changes import entry, report
from tests.kit.moves import OLD_TOWN, certificate, leaving, person_code, record_of, serial_of
from tests.kit.network import GATEWAY, TERMINAL, Client, Network, by_code, running
from tests.kit.registry import SYSTEM as OFFICE
from tests.kit.registry import registry, undelivered
from tests.kit.two_towns import entering

OLD_CS, OLD_OFFICE = "141003-cs", "141003-registry"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net") as started:
        yield started


def clock(network: Network, *offset: str, status: int = 0) -> Any:
    done = network.command("network", "clock", network.folder, *offset, "--json")
    assert done.returncode == status, done
    return json.loads(done.stdout)


def asked(network: Network, client: Client) -> VerificationResult:
    return client.terminal.verify_identity(by_code(network.people()[0])).result


def test_both_sides_of_a_day(network: Network) -> None:
    assert clock(network)["offset_seconds"] == 0
    machine = datetime.now(UTC) + timedelta(hours=9)
    coming = (machine + timedelta(days=40)).date()
    day = RegisterDate.exact(Calendar.REIWA, coming.year, coming.month, coming.day)
    change: Change = dataclasses.replace(entry(8_100_001), event_date=day)
    with network.client() as client, registry(network.folder) as office:
        assert asked(network, client) is VerificationResult.MATCH
        (outcome,) = office.report_changes(report(change)).outcomes
        assert outcome.result is ChangeResult.DATE_TO_COME
        moved = clock(network, "+39d")
        assert moved["offset_seconds"] == 39 * 86_400
        (outcome,) = office.report_changes(report(change)).outcomes
        assert outcome.result is ChangeResult.DATE_TO_COME
        midnight = f"{coming}T00:00:00+09:00"
        moved = clock(network, midnight)
        assert timedelta(0) <= datetime.fromisoformat(moved["at"]) - datetime.fromisoformat(midnight)
        # The same connections and clients as before, over all systems.
        (outcome,) = office.report_changes(report(change)).outcomes
        assert outcome.result is ChangeResult.ACCEPTED
        assert asked(network, client) is VerificationResult.MATCH
    network.wait(lambda: undelivered(network.folder) == 0, 20)


def test_what_is_moved_stays_moved(network: Network) -> None:
    offset = clock(network)["offset_seconds"]
    document = json.loads((network.folder / "network.json").read_text(encoding="utf-8"))
    assert document["clock"] == {"offset_seconds": offset}
    network.restart(GATEWAY)
    with network.client() as client:
        assert asked(network, client) is VerificationResult.MATCH
    done = network.command("evidence", "list", "--state", network.state(GATEWAY).path, "--limit", 1, "--json")
    newest = datetime.fromisoformat(json.loads(done.stdout)["entries"][-1]["at"])
    assert newest - datetime.now(UTC) > timedelta(days=38)
    status = network.command("status", "--state", network.state(GATEWAY).path, "--json")
    found = json.loads(status.stdout)
    assert (found["problems"], found["system"]["clock_offset_seconds"]) == ([], offset)


def test_it_goes_forward_only(network: Network) -> None:
    assert "forward only" in clock(network, "1d", status=2)["error"]["text"]


def test_lists_published_later_are_current_too(network: Network) -> None:
    found = network.command("pki", "crl", "--state", network.folder)
    assert found.returncode == 0, found
    with network.client() as client:
        network.wait(lambda: _list_numbers(network)[0] == _list_numbers(network)[1])
        assert asked(network, client) is VerificationResult.MATCH


def _list_numbers(network: Network) -> tuple[bytes, bytes]:
    source = network.folder / "pki" / "issuing.crl.pem"
    return source.read_bytes(), (network.state(GATEWAY).certificates / source.name).read_bytes()


def test_a_special_move_in_on_both_sides_of_its_deadline(network: Network, tmp_path: Path) -> None:
    """Day 30 and day 31 after the planned move-out, by both towns' commands; a gateway dies under way."""
    today = (datetime.fromisoformat(clock(network)["at"]) + timedelta(hours=9)).date()
    people = (8_200_001, 8_200_002)
    with registry(network.folder, OLD_OFFICE, cs=OLD_CS) as office:
        entries = tuple(
            Change(1, ChangeReason.OFFICIAL_ENTRY, day_of(today), record_of(one, OLD_TOWN)) for one in people
        )
        outcomes = office.report_changes(ChangeReport(office_of(OLD_TOWN), entries)).outcomes
        assert {one.result for one in outcomes} == {ChangeResult.ACCEPTED}
    for one in people:
        file = tmp_path / f"{one}.xml"
        made = certificate(leaving(one), planned_on=today - timedelta(days=29), reported_on=today)
        file.write_bytes(Papers().keep(made))
        registered = ran(network, OLD_OFFICE, "registry", "register-certificate", file)
        assert registered["result"] == "accepted"
    clock(network, "+1d")  # day 30
    first = first_notification(network, people[0], today + timedelta(days=1))
    network.restart(OLD_CS)
    network.wait(lambda: state_of(network, people[0])["state"] == "received", 20)
    clock(network, "+1d")  # day 31
    first_notification(network, people[1], today + timedelta(days=2))
    network.wait(lambda: state_of(network, people[1])["state"] == "refused", 20)
    assert state_of(network, people[1])["result"] == "late_by_plan"
    (waits,) = ran(network, GATEWAY, "move-in", "list", "--attention")["moves"]
    assert waits["result"] == "late_by_plan"
    overdue = ran(network, OLD_CS, "move-in", "list", "--overdue")["moves"]
    assert sorted(move["state"] in {"registered", "expired"} for move in overdue) == [False, True]
    # The first goes on to its end.
    fetched = ran(network, OFFICE, "registry", "fetch-move", "--move", first, "--out", tmp_path / "got.xml")
    assert fetched["what"] == "TransferCertificate"
    got = read_certificate(tmp_path / "got.xml")
    assert got.people == (leaving(people[0]),)
    changes = tmp_path / "changes.csv"
    with changes.open("w", encoding="utf-8", newline="") as out:
        write_changes([entering(people[0], day=today + timedelta(days=1))], out)
    done = ran(network, OFFICE, "registry", "complete-move-in", changes, "--move", first)
    assert done["result"] == "accepted"
    network.wait(lambda: state_of(network, people[0])["state"] == "notified", 20)
    (waiting,) = ran(network, OLD_OFFICE, "registry", "moves")["moves"]
    taken = ran(network, OLD_OFFICE, "registry", "take-move", "--move", waiting["move"])
    assert taken["result"] == "accepted"
    network.wait(lambda: undelivered(network.folder, GATEWAY, OLD_CS) == 0, 20)


def ran(network: Network, system: str, *words: object) -> Any:
    """A command of a system; gives its document."""
    who: tuple[object, ...] = ()
    if words[0] != "move-in":
        entry = network.system(system)
        operator = entry["operators"][0]
        names = f"{operator['verification_id']}/{operator['operator_id']}"
        who = ("--terminal", entry["terminals"][0], "--operator", names)
    found = network.command(*words, *who, "--state", network.state(system).path, "--json")
    assert found.returncode == 0, found
    return json.loads(found.stdout)


def first_notification(network: Network, number: int, day: date) -> str:
    """The first 転入届 of somebody, at the new town's counter on that day; gives the move's reference."""
    words = ("--code", person_code(number).digits, "--serial", serial_of(number), "--old-town", OLD_TOWN)
    asked = ran(network, TERMINAL, "terminal", "request-certificate", *words, "--moved-on", day)
    assert asked["result"] == "accepted"
    return str(asked["move"])


def state_of(network: Network, number: int) -> Any:
    """A person's newest move in the new town."""
    return ran(network, TERMINAL, "terminal", "moves", "--code", person_code(number).digits)["moves"][0]


def office_of(town: MunicipalityCode) -> Caller:
    """Who asks by a resident record system of the network."""
    return Caller(town, f"{town}-R001", Operator(f"V{town}0101", "OP01"), Purpose.MOVE_OUT)


def day_of(day: date) -> RegisterDate:
    """A day of now."""
    return RegisterDate.exact(Calendar.REIWA, day.year, day.month, day.day)


def test_no_network_runs(network: Network, tmp_path: Any) -> None:
    (tmp_path / "made-by").write_text("network\n")
    done = network.command("network", "clock", tmp_path)
    assert done.returncode == 1 and "no network is ready" in done.stderr


@pytest.mark.timeout(300)
def test_certificates_are_renewed_before_their_end(network: Network) -> None:
    before = network.system(GATEWAY)["signing"]["certificate"]
    assert clock(network, "1200d")["offset_seconds"] == 1200 * 86_400
    entries = json.loads((network.folder / "network.json").read_text(encoding="utf-8"))["systems"]
    (gateway,) = (one for one in entries if one["id"] == GATEWAY)
    assert gateway["signing"]["certificate"] != before
    with network.client() as client:
        assert asked(network, client) is VerificationResult.MATCH
    assert "2900 days ahead at most" in clock(network, "2901d", status=2)["error"]["text"]
