"""The states of a special move-in in both towns, their steps, and the deadlines."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.move import ENDED, OF_OPERATOR, TABLE, TO_TAKE, MoveEvent, MoveRole, MoveState, allowed
from gateway.domain.move_certificate import Relation, TransferCertificate
from gateway.domain.move_messages import CertificateRegistration, Dispatch, MoveResult
from gateway.domain.move_rules import judge_days, last_day, too_late
from gateway.domain.values import InvalidValue
from tests.kit.moves import certificate, clerk, leaving

S, E = MoveState, MoveEvent
# Written down a second time, from the page docs/flows/special-move-in.md and not from the table.
LEGAL: dict[MoveState | None, dict[MoveEvent, MoveState]] = {
    None: {E.PUSH: S.PREPARED, E.REQUEST: S.REQUESTED, E.REGISTER: S.REGISTERED},
    S.PREPARED: {E.PUSH: S.PREPARED, E.REQUEST: S.REQUESTED, E.WITHDRAW: S.WITHDRAWN, E.LAPSE: S.LAPSED},
    S.REQUESTED: {
        E.RECEIVE: S.RECEIVED,
        E.REFUSE: S.REFUSED,
        E.WITHDRAW: S.WITHDRAWN,
    },
    S.REFUSED: {E.REQUEST: S.REQUESTED, E.PUSH: S.PREPARED, E.WITHDRAW: S.WITHDRAWN},
    S.RECEIVED: {E.RECEIVE: S.RECEIVED, E.TAKE: S.TAKEN, E.COMPLETE: S.COMPLETED, E.WITHDRAW: S.WITHDRAWN},
    S.TAKEN: {E.RECEIVE: S.RECEIVED, E.COMPLETE: S.COMPLETED, E.WITHDRAW: S.WITHDRAWN},
    S.COMPLETED: {E.NOTICE_TAKEN: S.NOTIFIED, E.NOTICE_DENIED: S.NOTICE_REFUSED},
    S.NOTICE_REFUSED: {E.RETRY: S.COMPLETED},
    S.REGISTERED: {
        E.REGISTER: S.REGISTERED,
        E.ASK: S.SENT,
        E.ARRIVE: S.ARRIVED,
        E.CANCEL: S.CANCELLED,
        E.LAPSE: S.EXPIRED,
    },
    S.SENT: {E.ASK: S.SENT, E.DELIVER: S.DELIVERED, E.RELEASE: S.REGISTERED, E.ARRIVE: S.ARRIVED},
    S.DELIVERED: {E.ASK: S.SENT, E.RELEASE: S.REGISTERED, E.ARRIVE: S.ARRIVED},
    S.ARRIVED: {E.TAKE: S.SETTLED, E.ARRIVE: S.ARRIVED},
    S.EXPIRED: {E.REGISTER: S.REGISTERED, E.ASK: S.SENT, E.ARRIVE: S.ARRIVED, E.CANCEL: S.CANCELLED},
}
DAY = dt.date(2026, 3, 20)


def test_the_table() -> None:
    steps = {(state, event): to for state, row in LEGAL.items() for event, to in row.items()}
    assert {key: step.to for key, step in TABLE.items()} == steps
    for state in (None, *S):
        assert allowed(state) == tuple(event for event in E if event in LEGAL.get(state, {}))


def test_no_step_leads_from_one_town_to_the_other() -> None:
    assert all(state is None or state.role is step.to.role for (state, _), step in TABLE.items())


def test_every_state_is_reached_and_only_the_ended_ones_are_left_by_nothing() -> None:
    assert {step.to for step in TABLE.values()} == set(S)
    assert {state for state in S if not allowed(state)} == ENDED
    assert not ENDED & (TO_TAKE | OF_OPERATOR)
    assert {state.role for state in OF_OPERATOR} == set(MoveRole)


@given(st.lists(st.sampled_from(E), max_size=30))
def test_no_sequence_of_events_leaves_an_ended_state(events: list[MoveEvent]) -> None:
    state: MoveState | None = None
    for event in events:
        step = TABLE.get((state, event))
        assert state not in ENDED or step is None
        state = state if step is None else step.to


@pytest.mark.parametrize(
    ("planned", "moved", "day", "wanted"),
    [
        (DAY, DAY + dt.timedelta(20), DAY + dt.timedelta(30), None),
        (DAY, DAY + dt.timedelta(20), DAY + dt.timedelta(31), MoveResult.LATE_BY_PLAN),
        (DAY, DAY, DAY + dt.timedelta(14), None),
        (DAY, DAY, DAY + dt.timedelta(15), MoveResult.LATE_BY_MOVE),
        (DAY, None, DAY + dt.timedelta(30), None),
        (DAY, None, DAY + dt.timedelta(31), MoveResult.LATE_BY_PLAN),
        (None, DAY, DAY + dt.timedelta(15), MoveResult.LATE_BY_MOVE),
        (None, None, DAY, None),
    ],
)
def test_deadlines(
    planned: dt.date | None, moved: dt.date | None, day: dt.date, wanted: MoveResult | None
) -> None:
    assert too_late(planned, moved, day) is wanted


days = st.dates(dt.date(2020, 1, 1), dt.date(2030, 12, 31))


@given(days, days, days)
def test_the_earlier_end_decides(planned: dt.date, moved: dt.date, day: dt.date) -> None:
    late = (day - planned).days > 30 or (day - moved).days > 14
    assert (too_late(planned, moved, day) is not None) is late
    assert last_day(planned, moved) == min(planned + dt.timedelta(30), moved + dt.timedelta(14))


@given(days, days, days)
def test_days_in_their_order(moved: dt.date, notified: dt.date, today: dt.date) -> None:
    good = moved <= notified <= today
    assert judge_days(moved, notified, today) is (None if good else MoveResult.DATE_TO_COME)


@pytest.mark.parametrize(
    "text", ["世帯主", "妻", "子の子", "子の子の子の子", "妻の父", "子(子の夫)", "妻の子(子の妻)"]
)
def test_relations(text: str) -> None:
    assert Relation(text).text == text


@pytest.mark.parametrize(
    "text",
    ["", "祖父", "孫", "子の", "の子", "子の子の子の子の子", "世帯主の子", "同居人の子", "子子", "子の孫"],
)
def test_no_relations(text: str) -> None:
    with pytest.raises(InvalidValue, match="relation"):
        Relation(text)


def test_a_certificate_is_of_people_of_one_town_who_go_to_another() -> None:
    good = certificate(leaving(1), leaving(2, card=False))
    assert [code.digits for code in good.codes] == [one.record.code.digits for one in good.people]
    assert good.card_of(good.codes[1]) is None
    for changes, code in (
        ({"people": ()}, "count"),
        ({"people": (leaving(1), leaving(1))}, "people"),
        ({"people": (leaving(1, card=False),)}, "card"),
        ({"destination": good.municipality}, "municipality"),
        ({"municipality": good.destination, "destination": good.municipality}, "municipality"),
        ({"reference": "short"}, "reference"),
    ):
        values = {name: getattr(good, name) for name in TransferCertificate.__slots__}
        with pytest.raises(InvalidValue, match=code):
            TransferCertificate(**{**values, **changes})


def test_nobody_registers_for_another_town() -> None:
    good = certificate(leaving(1))
    CertificateRegistration(clerk(good.municipality), Dispatch.AHEAD, good)
    with pytest.raises(InvalidValue, match="municipality"):
        CertificateRegistration(clerk(good.destination), Dispatch.AHEAD, good)
