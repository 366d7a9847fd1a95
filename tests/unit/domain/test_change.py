"""Which changes there are, which fit which state of a person, and how one is taken back."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from gateway.domain.change import (
    MOST_NUMBER,
    Change,
    ChangeResult,
    Presence,
    Ruling,
    Standing,
    Surroundings,
    after,
    cancellation,
    judge,
)
from gateway.domain.change_reason import ChangeGroup, ChangeReason
from gateway.domain.change_report import MOST_CHANGES, ChangeReport
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue
from tests.kit.changes import DAY, HOME, clerk, code, entry, move, recode, record, removal

TODAY = dt.date(2026, 11, 25)
AROUND = Surroundings(reporter=HOME, today=TODAY)
ON_RECORD = Standing(Presence.ON_RECORD, 3, person=7, version=4)
REMOVED = Standing(Presence.REMOVED, 3, person=7, version=4)
NOBODY = Standing()


def with_reason(reason: ChangeReason, number: int = 4, day: RegisterDate = DAY) -> Change:
    former = code(1) if reason.group is ChangeGroup.CODE else None
    return Change(number, reason, day, record(2 if former else 1), former)


def ruling(change: Change, standing: Standing = ON_RECORD, **around: Any) -> ChangeResult:
    return judge(change, standing, dataclasses.replace(AROUND, **around)).result


@pytest.mark.parametrize("reason", ChangeReason)
def test_every_reason_fits_one_state_of_a_person(reason: ChangeReason) -> None:
    enters = reason.group is ChangeGroup.ENTRY
    assert with_reason(reason).enters is enters
    assert with_reason(reason).removes is (reason.group is ChangeGroup.REMOVAL)
    accepted = ChangeResult.ACCEPTED
    assert ruling(with_reason(reason)) is (ChangeResult.ALREADY_ON_RECORD if enters else accepted)
    assert ruling(with_reason(reason), REMOVED) is (accepted if enters else ChangeResult.REMOVED)
    first = with_reason(reason, number=1)
    assert ruling(first, NOBODY) is (accepted if enters else ChangeResult.NOT_ON_RECORD)


def test_a_first_code_enters_who_had_none() -> None:
    first = Change(1, ChangeReason.CODE_CHANGE_OFFICIAL, DAY, record(1))
    assert first.enters
    assert ruling(first, NOBODY) is ChangeResult.ACCEPTED
    assert ruling(dataclasses.replace(first, number=4)) is ChangeResult.ALREADY_ON_RECORD


@pytest.mark.parametrize(("number", "result", "expected"), [(5, "number_gap", 4), (9, "number_gap", 4)])
def test_a_gap_names_the_number_that_is_missing(number: int, result: str, expected: int) -> None:
    assert judge(move(1, number, "x"), ON_RECORD, AROUND) == Ruling(ChangeResult(result), expected)


def test_the_same_change_again_and_another_under_its_number() -> None:
    known = move(1, 3, "そのとおり")
    around = dataclasses.replace(AROUND, known=(known.fingerprint(), 0))
    assert judge(known, ON_RECORD, around) == Ruling(ChangeResult.ALREADY_ACCEPTED)
    assert judge(move(1, 3, "別"), ON_RECORD, around) == Ruling(ChangeResult.NUMBER_USED)
    # Whatever the state is by now: a removal is acknowledged again, too.
    gone = removal(1, 3)
    around = dataclasses.replace(AROUND, known=(gone.fingerprint(), 0))
    assert judge(gone, REMOVED, around) == Ruling(ChangeResult.ALREADY_ACCEPTED)
    # A number below those of a first stock, of which nothing is known.
    assert judge(known, ON_RECORD, AROUND) == Ruling(ChangeResult.NUMBER_USED)


def test_revisions_follow_one_another() -> None:
    first = dataclasses.replace(move(1, 3, "x"), reason=ChangeReason.OFFICIAL_CORRECTION, revision=1)
    known = (move(1, 3, "x").fingerprint(), 0)
    assert ruling(first, known=known) is ChangeResult.ACCEPTED
    assert ruling(first, REMOVED, known=known) is ChangeResult.ACCEPTED
    assert after(first, ON_RECORD) == ON_RECORD
    assert ruling(first, known=(first.fingerprint(), 1)) is ChangeResult.ALREADY_ACCEPTED
    assert ruling(first, known=(b"other", 1)) is ChangeResult.NUMBER_USED
    assert ruling(first, known=(b"other", 2)) is ChangeResult.NUMBER_USED
    assert ruling(dataclasses.replace(first, revision=2), known=known) is ChangeResult.NUMBER_GAP
    assert ruling(dataclasses.replace(first, number=4), known=None) is ChangeResult.NUMBER_GAP


def test_a_receiver_takes_a_correction_of_whom_it_never_heard() -> None:
    """Whatever its number; for no other reason, of nobody known, and not at the municipality itself."""
    correction = with_reason(ChangeReason.OFFICIAL_CORRECTION, number=7)
    assert ruling(correction, NOBODY, today=None) is ChangeResult.ACCEPTED
    assert after(correction, NOBODY) == Standing(Presence.ON_RECORD, 7)
    assert ruling(correction, NOBODY) is ChangeResult.NOT_ON_RECORD
    minor = with_reason(ChangeReason.MINOR_CORRECTION, number=7)
    assert ruling(minor, NOBODY, today=None) is ChangeResult.NOT_ON_RECORD
    elsewhere = Standing(Presence.NOBODY, person=9, version=2)
    assert ruling(correction, elsewhere, today=None) is ChangeResult.NOT_ON_RECORD
    assert ruling(dataclasses.replace(correction, number=4), REMOVED, today=None) is ChangeResult.REMOVED
    taken = ruling(correction, NOBODY, today=None, individual_number_taken=True)
    assert taken is ChangeResult.INDIVIDUAL_NUMBER_IN_USE


def test_numbers_and_records_of_somebody_else() -> None:
    assert ruling(move(1, 4, "x"), reporter="141003") is ChangeResult.OTHER_MUNICIPALITY
    assert ruling(move(1, 4, "x"), individual_number_taken=True) is ChangeResult.INDIVIDUAL_NUMBER_IN_USE
    assert ruling(recode(1, 4, 2), code_taken=True) is ChangeResult.CODE_IN_USE


def test_only_a_move_out_may_be_still_to_come() -> None:
    tomorrow = RegisterDate.exact(Calendar.REIWA, 2026, 11, 26)
    today = RegisterDate.exact(Calendar.REIWA, 2026, 11, 25)
    for reason in ChangeReason:
        standing = REMOVED if reason.group is ChangeGroup.ENTRY else ON_RECORD
        late = ChangeResult.ACCEPTED if reason is ChangeReason.MOVE_OUT else ChangeResult.DATE_TO_COME
        assert ruling(with_reason(reason, day=tomorrow), standing) is late
        assert ruling(with_reason(reason, day=tomorrow), standing, today=None) is ChangeResult.ACCEPTED
        assert ruling(with_reason(reason, day=today), standing) is ChangeResult.ACCEPTED


@pytest.mark.parametrize(
    ("digits", "certainty", "to_come"),
    [
        ("20270000", Certainty.AROUND_YEAR, True),
        ("20260000", Certainty.AROUND_YEAR, False),
        ("20261200", Certainty.DAY_UNKNOWN, True),
        ("20261100", Certainty.DAY_UNKNOWN, False),
        ("20261000", Certainty.DAY_UNKNOWN, False),
    ],
)
def test_a_date_is_judged_as_far_as_it_is_known(digits: str, certainty: Certainty, to_come: bool) -> None:
    death = removal(1, 4, ChangeReason.DEATH)
    change = dataclasses.replace(death, event_date=RegisterDate(Calendar.REIWA, digits, certainty))
    assert change.is_to_come(TODAY) is to_come


def test_only_births_deaths_and_disappearances_have_days_that_no_calendar_has() -> None:
    impossible = RegisterDate.exact(Calendar.REIWA, 2025, 2, 29)
    allowed = set()
    for reason in ChangeReason:
        try:
            with_reason(reason, day=impossible)
        except InvalidValue as error:
            assert error.code == "event-date"
        else:
            allowed.add(reason)
    assert allowed == {ChangeReason.BIRTH, ChangeReason.DEATH, ChangeReason.OFFICIAL_REMOVAL}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"number": 0}, "number"),
        ({"number": MOST_NUMBER + 1}, "number"),
        ({"revision": -1}, "revision"),
        ({"former_code": code(2)}, "former-code"),
        ({"reason": ChangeReason.CODE_CHANGE_ASKED}, "former-code"),
        ({"reason": ChangeReason.CODE_CHANGE_ASKED, "former_code": code(1)}, "former-code"),
    ],
)
def test_changes_that_cannot_be(changes: dict[str, Any], error: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        dataclasses.replace(move(1, 4, "x"), **changes)
    assert caught.value.code == error


def test_the_fingerprint_is_of_all_that_a_change_says() -> None:
    change = recode(1, 4, 2)
    other = [
        dataclasses.replace(change, number=5),
        dataclasses.replace(change, reason=ChangeReason.CODE_CHANGE_OFFICIAL),
        dataclasses.replace(change, event_date=RegisterDate.exact(Calendar.WESTERN, 2026, 11, 20)),
        dataclasses.replace(change, former_code=code(3)),
    ]
    for changes in (
        {"individual_number": None},
        {"individual_number": IndividualNumber("123456789018")},
        {"name": RegisterText("別")},
        {"kana": Kana("ベツ")},
        {"latin_name": RegisterText("OTHER")},
        {"common_name": RegisterText("OTHER")},
        {"former_surname": RegisterText("OTHER")},
        {"birth_date": DAY},
        {"address": RegisterText("別")},
    ):
        other.append(dataclasses.replace(change, record=dataclasses.replace(change.record, **changes)))  # type: ignore[arg-type]
    prints = {change.fingerprint(), *(one.fingerprint() for one in other)}
    assert len(prints) == 1 + len(other)
    assert dataclasses.replace(change, revision=1).fingerprint() == change.fingerprint()
    assert "試験" not in repr(change)


def test_a_change_is_taken_back_by_its_opposite() -> None:
    before, now = record(1, "前"), record(1, "今")

    def back(reason: ChangeReason, before: Any = before, now: Any = now) -> Change:
        return cancellation(reason, number=5, event_date=DAY, now=now, before=before)

    assert back(ChangeReason.MOVE_IN) == Change(5, ChangeReason.OFFICIAL_REMOVAL, DAY, now)
    assert back(ChangeReason.BIRTH, before=None) == Change(5, ChangeReason.OFFICIAL_REMOVAL, DAY, now)
    assert back(ChangeReason.DEATH) == Change(5, ChangeReason.OFFICIAL_ENTRY, DAY, before)
    assert back(ChangeReason.MOVE_WITHIN) == Change(5, ChangeReason.OFFICIAL_CORRECTION, DAY, before)
    coded = back(ChangeReason.CODE_CHANGE_ASKED, now=record(2))
    assert coded == Change(5, ChangeReason.CODE_CHANGE_OFFICIAL, DAY, before, code(2))
    first = back(ChangeReason.CODE_CHANGE_OFFICIAL, before=None)
    assert first.removes


def test_a_report_has_a_thousand_changes_at_most() -> None:
    many = tuple(entry(1) for _ in range(MOST_CHANGES))
    ChangeReport(clerk(), many)
    for changes in ((), (*many, entry(1))):
        with pytest.raises(InvalidValue, match="count"):
            ChangeReport(clerk(), changes)


def test_texts_of_the_results_in_both_languages() -> None:
    assert all(result.ja and result.en for result in ChangeResult)
    on_record = {result for result in ChangeResult if result.is_on_record}
    assert on_record == {ChangeResult.ACCEPTED, ChangeResult.ALREADY_ACCEPTED}
