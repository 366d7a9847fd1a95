"""Flow 4 over real connections: every way of 4-①, what is found, and counterparts that cannot be believed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, Place, SearchAnswer, SearchQuestion, SearchResult, SearchTerms
from gateway.errors import CounterpartFault
from tests.kit.network import COMMAND, TERMINAL, Network, caller, running

HOME, NEIGHBOUR, FAR = "131016", "131041", "141003"
PREFECTURE = "13-prefectural-server"

ONLY = ("131016-cs", "national-server", "13-prefectural-server", "14-prefectural-server")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with running(tmp_path_factory.mktemp("network") / "net", only=ONLY) as started:
        yield started


def person_of(network: Network, municipality: str) -> dict[str, str]:
    return next(person for person in network.people() if person["municipality"] == municipality)


def terms_for(person: dict[str, str]) -> SearchTerms:
    return SearchTerms(
        name=(RegisterText(person["name"]), Match.EXACT), birth_date=read_written(person["birth_date"])
    )


def search(network: Network, terms: SearchTerms, residence: str | None) -> SearchAnswer:
    where = None if residence is None else MunicipalityCode(residence)
    with network.client() as client:
        return client.terminal.search_person(SearchQuestion(caller(), terms, where))


def found(answer: SearchAnswer) -> set[str]:
    return {record.code.digits for record in answer.records}


@pytest.mark.parametrize(
    ("lives", "place"), [(HOME, Place.HERE), (NEIGHBOUR, Place.PREFECTURE), (FAR, Place.NATION)]
)
@pytest.mark.parametrize("told", [True, False], ids=["told", "unknown"])
def test_every_way(network: Network, lives: str, place: Place, told: bool) -> None:
    person = person_of(network, lives)
    answer = search(network, terms_for(person), lives if told else None)
    assert (answer.result, answer.answered_by) == (SearchResult.FOUND, place)
    assert found(answer) == {person["resident_record_code"]}
    assert answer.records[0].individual_number is None


def test_everybody_is_found_as_written(network: Network) -> None:
    for person in network.people():
        terms = SearchTerms(
            name=(RegisterText(person["name"]), Match.EXACT),
            address=(RegisterText(person["address"]), Match.EXACT),
        )
        answer = search(network, terms, person["municipality"])
        assert person["resident_record_code"] in found(answer)
        (record, *_) = (r for r in answer.records if r.code.digits == person["resident_record_code"])
        assert (record.name.inline, record.address.inline) == (person["name"], person["address"])
        assert record.birth_date == read_written(person["birth_date"])


def test_the_wrong_residence_finds_nobody(network: Network) -> None:
    answer = search(network, terms_for(person_of(network, FAR)), HOME)
    assert (answer.result, answer.answered_by) == (SearchResult.NO_RECORD, Place.HERE)


def test_unknown_and_nowhere(network: Network) -> None:
    terms = SearchTerms(
        name=(RegisterText("存在しない 氏名"), Match.EXACT), birth_date=read_written("昭和60年4月12日")
    )
    answer = search(network, terms, None)
    assert (answer.result, answer.answered_by) == (SearchResult.NO_RECORD, Place.NATION)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("wrong-person", "CounterpartAnswerInvalid"),
        ("bad-signature", "CounterpartAnswerInvalid"),
        ("unsigned", "CounterpartAnswerInvalid"),
        ("wrong-relates-to", "CounterpartAnswerInvalid"),
        ("down", "CounterpartUnavailable"),
    ],
)
def test_a_prefecture_that_cannot_be_believed(network: Network, behaviour: str, code: str) -> None:
    terms = terms_for(person_of(network, NEIGHBOUR))
    network.behave(behaviour, PREFECTURE)
    try:
        with pytest.raises(CounterpartFault) as caught:
            search(network, terms, NEIGHBOUR)
        assert (caught.value.code, caught.value.standing) == (code, "bound")
    finally:
        network.behave("off", PREFECTURE)
    assert search(network, terms, NEIGHBOUR).result is SearchResult.FOUND


def test_the_command(network: Network) -> None:
    person = person_of(network, HOME)
    arguments = ["--state", str(network.folder / TERMINAL), "--terminal", "131016-T001"]
    arguments += ["--operator", "V1310160001/OP01", "--name", person["name"], "--json"]
    done = subprocess.run(
        [*COMMAND, "terminal", "search", *arguments, "--address", "東京都千代田区"],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    assert (document["result"], document["answered_by"]) == ("found", "here")
    assert [one["resident_record_code"] for one in document["people"]] == [person["resident_record_code"]]
    few = subprocess.run(
        [*COMMAND, "terminal", "search", *arguments], capture_output=True, check=False, timeout=30
    )
    assert few.returncode == 2
