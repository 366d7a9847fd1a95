"""Flow 8 over two real stores: the municipal CS and the card management system, messages carried by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.card import CardEvent, CardState
from gateway.domain.card_history import CardOutcome
from gateway.domain.card_query import CardQuestion
from gateway.domain.card_update import CardActor, CardResult, RevocationReason
from gateway.domain.change import ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeEntry
from gateway.errors import OperationFault
from gateway.flows.card_follow_up import CardFollowUp
from gateway.store import Conflict
from tests.kit.card_office import (
    ELSEWHERE,
    HOME,
    TODAY,
    Town,
    asking,
    card_of,
    code_of,
    serial_of,
    update,
)
from tests.kit.changes import entry, recode, removal, report

S, E, R = CardState, CardEvent, CardResult


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town.open(tmp_path / "town")
    made.settle_in(1, 2)
    yield made
    made.close()


def registry(reason: RevocationReason, number: int = 1, **changes: object):  # type: ignore[no-untyped-def]
    values = {"serial": None, "actor": CardActor.REGISTRY, "reason": reason, **changes}
    return update(E.REVOKE, number, **values)


def test_a_card_from_its_issue_to_its_end(town: Town) -> None:
    town.make(card_of(S.BEFORE_ISSUE), known=False)
    for event, state in ((E.ISSUE, S.ACTIVE), (E.REVOKE, S.REVOKED), (E.COLLECT, S.COLLECTED)):
        receipt = town.update(update(event))
        assert (receipt.result, receipt.cards[0].state) == (R.ACCEPTED, state)
        assert town.card().state is state
        (line, *_) = town.here.card_book.history(code_of())
        assert (line.event, line.outcome, line.actor) == (event, CardOutcome.PENDING, CardActor.TERMINAL)
        (answer,) = town.deliver()
        assert answer.result is R.ACCEPTED
        assert town.card() == town.card(there=True)
        (line, *_) = town.here.card_book.history(code_of())
        assert (line.outcome, line.answer) == (CardOutcome.CONFIRMED, R.ACCEPTED)
    assert town.card().version == 4


def test_an_illegal_transition_is_refused_with_the_state_and_what_is_allowed(town: Town) -> None:
    town.make(card_of(S.REVOKED))
    for event in (E.ISSUE, E.REVOKE, E.LIFT_SUSPENSION, E.CONTINUE, E.RETURN):
        receipt = town.update(update(event))
        assert receipt.result is R.NOT_ALLOWED
        assert (receipt.cards[0].state, receipt.allowed) == (S.REVOKED, (E.COLLECT,))
    assert town.waiting() == []
    assert town.here.card_book.history(code_of()) == ()


def test_a_suspension_reaches_us_when_we_ask(town: Town) -> None:
    town.make(card_of())
    assert town.suspend()
    assert town.card().state is S.ACTIVE
    answer = town.look.query(CardQuestion(asking(), code_of()))
    assert [card.state for card in answer.cards] == [S.SUSPENDED]
    assert town.card().state is S.SUSPENDED
    (line,) = town.look.history(CardQuestion(asking(), code_of())).lines
    assert (line.event, line.actor, line.outcome) == (E.SUSPEND, CardActor.CARD_SYSTEM, CardOutcome.LEARNED)


def test_what_is_known_here_never_refuses_what_may_be_right_there(town: Town) -> None:
    town.make(card_of())
    town.suspend()
    assert town.update(update(E.LIFT_SUSPENSION)).result is R.ACCEPTED  # asked first: it is suspended by now
    assert town.asked == 1
    assert [line.event for line in town.here.card_book.history(code_of())] == [E.LIFT_SUSPENSION, E.SUSPEND]
    town.reachable = False
    with pytest.raises(OperationFault) as caught:
        town.update(update(E.ISSUE))
    assert caught.value.code == "CounterpartUnavailable"
    assert town.update(update(E.REVOKE)).result is R.ACCEPTED  # fits what is known: nobody need be asked


def test_a_suspension_reaches_us_in_an_answer(town: Town) -> None:
    town.make(card_of(continue_by=TODAY))
    town.suspend()
    assert town.update(update(E.CONTINUE)).result is R.ACCEPTED  # nothing is known here of the suspension
    (receipt,) = town.deliver()
    assert (receipt.result, receipt.allowed) == (R.NOT_ALLOWED, (E.LIFT_SUSPENSION, E.MOVE, E.REVOKE))
    assert town.card() == town.card(there=True)
    told, refused = town.here.card_book.history(code_of())
    assert (told.state, told.outcome) == (S.SUSPENDED, CardOutcome.LEARNED)
    assert (refused.event, refused.outcome, refused.answer) == (
        E.CONTINUE,
        CardOutcome.REFUSED,
        R.NOT_ALLOWED,
    )
    assert town.here.outbox.blocked() == {"card-management-server"}  # it waits for an operator


def test_an_older_answer_undoes_nothing(town: Town) -> None:
    town.make(card_of(continue_by=TODAY))
    before = town.keeping.query(CardQuestion(asking(), code_of()))
    town.update(update(E.CONTINUE))
    keep = town.look._keep
    keep(before.cards)  # still on its way: what was accepted here counts
    assert town.card().state is S.HELD
    town.deliver()
    keep(before.cards)
    assert town.card().state is S.HELD


def test_until_it_is_answered_what_was_accepted_here_is_shown(town: Town) -> None:
    town.make(card_of())
    town.update(update(E.REVOKE))
    answer = town.look.query(CardQuestion(asking(), code_of()))
    assert answer.cards[0].state is S.REVOKED
    assert town.card(there=True).state is S.ACTIVE


def test_told_twice_it_is_done_once(town: Town) -> None:
    town.make(card_of())
    town.update(update(E.REVOKE))
    (order,) = town.waiting()
    town.deliver()
    again = town.keeping.update(order)
    with town.there.unit_of_work() as work:
        again.write(work)
    assert again.answer.result is R.ALREADY_ACCEPTED
    assert len(town.there.card_book.history(code_of())) == 1


def test_of_two_who_decide_at_once_one_decides_again(town: Town) -> None:
    town.make(card_of())
    first, second = (town.updates.update(update(E.REVOKE)) for _ in range(2))
    with town.here.unit_of_work() as work:
        first.write(work)
    with pytest.raises(Conflict), town.here.unit_of_work() as work:
        second.write(work)
    assert len(town.waiting()) == 1


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (update(E.ISSUE, 3), R.NOT_ON_RECORD),
        (update(E.ISSUE, serial=serial_of(9)), R.NO_SUCH_CARD),
        (update(E.REVOKE, 2, serial=serial_of(1)), R.NO_SUCH_CARD),  # somebody else's
        (update(E.REVOKE, event_date=TODAY + dt.timedelta(days=1)), R.DATE_TO_COME),
        (update(E.REVOKE, caller=asking(ELSEWHERE)), R.OTHER_MUNICIPALITY),
        (update(E.CONTINUE), R.NOT_MOVED),
        (registry(RevocationReason.DEATH, 3), R.NOT_ON_RECORD),
        (registry(RevocationReason.DEATH, event_date=TODAY + dt.timedelta(days=1)), R.DATE_TO_COME),
    ],
)
def test_what_does_not_fit(town: Town, asked: object, result: CardResult) -> None:
    town.make(card_of(), card_of(number=2))
    take = town.revoke if asked.actor is CardActor.REGISTRY else town.update  # type: ignore[attr-defined]
    receipt = take(asked)  # type: ignore[arg-type]
    assert receipt.result is result
    assert town.waiting() == []
    if result in {R.DATE_TO_COME, R.NOT_ON_RECORD}:
        assert town.asked == 0  # nobody could know better


def test_a_second_card_is_not_issued(town: Town) -> None:
    town.make(card_of())
    town.make(card_of(S.BEFORE_ISSUE, 5, code=code_of(1)), known=False)
    second = update(E.ISSUE, serial=serial_of(5))
    assert town.update(second).result is R.OTHER_CARD_IN_USE
    town.update(update(E.REVOKE, reason=RevocationReason.REISSUE))
    assert town.update(second).result is R.ACCEPTED
    assert [receipt.result for receipt in town.deliver()] == [R.ACCEPTED, R.ACCEPTED]  # in that order


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("reason", [RevocationReason.DEATH, RevocationReason.EMIGRATION])
def test_the_resident_record_system_ends_all_cards(town: Town, reason: RevocationReason, known: bool) -> None:
    town.make(card_of(S.SUSPENDED), card_of(S.BEFORE_ISSUE, 5, code=code_of(1)), known=known)
    receipt = town.revoke(registry(reason))
    assert receipt.result is R.ACCEPTED
    (told,) = town.deliver()
    assert {card.state for card in told.cards} == {S.REVOKED} and len(told.cards) == 2
    assert town.card() == town.card(there=True)  # also where nothing was known of it before
    assert town.deliver() == []


def test_who_has_no_card_has_none_to_end(town: Town) -> None:
    town.revoke(registry(RevocationReason.DEATH, 2))
    (told,) = town.deliver()
    assert (told.result, told.cards) == (R.NO_CARD, ())


def test_by_the_settings_a_card_goes_on_abroad(tmp_path: Path) -> None:
    town = Town.open(tmp_path / "abroad", abroad=True)
    town.settle_in(1)
    town.make(card_of())
    assert town.revoke(registry(RevocationReason.EMIGRATION)).result is R.GOES_ON_ABROAD
    assert town.waiting() == []
    assert town.revoke(registry(RevocationReason.DEATH)).result is R.ACCEPTED
    town.close()


def test_a_death_of_flow_1_ends_the_card_in_the_same_unit_of_work(town: Town) -> None:
    town.report(report(entry(11)))
    town.deliver()
    town.make(card_of(number=11))
    changed = report(removal(11, 2, ChangeReason.DEATH))
    decision = town.changes.report(changed)
    with pytest.raises(RuntimeError), town.here.unit_of_work() as work:
        decision.write(work)
        raise RuntimeError
    assert town.card(11).state is S.ACTIVE
    assert town.waiting() == []
    assert town.report(changed) == [ChangeResult.ACCEPTED]
    assert town.card(11).state is S.REVOKED
    (order,) = town.waiting()
    assert (order.event, order.reason, order.actor, order.serial) == (
        E.REVOKE,
        RevocationReason.DEATH,
        CardActor.GATEWAY,
        None,
    )
    town.deliver()
    assert town.card(11) == town.card(11, there=True)


def test_a_changed_code_ends_the_card_that_has_the_former_one(town: Town) -> None:
    town.report(report(entry(11)))
    town.deliver()
    town.make(card_of(number=11))
    assert town.report(report(recode(11, 2, 12))) == [ChangeResult.ACCEPTED]
    town.deliver()
    assert town.card(11, there=True).state is S.REVOKED
    assert town.card(11) == town.card(11, there=True)
    # The card itself bears the former code: by that it is taken in.
    assert town.update(update(E.COLLECT, 11)).result is R.ACCEPTED
    assert [one.result for one in town.deliver()] == [R.ACCEPTED]


def test_who_moves_in_has_90_days_for_continued_use(town: Town) -> None:
    town.make(card_of(number=11, municipality=ELSEWHERE), known=False)
    town.report(report(entry(11)))  # on 20 November
    town.deliver()
    card = town.card(11)
    assert (card.municipality, card.continue_by) == (HOME, dt.date(2027, 2, 18))
    town.pass_time(84)
    assert town.card(11).state is S.ACTIVE
    assert town.update(update(E.CONTINUE, 11, event_date=dt.date(2027, 2, 18))).result is R.ACCEPTED
    assert town.update(update(E.RETURN, 11, event_date=dt.date(2027, 2, 18))).result is R.ACCEPTED
    town.deliver()
    assert (town.card(11).state, town.card(11).continue_by) == (S.ACTIVE, None)
    town.pass_time(100)
    assert town.card(11).state is S.ACTIVE


def test_a_card_goes_on_only_once_the_special_move_in_is_complete(town: Town) -> None:
    town.make(card_of(municipality=ELSEWHERE))
    town.moving.add(code_of())
    refused = town.update(update(E.CONTINUE))
    assert (refused.result, town.waiting()) == (R.MOVE_IN_OPEN, [])
    assert town.update(update(E.RETURN)).result is R.NOT_ALLOWED  # of nothing else is it asked
    town.moving.clear()
    assert town.update(update(E.CONTINUE)).result is R.ACCEPTED


def test_ninety_days_count_from_the_first_notification(town: Town) -> None:
    """特例転入: of flow 1 alone they count from the day of the move-in."""
    town.make(card_of(number=11, municipality=ELSEWHERE))
    follow, day = town.changes._follow, dt.date(2026, 11, 24)
    assert isinstance(follow, CardFollowUp)
    write = follow.after_move_in(asking(), (ChangeEntry(entry(11), HOME.digits, None),), day)
    with town.here.unit_of_work() as work:
        write(work)
    (told,) = town.waiting()
    assert (told.event, told.event_date) == (E.MOVE, day)
    assert town.card(11).continue_by == dt.date(2027, 2, 22)


def test_move_in_and_death_of_one_report(town: Town) -> None:
    town.make(card_of(number=11, municipality=ELSEWHERE), known=False)
    town.report(report(entry(11), removal(11, 2, ChangeReason.DEATH)))
    assert [one.result for one in town.deliver()] == [R.ACCEPTED, R.ACCEPTED]
    assert town.card(11).state is S.REVOKED


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("valid_until", RevocationReason.EXPIRED),
        ("residence_until", RevocationReason.STAY_ENDED),
        ("continue_by", RevocationReason.NOT_CONTINUED),
    ],
)
@pytest.mark.parametrize("state", [S.ACTIVE, S.SUSPENDED, S.HELD])
def test_time_ends_a_card_by_itself_here_and_there(
    town: Town, state: CardState, end: str, reason: RevocationReason
) -> None:
    town.make(card_of(state, **{end: TODAY + dt.timedelta(days=3)}))
    town.pass_time(3)
    assert {town.card().state, town.card(there=True).state} == {state}
    town.pass_time(1)
    assert {town.card().state, town.card(there=True).state} == {S.REVOKED}
    (receipt,) = town.deliver()
    assert receipt.result is R.ALREADY_ENDED  # both saw to it
    assert town.card() == town.card(there=True)
    (line,) = town.here.card_book.history(code_of())
    assert (line.actor, line.reason, line.outcome) == (CardActor.GATEWAY, reason, CardOutcome.CONFIRMED)
    assert town.update(update(E.COLLECT, event_date=TODAY)).result is R.ACCEPTED


def test_a_card_that_is_over_is_over_before_anybody_has_looked(town: Town) -> None:
    town.make(card_of(S.SUSPENDED, valid_until=TODAY - dt.timedelta(days=1)))
    receipt = town.update(update(E.LIFT_SUSPENSION))
    assert (receipt.result, receipt.cards[0].state) == (R.NOT_ALLOWED, S.REVOKED)
    assert town.card().state is S.REVOKED
    assert [order.reason for order in town.waiting()] == [RevocationReason.EXPIRED]


def test_a_foreigners_new_period_of_stay_is_taken_over(town: Town) -> None:
    town.make(card_of(residence_until=TODAY))
    longer = dataclasses.replace(town.card(), residence_until=TODAY + dt.timedelta(days=400), version=2)
    town.make(longer, known=False)
    town.look.query(CardQuestion(asking(), code_of()))
    assert town.card() == longer


def test_an_answer_about_another_card_is_no_receipt(town: Town) -> None:
    receipt = town.keeping.update(dataclasses.replace(update(E.COLLECT), reference="M-0123456789"))
    assert receipt.answer.result is R.NO_SUCH_CARD
