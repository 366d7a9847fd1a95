"""The access log of a real network: questions, failures, changes and what was delivered, and who reads it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.domain.codes import DocumentKind
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.errors import CounterpartError
from tests.kit.changes import code, entry, report
from tests.kit.databases import database_of, databases
from tests.kit.network import Network, by_code, by_document, caller, running
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, registry, undelivered

NEWCOMER = 7_700_001


@pytest.fixture(scope="module", params=databases("access-log"))
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    budgets = {"per_operator": 1_000, "per_terminal": 1_000, "per_person": 3}
    folder = tmp_path_factory.mktemp("network") / "net"
    with (
        database_of(request.param) as database,
        running(folder, deadline_seconds=2.0, database=database, budgets=budgets) as started,
    ):
        ask(started)
        yield started


def ask(network: Network) -> None:
    """One of everything, of the first person of the gateway's own municipality."""
    person = somebody(network)
    terms = SearchTerms(
        name=(RegisterText(person["name"]), Match.EXACT), birth_date=read_written(person["birth_date"])
    )
    nobody = SearchTerms(
        name=(RegisterText("存在しない 氏名"), Match.EXACT), birth_date=read_written("昭和60年4月12日")
    )
    home = MunicipalityCode("131016")
    with network.client() as client:
        terminal = client.terminal
        terminal.verify_identity(by_code(person))
        terminal.search_person(SearchQuestion(caller(), terms, home))
        terminal.search_person(SearchQuestion(caller(), nobody, None))
        with contextlib.suppress(CounterpartError):
            terminal.verify_identity(by_code(person, caller(operator_id="OP09")))
        for _ in range(4):
            with contextlib.suppress(CounterpartError):
                terminal.verify_identity(
                    by_document(person, DocumentKind.PASSPORT, address="東京都千代田区九番町9番")
                )
    with registry(network.folder) as client:
        client.report_changes(report(entry(NEWCOMER)))
    network.wait(lambda: undelivered(network.folder, GATEWAY, PREFECTURE) == 0, 20.0)


def somebody(network: Network) -> dict[str, str]:
    return next(person for person in network.people() if person["municipality"] == "131016")


def access_log(network: Network, *arguments: object, system: str = GATEWAY) -> Any:
    done = network.command("access-log", *arguments, "--state", network.folder / system, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def outcomes(document: Any) -> list[tuple[str, str, str, list[str]]]:
    return [
        (one["direction"], one["operation"], one["outcome"], [person["effect"] for person in one["people"]])
        for one in document["accesses"]
    ]


def test_one_persons_record(network: Network) -> None:
    person = somebody(network)
    found = access_log(network, "report", "person", "--person", person["resident_record_code"])
    asked = [one for one in outcomes(found) if one[0] == "in"]
    assert asked == [
        ("in", "VerifyIdentity", "match", ["seen"]),
        ("in", "SearchPerson", "found", ["seen"]),
        ("in", "VerifyIdentity", "refused:operator", ["asked"]),
    ]
    first = found["accesses"][0]
    assert (first["system"], first["terminal"]) == ("131016-terminal-1", "131016-T001")
    assert (first["purpose"], first["passed_to"]) == ("record_copy", "national_server")


def test_failed_questions(network: Network) -> None:
    found = outcomes(access_log(network, "report", "failed"))
    assert [one[2] for one in found] == [
        *("no_record", "refused:operator"),
        *("mismatch", "mismatch", "mismatch", "fault:TooManyQuestions"),
    ]
    assert all(one[3] == ["asked"] for one in found)


def test_a_change_and_whom_it_was_told(network: Network) -> None:
    newcomer = code(NEWCOMER).digits
    found = access_log(network, "search", "--person", newcomer, "--until", "2099-01-01")
    changed, *told = outcomes(found)  # whom it was told first of two destinations is chance
    assert changed == ("in", "ReportChanges", "accepted", ["changed"])
    assert told.count(("out", "NotifyChanges", "delivered", ["told"])) == 1
    by = found["accesses"][0]
    (to,) = [one for one in found["accesses"] if one["operation"] == "NotifyChanges"]
    assert (by["system"], to["system"]) == ("131016-registry", PREFECTURE)
    assert (by["with_number"], to["with_number"]) == (True, True)
    assert to["verification_id"] == by["verification_id"]
    for system in (PREFECTURE, NATION):
        there = outcomes(access_log(network, "search", "--person", newcomer, system=system))
        assert ("in", "NotifyChanges", "accepted", ["changed"]) in there


def test_it_holds_together(network: Network) -> None:
    for system in (GATEWAY, PREFECTURE, NATION):
        assert access_log(network, "verify", system=system)["good"] is True
    network.restart(GATEWAY)  # what it had not noted yet it notes at its end, or its next beginning
    found = access_log(network, "verify")
    assert found["notes"] >= 1
    evidence = network.command("evidence", "verify", "--state", network.folder / GATEWAY, "--json")
    assert json.loads(evidence.stdout)["good"] is True


def test_no_code_is_shown_or_kept(network: Network) -> None:
    shown = json.dumps(access_log(network, "search", "--limit", 1000))
    kept = b"".join(
        file.read_bytes() for file in (network.folder / GATEWAY / "log").iterdir() if file.is_file()
    )
    for secret in (somebody(network)["resident_record_code"], code(NEWCOMER).digits):
        assert secret not in shown
        assert secret.encode() not in kept
