"""Flow 8 over the network as it runs: cards are worked on by command, asked for, and end in time."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clients.integrated_terminal import IntegratedTerminal
from gateway.domain.caller import Caller
from gateway.domain.card import CardState
from gateway.domain.card_query import CardQuestion
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Purpose
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date import RegisterDate
from gateway.errors import CounterpartFault
from tests.kit.changes import clerk, entry, removal
from tests.kit.network import GATEWAY, TERMINAL, Network, caller, running
from tests.kit.registry import CARDS, SYSTEM, registry, undelivered

WHO = {
    TERMINAL: ("--terminal", "131016-T001", "--operator", "V1310160001/OP01"),
    SYSTEM: ("--terminal", "131016-R001", "--operator", "V1310160101/OP01"),
}

ONLY = ("131016-cs", "national-server", "13-prefectural-server", "card-management-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("cards") / "network", only=ONLY) as started:
        yield started


@pytest.fixture
def terminal(network: Network) -> Iterator[IntegratedTerminal]:
    with network.client() as client:
        yield client.terminal


@pytest.fixture
def asking() -> Caller:
    return caller(Purpose.CARD_PROCEDURE)


def card(network: Network, command: str, *options: object, system: str = TERMINAL, status: int = 0) -> Any:
    state = network.state(system).path
    done = network.command("card", command, "--state", state, *WHO[system], *options, "--json")
    assert done.returncode == status, done
    return json.loads(done.stdout)


def told(network: Network) -> None:
    network.wait(lambda: undelivered(network.folder, GATEWAY) == 0, 30)


def person(network: Network, state: str, place: int = 0, municipality: str = "131016") -> str:
    found = [
        one["resident_record_code"]
        for one in network.people()
        if (one["card_state"], one["municipality"]) == (state, municipality)
    ]
    return found[place]


def state_there(terminal: IntegratedTerminal, asking: Caller, code: str) -> CardState:
    (found,) = terminal.query_cards(CardQuestion(asking, ResidentRecordCode(code))).cards
    return found.state


def test_a_card_by_the_commands_of_a_counter(network: Network) -> None:
    code = person(network, "none")
    (made,) = card(network, "show", "--code", code)["cards"]
    which = ("--code", code, "--serial", made["serial"])
    assert made["state"] == "before_issue"
    refused = card(network, "collect", *which, status=1)
    assert (refused["result"], refused["cards"][0]["state"]) == ("not_allowed", "before_issue")
    assert refused["allowed"] == ["issue", "move", "revoke"]
    assert card(network, "issue", *which)["cards"][0]["state"] == "active"
    told(network)
    serial = made["serial"]
    done = network.command("simulator", "set", network.folder, CARDS, f"suspend={serial}")
    assert done.returncode == 0, done
    again = network.command("simulator", "set", network.folder, CARDS, f"suspend={serial}")
    assert again.returncode == 1
    (lost,) = card(network, "show", "--code", code)["cards"]
    assert lost["state"] == "suspended"
    card(network, "lift-suspension", *which)
    card(network, "revoke", *which, "--reason", "lost")
    card(network, "collect", *which)
    told(network)
    lines = card(network, "history", "--code", code)["history"]
    assert [(line["event"], line["outcome"], line["answer"]) for line in reversed(lines)] == [
        (None, "learned", None),  # the card was not known here: as it was told
        ("issue", "confirmed", "accepted"),
        ("suspend", "learned", None),
        ("lift_suspension", "confirmed", "accepted"),
        ("revoke", "confirmed", "accepted"),
        ("collect", "confirmed", "accepted"),
    ]
    assert card(network, "show", "--code", code)["cards"][0]["state"] == "collected"


def test_no_caller_suspends(network: Network) -> None:
    done = network.command("card", "--help")
    assert "suspend " not in done.stdout.replace("lift-suspension ", "")
    wrong = network.command("simulator", "set", network.folder, "national-server", "suspend=0123456789AB")
    assert wrong.returncode == 2


def test_an_answer_about_somebody_else_is_discarded(
    network: Network, terminal: IntegratedTerminal, asking: Caller
) -> None:
    code = ResidentRecordCode(person(network, "active"))
    network.behave("wrong-person", CARDS)
    try:
        with pytest.raises(CounterpartFault) as caught:
            terminal.query_cards(CardQuestion(asking, code))
    finally:
        network.behave("off", CARDS)
    assert caught.value.code == "CounterpartAnswerInvalid"


def test_accepted_while_the_card_management_system_is_away(
    network: Network, terminal: IntegratedTerminal, asking: Caller
) -> None:
    code = person(network, "active", 1)
    (known,) = card(network, "show", "--code", code)["cards"]
    network.behave("down", CARDS)
    try:
        which = ("--code", code, "--serial", known["serial"])
        assert card(network, "revoke", *which, "--reason", "surrendered")["result"] == "accepted"
        (line, *_) = card(network, "history", "--code", code)["history"]
        assert (line["event"], line["outcome"]) == ("revoke", "pending")
        with pytest.raises(CounterpartFault) as caught:
            terminal.query_cards(CardQuestion(asking, ResidentRecordCode(code)))
        assert caught.value.code == "CounterpartUnavailable"
    finally:
        network.behave("off", CARDS)
    told(network)
    assert state_there(terminal, asking, code) is CardState.REVOKED


def test_the_resident_record_system_ends_cards(
    network: Network, terminal: IntegratedTerminal, asking: Caller
) -> None:
    code = person(network, "active", 2)
    ended = card(network, "revoke", "--code", code, "--reason", "emigration", system=SYSTEM)
    assert ended["result"] == "accepted"
    told(network)
    assert state_there(terminal, asking, code) is CardState.REVOKED
    wrong = card(network, "revoke", "--code", code, "--reason", "lost", system=SYSTEM, status=2)
    assert wrong["error"]["kind"] == "UsageError"


def test_a_death_of_flow_1_ends_the_card(
    network: Network, terminal: IntegratedTerminal, asking: Caller
) -> None:
    row = network.person(card_state="active", municipality="141003")
    code = ResidentRecordCode(row["resident_record_code"])
    record = entry(1).record
    moved = {"code": code, "individual_number": None, "municipality": MunicipalityCode("131016")}
    with registry(network.folder) as office:
        receipt = office.report_changes(ChangeReport(clerk(), (entry(1, **moved),)))
        assert receipt.outcomes[0].result.is_accepted
        told(network)
        (waiting,) = terminal.query_cards(CardQuestion(asking, code)).cards
        assert waiting.continue_by is not None
        assert waiting.municipality == record.municipality
        dead = removal(1, 2, ChangeReason.DEATH, **moved)
        assert office.report_changes(ChangeReport(clerk(), (dead,))).outcomes[0].result.is_accepted
    told(network)
    assert state_there(terminal, asking, code.digits) is CardState.REVOKED


def test_time_ends_a_card_by_itself(network: Network) -> None:
    """Last: the network's clock goes forward only."""
    code = network.person(card_state="active", municipality="012025")["resident_record_code"]
    today = (datetime.now(UTC) + timedelta(hours=9)).date()
    moved_in = dataclasses.replace(
        entry(1, code=ResidentRecordCode(code), individual_number=None),
        event_date=RegisterDate.exact(Calendar.REIWA, today.year, today.month, today.day),
    )
    with registry(network.folder) as office:
        assert office.report_changes(ChangeReport(clerk(), (moved_in,))).outcomes[0].result.is_accepted
    told(network)
    (known,) = card(network, "show", "--code", code)["cards"]
    assert known["continue_by"] == str(today + timedelta(days=90))
    last_hour = f"{known['continue_by']}T23:00:00+09:00"
    assert network.command("network", "clock", network.folder, last_hour).returncode == 0
    assert card(network, "show", "--code", code)["cards"][0]["state"] == "active"
    assert network.command("network", "clock", network.folder, "+2h").returncode == 0

    def ended() -> bool:
        line = card(network, "history", "--code", code)["history"][0]
        return (line["reason"], line["actor"]) == ("not_continued", "gateway")

    network.wait(ended, 90)
    told(network)
    assert card(network, "show", "--code", code)["cards"][0]["state"] == "revoked"
