"""Which addressees are taken: every rule, at its edge."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from gateway.domain.addressee import Addressee, Circumstance, Conversion, PrintClass, Residency
from gateway.domain.addressee_rules import (
    AddresseeResult,
    OnRecord,
    fingerprint,
    judge_form,
    judge_header,
    judge_people,
)
from gateway.domain.card_characters import Substitute
from gateway.domain.change import Presence
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode
from gateway.domain.postal import Phone, PostalCode
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue
from tests.kit.addressees import PROCESSED, addressee, elsewhere, header, office, person, somebody

HOME = {"reporter": "131016", "name": "千代田区", "today": PROCESSED}
ONE, OTHER = somebody(1), somebody(2)


def of_people(*people: Any, **changes: Any) -> Addressee:
    """An addressee with these people as they are."""
    made = addressee("1", ONE, people=tuple(people), count=len(people))
    return dataclasses.replace(made, **changes)


@pytest.mark.parametrize(
    ("changes", "count", "result"),
    [
        ({}, 1, "accepted"),
        ({"municipality": MunicipalityCode("141003")}, 1, "other_municipality"),
        ({"office": office("中央区")}, 1, "office_name"),
        ({}, 2, "header_count"),
        ({"processed_on": PROCESSED + dt.timedelta(days=1)}, 1, "date_to_come"),
    ],
)
def test_the_header(changes: dict[str, Any], count: int, result: str) -> None:
    assert judge_header(header(1, **changes), count, **HOME).value == result


def test_a_municipality_that_the_table_of_names_lacks() -> None:
    assert judge_header(header(office=office("中央区")), 1, **{**HOME, "name": None}).is_accepted


@pytest.mark.parametrize(
    ("made", "result", "at"),
    [
        (addressee("1", ONE), "accepted", None),
        (addressee("1", ONE, OTHER), "accepted", None),
        (elsewhere("1", ONE, OTHER), "accepted", None),
        (addressee("1", ONE, count=2), "people_count", None),
        (addressee("1", ONE, OTHER, ONE), "person_twice", 3),
        (addressee("1", ONE, print_class=PrintClass.APPLICATION), "accepted", None),
        (addressee("1", ONE, OTHER, print_class=PrintClass.APPLICATION), "print_class", None),
        (elsewhere("1", ONE, circumstance=Circumstance.NONE), "circumstance", 1),
        (addressee("1", ONE, circumstance=Circumstance.FACILITY), "circumstance", 1),
        (addressee("1", ONE, somebody(2, address="東京都千代田区")), "circumstance", 2),
        (addressee("1", ONE, postal_code=PostalCode("1000006")), "circumstance", 1),
    ],
)
def test_the_form(made: Addressee, result: str, at: int | None) -> None:
    ruling = judge_form(made, PROCESSED)
    assert (ruling.result.value, ruling.person) == (result, at)


@pytest.mark.parametrize("residency", [None, *Residency])
@pytest.mark.parametrize("days", [None, -1, 0, 400])
def test_items_of_foreign_residents(residency: Residency | None, days: int | None) -> None:
    end = None if days is None else PROCESSED + dt.timedelta(days=days)
    made = of_people(person(ONE, residency=residency, stay_until=end))
    ends = residency in {Residency.MID_TO_LONG_TERM, Residency.TEMPORARY_REFUGE, Residency.PROVISIONAL_STAY}
    right = end is not None and end >= PROCESSED if ends else end is None
    assert judge_form(made, PROCESSED).result.value == ("accepted" if right else "foreign_items")


FORMER = somebody(3, name=RegisterText("髙橋\u3000葛\U000e0100{J+AD00}"))


@pytest.mark.parametrize(
    ("text", "places", "result"),
    [
        ("高橋\u3000葛〓", (1, 4, 5), "accepted"),
        ("高橋\u3000葛〓", (1, 5), "substitute_name"),
        ("高橋\u3000葛〓", (1, 2, 4, 5), "substitute_name"),
        ("高橋\u3000葛", (1, 4, 5), "substitute_name"),
        ("高端\u3000葛〓", (1, 4, 5), "substitute_name"),
        ("髙橋\u3000葛〓", (1, 4, 5), "substitute_name"),
    ],
)
def test_substitutes(text: str, places: tuple[int, ...], result: str) -> None:
    made = of_people(person(FORMER, substitute_name=Substitute(RegisterText(text), places)))
    assert judge_form(made, PROCESSED).result.value == result


def test_a_substitute_must_be_there_where_one_is_needed_and_nowhere_else() -> None:
    needless = Substitute(ONE.name, (1,))
    for changes, result in (
        ({"substitute_name": needless, "conversion": Conversion.CONVERTED}, "substitute_name"),
        ({"substitute_address": needless, "conversion": Conversion.CONVERTED}, "substitute_address"),
        ({"conversion": Conversion.CONVERTED}, "conversion"),
    ):
        assert judge_form(of_people(person(ONE, **changes)), PROCESSED).result.value == result
    for changes, result in (
        ({"substitute_name": None}, "substitute_name"),
        ({"conversion": Conversion.UNNEEDED}, "conversion"),
    ):
        assert judge_form(of_people(person(FORMER, **changes)), PROCESSED).result.value == result


@pytest.mark.parametrize(
    ("there", "result"),
    [
        (OnRecord(Presence.ON_RECORD, 1, 1, OTHER), "accepted"),
        (OnRecord(Presence.NOBODY), "not_on_record"),
        (OnRecord(Presence.REMOVED, 1, 1, OTHER), "removed"),
        (
            OnRecord(Presence.ON_RECORD, 1, 1, dataclasses.replace(OTHER, individual_number=None)),
            "individual_number",
        ),
        (OnRecord(Presence.ON_RECORD, 1, 1, somebody(2, address="x")), "record_differs"),
    ],
)
def test_the_register(there: OnRecord, result: str) -> None:
    made = addressee("1", ONE, OTHER)
    ruling = judge_people(made, [OnRecord(Presence.ON_RECORD, 2, 1, ONE), there])
    assert (ruling.result.value, ruling.person) == (result, None if result == "accepted" else 2)


def test_a_fingerprint_is_of_all_that_is_said_but_the_count_of_the_header() -> None:
    made = addressee("1", ONE)
    base = fingerprint(header(1), made)
    assert fingerprint(header(2), made) == base
    assert fingerprint(header(1, handover=office("他")), made) != base
    others = [
        dataclasses.replace(made, **{name: value})
        for name, value in (
            ("number", "2"),
            ("name", RegisterText("他")),
            ("count", 2),
            ("people", (person(ONE, individual_number=IndividualNumber("123456789018")),)),
        )
    ]
    assert len({base, *(fingerprint(header(1), one) for one in others)}) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: addressee("", ONE),
        lambda: addressee("1" * 21, ONE),
        lambda: addressee("番号", ONE),
        lambda: addressee("1", ONE, people=()),
        lambda: addressee("1", ONE, count=0),
        lambda: header(0),
        lambda: PostalCode("100-0005"),
        lambda: Phone("03-3264"),
        lambda: Phone("0312-3264-2111"),
        lambda: Substitute(ONE.name, ()),
        lambda: Substitute(ONE.name, (2, 1)),
        lambda: Substitute(ONE.name, (0, 1)),
    ],
)
def test_values_that_have_no_form(wrong: Any) -> None:
    with pytest.raises(InvalidValue):
        wrong()


def test_results_say_what_is_taken() -> None:
    assert [result.value for result in AddresseeResult if result.is_taken] == ["accepted", "already_accepted"]
