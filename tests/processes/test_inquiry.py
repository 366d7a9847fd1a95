"""Flow 5 over the network as it runs: inquiries to 機構 by terminal, number-use system and command."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from clients.connect import connect
from clients.number_use_system import NumberUseSystem
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode
from gateway.domain.inquiry import Inquiry, InquiryKey, InquiryResult, LegalBasis
from gateway.domain.verification import PresentedDocument
from gateway.errors import CounterpartFault
from gateway.settings import clock_of
from gateway.trust.configured import trust_store
from tests.kit.network import GATEWAY, TERMINAL, Network, by_document, caller, running

OFFICE, JLIS = "131016-number-use-1", "jlis-server"
CLERK = Caller(MunicipalityCode("131016"), "131016-N001", Operator("V1310160201", "OP01"), Purpose.NUMBER_USE)

ONLY = ("131016-cs", "national-server", "jlis-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("inquiry") / "network", only=ONLY) as started:
        yield started


@pytest.fixture(scope="module")
def office(network: Network) -> Iterator[NumberUseSystem]:
    settings, state = network.settings(OFFICE), network.state(OFFICE)
    channel = connect(
        settings,
        state.path,
        destination=GATEWAY,
        service=NumberUseSystem.SERVICE,
        trust=trust_store(settings, state.path),
        clock=clock_of(settings, state.path),
    )
    with contextlib.closing(NumberUseSystem(channel)) as client:
        yield client


def items(person: dict[str, str], **changes: str) -> InquiryKey:
    key = by_document(person, **changes).key
    assert isinstance(key, PresentedDocument)
    return key.items


def test_a_record_by_either_key(network: Network, office: NumberUseSystem) -> None:
    person = network.person(municipality="141003")
    number = IndividualNumber(person["individual_number"])
    for key in (number, items(person)):
        answer = office.inquire(Inquiry(CLERK, LegalBasis.NUMBER_USE, key))
        assert answer.result is InquiryResult.FOUND
        assert answer.record is not None
        assert answer.record.code.digits == person["resident_record_code"]
        assert answer.record.individual_number == number
    nobody = office.inquire(Inquiry(CLERK, LegalBasis.NUMBER_USE, items(person, address="東京都千代田区1番")))
    assert (nobody.result, nobody.record) == (InquiryResult.NO_RECORD, None)


def test_the_terminal_is_refused_by_the_provider_what_the_basis_is_not_for(network: Network) -> None:
    person = network.person(municipality="131016")
    number = IndividualNumber(person["individual_number"])
    with network.client() as client:
        ask = client.terminal.inquire
        assert ask(Inquiry(caller(), LegalBasis.LISTED_WORK, number)).result is InquiryResult.REFUSED
        assert ask(Inquiry(caller(), LegalBasis.NUMBER_USE, number)).result is InquiryResult.REFUSED
        shown = ask(Inquiry(caller(), LegalBasis.LISTED_WORK, items(person))).record
        assert shown is not None
        assert shown.individual_number is None
        known = ask(Inquiry(caller(), LegalBasis.RESIDENT_REGISTER, items(person))).record
    assert known == replace(shown, individual_number=number)


@pytest.mark.parametrize(
    ("basis", "purpose"),
    [(LegalBasis.RESIDENT_REGISTER, Purpose.NUMBER_USE), (LegalBasis.NUMBER_USE, Purpose.RECORD_COPY)],
)
def test_what_is_not_registered_to_the_system_is_refused(
    network: Network, office: NumberUseSystem, basis: LegalBasis, purpose: Purpose
) -> None:
    before = len(network.messages(JLIS))
    with pytest.raises(CounterpartFault) as caught:
        office.inquire(Inquiry(replace(CLERK, purpose=purpose), basis, IndividualNumber("149709400944")))
    assert caught.value.code == "NotPermitted"
    assert len(network.messages(JLIS)) == before


def test_an_answer_about_somebody_else_is_discarded(network: Network, office: NumberUseSystem) -> None:
    inquiry = Inquiry(CLERK, LegalBasis.NUMBER_USE, IndividualNumber("149709400944"))
    for behaviour, code in (("wrong-person", "CounterpartAnswerInvalid"), ("down", "CounterpartUnavailable")):
        network.behave(behaviour, JLIS)
        try:
            with pytest.raises(CounterpartFault) as caught:
                office.inquire(inquiry)
        finally:
            network.behave("off", JLIS)
        assert caught.value.code == code


def test_by_command_and_in_the_access_log(network: Network) -> None:
    person = network.person(municipality="131016", individual_number="149709400944")

    def ask(system: str, *options: object, status: int = 0) -> Any:
        who = {
            OFFICE: ("--terminal", "131016-N001", "--operator", "V1310160201/OP01"),
            TERMINAL: ("--terminal", "131016-T001", "--operator", "V1310160001/OP01"),
        }[system]
        state = network.state(system).path
        done = network.command("inquiry", "ask", "--state", state, *who, *options, "--json")
        assert done.returncode == status, done
        return json.loads(done.stdout)

    number = ("--number", person["individual_number"])
    found = ask(OFFICE, *number, "--basis", "number_use")
    assert (found["result"], found["person"]["name"]) == ("found", person["name"])
    assert found["person"]["individual_number"] == person["individual_number"]
    four = ("--name", person["name"], "--birth-date", person["birth_date"], "--sex", person["sex"])
    four = (*four, "--address", person["address"])
    listed = ("--basis", "listed_work", "--purpose", "record_copy")
    assert ask(TERMINAL, *four, *listed)["person"]["individual_number"] is None
    assert ask(TERMINAL, *four[:-2], *listed, status=2)["error"]["kind"] == "UsageError"
    logged = network.command(
        "access-log",
        "search",
        "--state",
        network.state(GATEWAY).path,
        "--operation",
        "InquirePerson",
        "--json",
    )
    lines = json.loads(logged.stdout)["accesses"]
    shown = {(line["system"], line["outcome"], line["with_number"], line["passed_to"]) for line in lines}
    assert (OFFICE, "found", True, "jlis") in shown
    assert (TERMINAL, "found", False, "jlis") in shown


def test_codes_and_a_number_by_command(network: Network) -> None:
    state = network.state("131016-registry").path
    who = ("--terminal", "131016-R001", "--operator", "V1310160101/OP01", "--state", state, "--json")

    def ask(*options: object) -> Any:
        done = network.command("registry", *options, *who)
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    block = ask("codes", "--count", "3", "--reference", "request-0001")
    assert len(set(block["codes"])) == 3
    assert ask("codes", "--count", "3", "--reference", "request-0001") == block
    issued = ask("number", "--code", block["codes"][0])
    assert IndividualNumber(issued["individual_number"])
    assert issued["resident_record_code"] == block["codes"][0]
