"""Routing of 4-①, and what becomes of answers on the way outward."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import FixedClock
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.municipalities import municipalities
from gateway.domain.register_text import RegisterText
from gateway.domain.search import (
    Match,
    Place,
    RegisterAnswer,
    SearchAnswer,
    SearchQuestion,
    SearchResult,
    SearchTerms,
)
from gateway.errors import CounterpartTimeout, OperationFault
from gateway.flows.person_search import LocalSearch, PersonSearch, route
from tests.unit.contract.test_search_bodies import RECORD

HOME = MunicipalityCode("131016")
NOW = datetime(2026, 11, 25, tzinfo=UTC)
TERMS = SearchTerms(
    name=(RegisterText("試験"), Match.PREFIX), address=(RegisterText("東京都千代田区"), Match.PREFIX)
)
OTHER_TERMS = SearchTerms(
    name=(RegisterText("別人"), Match.PREFIX), address=(RegisterText("東京都千代田区"), Match.PREFIX)
)
CALLER = Caller(HOME, "T-1", Operator("V1", "O1"), Purpose.RECORD_COPY)
codes = st.sampled_from(sorted(municipalities(), key=lambda code: code.digits))


@given(codes, codes)
def test_the_way_is_the_source_documents(home: MunicipalityCode, residence: MunicipalityCode) -> None:
    (place,) = route(home, residence)
    if residence == home:
        assert place is Place.HERE
    elif residence.digits[:2] == home.digits[:2]:
        assert place is Place.PREFECTURE
    else:
        assert place is Place.NATION


def test_unknown_goes_outward() -> None:
    assert route(HOME, None) == (Place.HERE, Place.PREFECTURE, Place.NATION)


def answer(result: SearchResult, place: Place) -> SearchAnswer:
    records = (RECORD,) if result is SearchResult.FOUND else ()
    return SearchAnswer(result, place, NOW, f"ref-{place.value}-1", records)


class Other:
    """Another register that answers as it is told, and counts."""

    def __init__(self, place: Place, result: SearchResult | Exception, about: SearchTerms = TERMS) -> None:
        self.place, self.result, self.about, self.asked = place, result, about, 0

    def search_person(self, question: SearchQuestion) -> RegisterAnswer:
        self.asked += 1
        if isinstance(self.result, Exception):
            raise self.result
        return RegisterAnswer(answer(self.result, self.place), self.about)


def search(here: SearchResult, prefecture: Other, nation: Other) -> SearchAnswer:
    use_case = PersonSearch(
        HOME,
        lambda _question: answer(here, Place.HERE),
        {Place.PREFECTURE: ("13-server", prefecture), Place.NATION: ("national-server", nation)},
    )
    return use_case(SearchQuestion(CALLER, TERMS, None))


@pytest.mark.parametrize(
    ("results", "place", "asked"),
    [
        (("found", "found", "found"), Place.HERE, (0, 0)),
        (("too_many", "found", "found"), Place.HERE, (0, 0)),
        (("no_record", "found", "found"), Place.PREFECTURE, (1, 0)),
        (("no_record", "too_many", "found"), Place.PREFECTURE, (1, 0)),
        (("no_record", "no_record", "found"), Place.NATION, (1, 1)),
        (("no_record", "no_record", "no_record"), Place.NATION, (1, 1)),
    ],
)
def test_outward_until_somebody_is_found(
    results: tuple[str, str, str], place: Place, asked: tuple[int, int]
) -> None:
    here, prefecture, nation = (SearchResult(result) for result in results)
    others = Other(Place.PREFECTURE, prefecture), Other(Place.NATION, nation)
    assert search(here, *others).answered_by is place
    assert (others[0].asked, others[1].asked) == asked


def test_an_answer_to_another_question_is_no_answer() -> None:
    with pytest.raises(OperationFault) as caught:
        search(
            SearchResult.NO_RECORD,
            Other(Place.PREFECTURE, SearchResult.FOUND, OTHER_TERMS),
            Other(Place.NATION, SearchResult.FOUND),
        )
    assert caught.value.code == "CounterpartAnswerInvalid"


def test_a_register_on_the_way_that_fails_is_not_passed_over() -> None:
    nation = Other(Place.NATION, SearchResult.FOUND)
    with pytest.raises(OperationFault) as caught:
        search(SearchResult.NO_RECORD, Other(Place.PREFECTURE, CounterpartTimeout("late")), nation)
    assert caught.value.code == "CounterpartTimeout"
    assert nation.asked == 0


def test_a_place_that_is_not_connected() -> None:
    use_case = PersonSearch(HOME, lambda _question: answer(SearchResult.FOUND, Place.HERE), {})
    with pytest.raises(OperationFault) as caught:
        use_case(SearchQuestion(CALLER, TERMS, MunicipalityCode("141003")))
    assert caught.value.code == "CounterpartUnavailable"


class People:
    """A register with so many people."""

    def __init__(self, found: Sequence[IdentityRecord] | None) -> None:
        self.found, self.within = found, ""

    def search(
        self, terms: SearchTerms, *, limit: int, within: str | None = None
    ) -> Sequence[IdentityRecord] | None:
        self.within = within or ""
        return self.found


@pytest.mark.parametrize(
    ("found", "result"), [(None, "too_many"), ((), "no_record"), ((RECORD,), "found")], ids=str
)
def test_the_register_at_hand(found: Sequence[IdentityRecord] | None, result: str) -> None:
    people = People(found)
    local = LocalSearch(people, FixedClock(NOW), Place.PREFECTURE, "P")
    got = local(SearchQuestion(CALLER, TERMS), within="13")
    assert (got.result, got.answered_by, got.records) == (
        SearchResult(result),
        Place.PREFECTURE,
        tuple(found or ()),
    )
    assert people.within == "13"
    assert got.reference.startswith("P-")
