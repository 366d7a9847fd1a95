"""Flow 1 over real connections: from the resident record system to the nation, whatever befalls it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.changes_file import write_changes
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import (
    Cancellation,
    ChangeQuestion,
    ChangeReport,
    ChangeTrack,
    Delivery,
    Resend,
)
from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, Place, SearchQuestion, SearchTerms
from gateway.errors import CounterpartFault
from gateway.wss.sign import new_message_id
from tests.kit.changes import DAY, clerk, code, entry, move, recode, record, removal, report
from tests.kit.databases import database_of, databases
from tests.kit.network import Network, by_document, caller, running
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, SYSTEM, registry, taken, undelivered

ACCEPTED, ALREADY = ChangeResult.ACCEPTED, ChangeResult.ALREADY_ACCEPTED
YOKOHAMA, YOKOHAMA_CS = "141003-registry", "141003-cs"
_people = itertools.count(7_000_000)

ONLY = ("131016-cs", "141003-cs", "national-server", "13-prefectural-server", "14-prefectural-server")


@pytest.fixture(scope="module", params=databases("identity-update"))
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    quick = {"retry_seconds": 0.1, "longest_retry_seconds": 0.5, "breaker_seconds": 0.2}
    quick["longest_breaker_seconds"] = 0.5
    folder = tmp_path_factory.mktemp("network") / "net"
    with (
        database_of(request.param) as database,
        running(folder, only=ONLY, deadline_seconds=2.0, database=database, outbox=quick) as started,
    ):
        yield started


def person() -> int:
    return next(_people)


def results(network: Network, *changes: Change, **others: Any) -> list[ChangeResult]:
    with registry(network.folder) as client:
        return [one.result for one in client.report_changes(report(*changes), **others).outcomes]


def settled(network: Network, seconds: float = 20.0) -> None:
    """Until nothing waits anywhere."""
    network.wait(lambda: undelivered(network.folder, GATEWAY, PREFECTURE) == 0, seconds)


def held(network: Network, system: str, *people: int) -> list[tuple[int, str]]:
    """Numbers and addresses that a system took of these codes, in its order."""
    codes = {code(one).digits for one in people}
    return [(number, address) for of, number, address in taken(network.folder, system) if of in codes]


def found_at(network: Network, place: Place, one: int, address: str) -> list[str]:
    where = {Place.HERE: "131016", Place.PREFECTURE: "131041", Place.NATION: "141003"}[place]
    terms = SearchTerms(name=(record(one).name, Match.EXACT), address=(RegisterText(address), Match.PREFIX))
    with network.client() as client:
        question = SearchQuestion(caller(), terms, MunicipalityCode(where))
        return [hit.code.digits for hit in client.terminal.search_person(question).records]


def test_a_life_is_known_to_prefecture_and_nation(network: Network) -> None:
    one, new = person(), person()
    address = "東京都千代田区霞が関一丁目"
    changes = [entry(one), move(one, 2, address), recode(one, 3, new, address=address)]
    assert results(network, *changes) == [ACCEPTED] * 3
    settled(network)
    wanted = [(change.number, change.record.address.inline) for change in changes]
    for system in (GATEWAY, PREFECTURE, NATION):
        assert held(network, system, one, new) == wanted
    assert code(new).digits in found_at(network, Place.HERE, new, address)
    with registry(network.folder) as client:
        track = client.query_change(ChangeQuestion(clerk(), code(new))).track
    assert isinstance(track, ChangeTrack)
    assert (track.number, track.delivery) == (3, Delivery.DELIVERED)


def test_verification_sees_it(network: Network) -> None:
    one, address = person(), "東京都千代田区三番町9番"
    document = {
        "name": "試験\u3000花子",
        "birth_calendar": "showa",
        "birth_digits": "19800107",
        "birth_certainty": "exact",
        "birth_text": "",
        "sex": "1",
        "address": address,
    }
    named: dict[str, Any] = {"name": RegisterText(document["name"])}

    def verified() -> VerificationResult:
        with network.client() as client:
            return client.terminal.verify_identity(by_document(document)).result

    assert verified() is VerificationResult.NO_RECORD
    results(network, entry(one, address=address, **named))
    settled(network)
    assert verified() is VerificationResult.MATCH
    results(network, removal(one, 2, ChangeReason.DEATH, address=address, **named))
    settled(network)
    assert verified() is VerificationResult.NO_RECORD


def test_resend_cancel_and_query(network: Network) -> None:
    one = person()
    results(network, entry(one), move(one, 2, "東京都千代田区霞が関一丁目"))
    with registry(network.folder) as client:
        again = Resend(clerk(), code(one), 2, ChangeReason.OFFICIAL_CORRECTION)
        back = Cancellation(clerk(), code(one), 2, 3, DAY)
        asked = [client.resend_change(again), client.cancel_change(back), client.cancel_change(back)]
        assert [receipt.outcomes[0].result for receipt in asked] == [ACCEPTED, ACCEPTED, ALREADY]
        settled(network)
        status = client.query_change(ChangeQuestion(clerk(), code(one), 2))
    assert status.last == 3
    assert status.track is not None
    assert (status.track.revision, status.track.reason) == (1, ChangeReason.OFFICIAL_CORRECTION)
    for system in (GATEWAY, PREFECTURE, NATION):
        assert [number for number, _ in held(network, system, one)] == [1, 2, 3]
        assert held(network, system, one)[-1][1] == record(one).address.inline


def test_a_retry_is_recognised(network: Network) -> None:
    one, name = person(), new_message_id()
    assert results(network, entry(one), message_id=name) == [ACCEPTED]
    assert results(network, entry(one), message_id=name) == [ACCEPTED]
    with pytest.raises(CounterpartFault) as caught:
        results(network, move(one, 2, "x"), message_id=name)
    assert (caught.value.code, caught.value.standing) == ("DuplicateMessage", "bound")
    settled(network)
    for system in (GATEWAY, PREFECTURE, NATION):
        assert held(network, system, one) == [(1, record(one).address.inline)]


def test_each_item_has_its_answer_and_a_malformed_batch_none(network: Network) -> None:
    one, other = person(), person()
    got = results(network, entry(one), move(one, 3, "gap"), move(other, 1, "nobody"), move(one, 2, "二"))
    assert [result.value for result in got] == ["accepted", "number_gap", "not_on_record", "accepted"]
    foreign = dataclasses.replace(entry(other), record=record(other, municipality=MunicipalityCode("141003")))
    assert results(network, foreign) == [ChangeResult.OTHER_MUNICIPALITY]
    with registry(network.folder) as client, pytest.raises(CounterpartFault) as caught:
        client.report_changes(ChangeReport(clerk("141003"), (entry(other),)))
    assert caught.value.code == "NotPermitted"


def test_a_prefecture_that_is_down_for_a_while(network: Network) -> None:
    people = [person() for _ in range(8)]
    network.behave("down", PREFECTURE)
    try:
        assert set(results(network, *map(entry, people))) == {ACCEPTED}
        for number in (2, 3):
            results(network, *(move(one, number, f"東京都千代田区{number}番町") for one in people))
        time.sleep(1.0)
        assert undelivered(network.folder, GATEWAY) == 24
        with registry(network.folder) as client:
            track = client.query_change(ChangeQuestion(clerk(), code(people[0]))).track
        assert track is not None
        assert track.delivery is Delivery.WAITING
    finally:
        network.behave("off", PREFECTURE)
    settled(network)
    for system in (PREFECTURE, NATION):
        for one in people:
            assert [number for number, _ in held(network, system, one)] == [1, 2, 3]


@pytest.mark.parametrize("kind", ["unsigned", "bad-signature", "wrong-relates-to"])
def test_only_a_bound_answer_is_a_delivery(network: Network, kind: str) -> None:
    one = person()
    network.behave(kind, PREFECTURE)
    try:
        results(network, entry(one))
        network.wait(lambda: held(network, PREFECTURE, one))
        time.sleep(0.3)
        assert undelivered(network.folder, GATEWAY) == 1
    finally:
        network.behave("off", PREFECTURE)
    settled(network)
    for system in (PREFECTURE, NATION):
        assert held(network, system, one) == [(1, record(one).address.inline)]


def test_a_gap_at_the_prefecture_is_a_dead_letter_that_stops_this_person_only(network: Network) -> None:
    """The prefecture has lost a change: what follows of the person is refused there, nobody else waits."""
    one, other = person(), person()
    results(network, entry(one))
    settled(network)
    _forget(network, PREFECTURE, one)
    results(network, move(one, 2, "二"), move(one, 3, "三"), entry(other))
    network.wait(lambda: held(network, NATION, other))
    with registry(network.folder) as client:
        for number in (2, 3):
            track = client.query_change(ChangeQuestion(clerk(), code(one), number)).track
            assert track is not None
            assert track.delivery is Delivery.REFUSED
    listed = network.command("outbox", "list", "--dead", "--state", network.folder / GATEWAY, "--json")
    (dead,) = json.loads(listed.stdout)["messages"]
    assert dead["code"] == "ChangeRefused"
    for _ in range(2):
        ids = json.loads(
            network.command("outbox", "list", "--dead", "--state", network.folder / GATEWAY, "--json").stdout
        )["messages"]
        network.command("outbox", "drop", ids[0]["id"], "--state", network.folder / GATEWAY)
        if not undelivered(network.folder, GATEWAY):
            break
        network.wait(lambda: _dead(network) or not undelivered(network.folder, GATEWAY))
    settled(network)


def _dead(network: Network) -> bool:
    listed = network.command("outbox", "list", "--dead", "--state", network.folder / GATEWAY, "--json")
    return bool(json.loads(listed.stdout)["messages"])


def _forget(network: Network, system: str, one: int) -> None:
    """Take a person out of a simulated server's register, as if it had never been told."""
    database = network.folder / system / "data" / "gateway.sqlite"
    with sqlite3.connect(database, timeout=10) as connection:
        (found,) = connection.execute(
            "SELECT person FROM person_codes WHERE code = ?", (code(one).digits,)
        ).fetchone()
        for table in ("person_codes", "person_numbers", "person_standings", "person_changes"):
            connection.execute(f"DELETE FROM {table} WHERE person = ?", (found,))  # noqa: S608
    connection.close()


