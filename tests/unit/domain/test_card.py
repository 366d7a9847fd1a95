"""The state machine of cards, and what the table cannot say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from gateway.domain.card import ENDED, IN_USE, TABLE, CardEvent, CardSerial, CardState, allowed
from gateway.domain.card_rules import after, judge, lapse
from gateway.domain.card_update import (
    EVENTS_OF,
    REASONS_OF,
    CardActor,
    CardResult,
    RevocationReason,
)
from gateway.domain.card_validity import continue_end, validity_end
from gateway.domain.day import read_day, write_day
from gateway.domain.eras import Calendar
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.values import InvalidValue
from tests.kit.card_office import ELSEWHERE, TODAY, asking, card_of, update

S, E = CardState, CardEvent
# Written down a second time, from the page docs/domain.md and not from the table.
LEGAL = {
    S.BEFORE_ISSUE: {E.ISSUE: S.ACTIVE, E.MOVE: S.BEFORE_ISSUE, E.REVOKE: S.REVOKED},
    S.ACTIVE: {E.SUSPEND: S.SUSPENDED, E.MOVE: S.ACTIVE, E.CONTINUE: S.HELD, E.REVOKE: S.REVOKED},
    S.SUSPENDED: {E.LIFT_SUSPENSION: S.ACTIVE, E.MOVE: S.SUSPENDED, E.REVOKE: S.REVOKED},
    S.HELD: {E.RETURN: S.ACTIVE, E.MOVE: S.HELD, E.REVOKE: S.REVOKED},
    S.REVOKED: {E.COLLECT: S.COLLECTED},
    S.COLLECTED: {},
}


def test_the_table() -> None:
    assert {(state, event): to for state, row in LEGAL.items() for event, to in row.items()} == TABLE
    assert [allowed(state) for state in S] == [tuple(e for e in E if e in LEGAL[state]) for state in S]
    assert IN_USE | ENDED | {S.BEFORE_ISSUE} == set(S)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("event", sorted(EVENTS_OF[CardActor.TERMINAL], key=lambda one: one.value))
def test_every_pair_is_judged_by_the_table(state: CardState, event: CardEvent) -> None:
    card = card_of(state, continue_by=dt.date(2027, 1, 1))
    asked = update(event)
    result = judge(asked, card, (), today=TODAY)
    assert result is (CardResult.ACCEPTED if event in LEGAL[state] else CardResult.NOT_ALLOWED)
    if event in LEGAL[state]:
        assert after(asked, card).state is LEGAL[state][event]


def test_nobody_but_the_card_management_system_suspends() -> None:
    assert [actor for actor in CardActor if E.SUSPEND in EVENTS_OF[actor]] == [CardActor.CARD_SYSTEM]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"event": E.SUSPEND}, "event"),
        ({"event": E.MOVE}, "event"),
        ({"event": E.ISSUE, "actor": CardActor.REGISTRY}, "event"),
        ({"event": E.REVOKE, "reason": None}, "reason"),
        ({"event": E.COLLECT, "reason": RevocationReason.LOST}, "reason"),
        ({"event": E.REVOKE, "reason": RevocationReason.DEATH}, "reason"),
        ({"event": E.REVOKE, "reason": RevocationReason.LOST, "actor": CardActor.GATEWAY}, "reason"),
        ({"event": E.REVOKE, "serial": None}, "serial"),
        ({"event": E.COLLECT, "reference": "short"}, "reference"),
    ],
)
def test_what_nobody_may_ask_for(changes: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        update(**{"event": E.ISSUE, **changes})  # type: ignore[arg-type]
    assert caught.value.code == code


def test_every_reason_is_somebodys() -> None:
    assert frozenset(RevocationReason) == frozenset().union(*REASONS_OF.values())


@pytest.mark.parametrize("event", E)
def test_another_municipality_takes_over_or_takes_in_only(event: CardEvent) -> None:
    anywhere = {E.CONTINUE, E.COLLECT, E.MOVE}
    for state in S:
        if (state, event) not in TABLE or event is E.SUSPEND:
            continue
        actor = CardActor.GATEWAY if event is E.MOVE else CardActor.TERMINAL
        asked = update(event, caller=asking(ELSEWHERE), actor=actor)
        wanted = CardResult.ACCEPTED if event in anywhere else CardResult.OTHER_MUNICIPALITY
        assert judge(asked, card_of(state), (), today=TODAY) is wanted


def test_what_was_not_moved_is_not_continued() -> None:
    asked = update(E.CONTINUE)
    assert judge(asked, card_of(), (), today=TODAY) is CardResult.NOT_MOVED
    moved = after(replace(update(E.RETURN), event=E.MOVE, actor=CardActor.GATEWAY), card_of())
    assert moved.continue_by == TODAY + dt.timedelta(days=90)
    assert judge(asked, moved, (), today=TODAY) is CardResult.ACCEPTED
    assert after(asked, moved).continue_by is None


def test_continued_elsewhere_it_is_that_municipalitys() -> None:
    card = after(update(E.CONTINUE, caller=asking(ELSEWHERE)), card_of())
    assert (card.municipality, card.state) == (ELSEWHERE, S.HELD)


@pytest.mark.parametrize("state", S)
def test_one_card_in_use_for_one_person(state: CardState) -> None:
    other = card_of(state, 2)
    wanted = CardResult.OTHER_CARD_IN_USE if state in IN_USE else CardResult.ACCEPTED
    assert judge(update(E.ISSUE), card_of(S.BEFORE_ISSUE), (other,), today=TODAY) is wanted


def test_tomorrow_is_too_early() -> None:
    asked = update(E.ISSUE, event_date=TODAY + dt.timedelta(days=1))
    assert judge(asked, card_of(S.BEFORE_ISSUE), (), today=TODAY) is CardResult.DATE_TO_COME
    assert judge(update(E.ISSUE), card_of(S.BEFORE_ISSUE), (), today=TODAY) is CardResult.ACCEPTED


@pytest.mark.parametrize("state", sorted(ENDED, key=lambda one: one.value))
def test_where_two_may_tell_of_one_end_the_second_is_no_mistake(state: CardState) -> None:
    assert judge(update(E.REVOKE), card_of(state), (), today=TODAY) is CardResult.NOT_ALLOWED
    told = judge(update(E.REVOKE), card_of(state), (), today=TODAY, repeats=True)
    assert told is CardResult.ALREADY_ENDED
    assert judge(update(E.ISSUE), card_of(state), (), today=TODAY, repeats=True) is CardResult.NOT_ALLOWED


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("valid_until", RevocationReason.EXPIRED),
        ("residence_until", RevocationReason.STAY_ENDED),
        ("continue_by", RevocationReason.NOT_CONTINUED),
    ],
)
def test_the_last_day_is_valid_and_the_next_is_not(end: str, reason: RevocationReason) -> None:
    card = card_of(**{end: TODAY})
    assert card.ends_on == TODAY
    assert lapse(card, TODAY) is None
    assert lapse(card, TODAY + dt.timedelta(days=1)) is reason
    for state in S:
        ends = lapse(replace(card, state=state), TODAY + dt.timedelta(days=1))
        assert (ends is not None) is (state in IN_USE)


def test_a_card_without_an_end_never_ends() -> None:
    assert lapse(card_of(valid_until=None), dt.date(2200, 1, 1)) is None


def _born(text: str, certainty: Certainty = Certainty.EXACT) -> RegisterDate:
    calendar = Calendar.NONE if text == "00000000" else Calendar.WESTERN
    return RegisterDate(calendar, text, certainty)


@pytest.mark.parametrize(
    ("birth", "issued", "until"),
    [
        ("19850412", "2026-11-26", "2036-04-12"),  # the tenth birthday after the issue
        ("19850412", "2026-04-11", "2035-04-12"),  # the first one is tomorrow
        ("19850412", "2026-04-12", "2036-04-12"),  # the issue's own day is none of the ten
        ("20081126", "2026-11-26", "2036-11-26"),  # 18 today: an adult
        ("20081127", "2026-11-26", "2030-11-27"),  # 17: the fifth, the first one is tomorrow
        ("20190501", "2026-11-26", "2031-05-01"),
        ("20040229", "2026-11-26", "2036-02-29"),
        ("20040229", "2025-11-26", "2035-02-28"),
        ("19830229", "2026-11-26", "2036-02-29"),  # a day that 1983 did not have
    ],
)
def test_how_long_a_card_is_valid(birth: str, issued: str, until: str) -> None:
    assert validity_end(_born(birth), read_day(issued)) == read_day(until)


@pytest.mark.parametrize(
    ("birth", "until"),
    [
        (_born("00000000", Certainty.UNKNOWN), "2036-11-26"),
        (_born("19250000", Certainty.MONTH_AND_DAY_UNKNOWN), "2036-11-26"),
        (_born("20200000", Certainty.MONTH_AND_DAY_UNKNOWN), "2031-11-26"),
    ],
)
def test_without_a_birthday_the_day_of_issue_stands_for_it(birth: RegisterDate, until: str) -> None:
    assert validity_end(birth, TODAY) == read_day(until)


def test_day_90_is_in_time() -> None:
    assert continue_end(dt.date(2026, 1, 1)) == dt.date(2026, 4, 1)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-2-3", "20260203", "2026-02-03Z", ""])
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(InvalidValue):
        read_day(text)
    assert write_day(read_day("2024-02-29")) == "2024-02-29"


@pytest.mark.parametrize(
    "text", ["", "12345678901", "1234567890AB3", "12345678901a", "１２３４５６７８９０１２"]
)
def test_what_is_no_serial_number(text: str) -> None:
    with pytest.raises(InvalidValue):
        CardSerial(text)


def test_a_card_shows_nothing_of_its_holder() -> None:
    assert "***" in repr(card_of()) and card_of().code.digits not in f"{card_of()}{update(E.ISSUE)}"
    with pytest.raises(InvalidValue):
        replace(card_of(), version=-1)