def test_a_move_from_one_municipality_to_another(network: Network) -> None:
    """Out of one and into the other: two prefectures tell the nation, each of its own."""
    one = person()
    results(network, entry(one))
    settled(network)
    moved = record(one, "神奈川県横浜市中区本町6丁目", municipality=MunicipalityCode("141003"))
    there = ChangeReport(clerk("141003"), (Change(1, ChangeReason.MOVE_IN, DAY, moved),))
    with registry(network.folder, YOKOHAMA, cs=YOKOHAMA_CS) as client:
        assert [o.result for o in client.report_changes(there).outcomes] == [ACCEPTED]
    results(network, removal(one, 2))
    network.wait(lambda: undelivered(network.folder, YOKOHAMA_CS, "14-prefectural-server") == 0, 20)
    settled(network)
    assert code(one).digits in found_at(network, Place.NATION, one, "神奈川県横浜市")
    assert code(one).digits not in found_at(network, Place.HERE, one, "東京都")


def test_evidence_of_the_whole_way(network: Network) -> None:
    """What was told and answered is kept at each end, and the chains hold."""
    one = person()
    results(network, entry(one))
    settled(network)
    for system in (GATEWAY, PREFECTURE, NATION):
        verified = network.command("evidence", "verify", "--state", network.folder / system, "--json")
        assert verified.returncode == 0, verified.stderr
    assert Path(network.folder / "seals").exists()


def test_the_commands(network: Network, tmp_path: Path) -> None:
    people = [person() for _ in range(30)]
    one = people[0]
    file = tmp_path / "changes.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        write_changes([entry(one) for one in people], out)
    as_whom = ("--terminal", "131016-R001", "--operator", "V1310160101/OP01")

    def registry_command(name: str, *arguments: object) -> tuple[int, Any]:
        done = network.command(
            "registry", name, *arguments, *as_whom, "--state", network.folder / SYSTEM, "--json"
        )
        return done.returncode, json.loads(done.stdout)

    status, told = registry_command("report", file, "--batch", 12)
    assert (status, told["changes"], told["accepted"], told["refused"]) == (0, 30, 30, [])
    assert len((tmp_path / "changes.csv.journal").read_text().splitlines()) == 7
    status, told = registry_command("report", file)
    assert (status, told["accepted"]) == (0, 30)  # from the journal: nothing was sent
    (tmp_path / "changes.csv.journal").unlink()
    status, told = registry_command("report", file)
    assert (status, told["accepted"], told["already_accepted"]) == (0, 0, 30)
    settled(network)
    status, told = registry_command("query", "--code", code(one).digits)
    assert (status, told["last"], told["change"]["delivery"]) == (0, 1, "delivered")
    person_options = ("--code", code(one).digits, "--number")
    status, told = registry_command("resend", *person_options, 1, "--reason", "official_entry")
    assert (status, told["result"]) == (0, "accepted")
    day = ("--event-date", "令和8年11月20日")
    status, told = registry_command("cancel", *person_options, 3, "--cancels", 1, *day)
    assert (status, told["result"], told["expected"]) == (1, "number_gap", 2)
    status, told = registry_command("cancel", *person_options, 2, "--cancels", 1, *day)
    assert (status, told["result"]) == (0, "accepted")
    assert registry_command("query", *person_options, 9)[0] == 1
    assert registry_command("query", "--code", "1")[0] == 2


def test_a_mass_change_of_addresses(network: Network, tmp_path: Path) -> None:
    out = tmp_path / "mass.csv"
    made = network.command(
        "registry",
        "mass-change",
        network.document["sample"]["people"],
        *("--municipality", "131016", "--old", "東京都千代田区", "--new", "東京都千代田区新町"),
        *("--event-date", "令和8年11月20日", "--out", out, "--json"),
    )
    here = [one for one in network.people() if one["municipality"] == "131016"]
    assert json.loads(made.stdout)["changes"] == len(here)
    told = network.command(
        "registry",
        "report",
        out,
        *("--terminal", "131016-R001", "--operator", "V1310160101/OP01"),
        *("--state", network.folder / SYSTEM, "--json"),
    )
    assert json.loads(told.stdout)["accepted"] == len(here)
    settled(network)
    for system in (GATEWAY, PREFECTURE, NATION):
        moved = [there for _, _, there in taken(network.folder, system) if "新町" in there]
        assert len(moved) == len(here)
