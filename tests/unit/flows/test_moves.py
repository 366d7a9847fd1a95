"""Special move-ins between two towns: what is answered, what it leaves, and who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.card import CardSerial
from gateway.domain.change import ChangeResult
from gateway.domain.codes import Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import MoveActor, MoveResult
from gateway.domain.register_text import RegisterText
from gateway.moves import commit_move, move_writer
from gateway.store import Conflict, settle_move
from tests.kit.moves import NEW_TOWN, OLD_TOWN, PLANNED, certificate, leaving, person_code, record_of
from tests.kit.two_towns import (
    NEW_ADDRESS,
    OTHER_TOWN,
    PREFECTURE,
    TODAY,
    Country,
    codes_of,
    countries,
    entering,
)

S, R, E = MoveState, MoveResult, MoveEvent
NEW, OLD = MoveRole.NEW_TOWN, MoveRole.OLD_TOWN
DAY = timedelta(days=1)


@pytest.fixture
def country(tmp_path: Path) -> Iterator[Country]:
    yield from countries(tmp_path)


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Country]:
    yield from countries(tmp_path, NEW_TOWN, OLD_TOWN, OTHER_TOWN)


def test_the_whole_way_in_both_towns(country: Country) -> None:
    old, new = country.old, country.new
    old.settle_in(1)
    registered = old.register()
    assert registered.result is R.ACCEPTED and country.states() == (None, S.REGISTERED)
    asked = new.request()
    assert asked.result is R.ACCEPTED and country.states() == (S.REQUESTED, S.REGISTERED)
    country.settle()
    assert country.states() == (S.RECEIVED, S.DELIVERED)
    (waiting,) = new.waiting()
    assert (waiting.reference, waiting.peer, waiting.planned_on) == (asked.move, OLD_TOWN, PLANNED)
    fetched = new.step("FetchMove", asked.move)
    assert fetched.certificate == certificate(leaving(1), reference=registered.move)
    assert new.step("AcknowledgeMove", asked.move).result is R.ACCEPTED
    assert new.state(NEW) is S.TAKEN and new.waiting() == [] and new.is_moving()
    assert new.complete(asked.move).result is R.ACCEPTED
    assert country.states() == (S.COMPLETED, S.DELIVERED) and not new.is_moving()
    # 3-⑤: both are told by one transaction, the prefecture of the change, the old town of the move-in.
    assert [row.operation for row in new.outbox(PREFECTURE)] == ["NotifyChanges"]
    assert new.followed == [(1, TODAY)]
    country.settle()
    assert country.states() == (S.NOTIFIED, S.ARRIVED)
    (arrived,) = old.waiting()
    notice = old.step("FetchMove", arrived.reference).arrival
    assert (notice.moved_on, notice.address, notice.people) == (TODAY, NEW_ADDRESS, (person_code(1),))
    assert [row.operation for row in old.outbox(PREFECTURE)] == ["NotifyChanges", "ConfirmMoveOut"]
    assert len({row.key for row in old.outbox(PREFECTURE)}) == 1  # in the person's own line
    assert old.step("AcknowledgeMove", arrived.reference).result is R.ACCEPTED
    assert country.states() == (S.NOTIFIED, S.SETTLED) and old.waiting() == []
    lines = new.query().lines
    assert [line.event for line in reversed(lines)] == [
        E.REQUEST,
        E.RECEIVE,
        E.TAKE,
        E.COMPLETE,
        E.NOTICE_TAKEN,
    ]
    assert [line.actor for line in lines[:2]] == [MoveActor.PEER, MoveActor.REGISTRY]
    # What the certificate says of people is kept by nobody any more.
    assert new.move(NEW).certificate is None and old.move(OLD).certificate is None  # type: ignore[union-attr]


def test_every_step_again_changes_nothing(country: Country) -> None:
    old, new = country.old, country.new
    reference = country.received()
    assert old.register().result is R.ALREADY_ACCEPTED
    corrected = certificate(leaving(1), address=RegisterText("別の住所"))
    assert old.register(corrected).result is R.OPEN_ALREADY  # a town has asked for it
    assert new.request().result is R.ALREADY_ACCEPTED
    assert new.step("AcknowledgeMove", reference).result is R.ACCEPTED
    assert new.step("AcknowledgeMove", reference).result is R.ALREADY_ACCEPTED
    assert new.complete(reference).result is R.ACCEPTED
    assert new.complete(reference).result is R.ALREADY_ACCEPTED
    country.settle()
    (arrived,) = old.waiting()
    assert old.step("AcknowledgeMove", arrived.reference).result is R.ACCEPTED
    assert old.step("AcknowledgeMove", arrived.reference).result is R.ALREADY_ACCEPTED
    country.settle()
    operations = [operation for _, _, operation, _ in country.passed]
    assert operations == ["RequestTransferCertificate", "SendTransferCertificate", "NotifyMoveIn"]


def test_a_flow_1_report_of_the_same_move_in_is_not_sent_twice(country: Country) -> None:
    new, reference = country.new, country.received()
    assert new.complete(reference).result is R.ACCEPTED
    assert new.report(entering(1)) == [ChangeResult.ALREADY_ACCEPTED]
    assert [row.operation for row in new.outbox(PREFECTURE)] == ["NotifyChanges"]


def test_a_flow_1_report_that_comes_first_is_recognised(country: Country) -> None:
    new, reference = country.new, country.received()
    assert new.report(entering(1)) == [ChangeResult.ACCEPTED]
    assert new.complete(reference).result is R.ACCEPTED
    assert [row.operation for row in new.outbox(PREFECTURE)] == ["NotifyChanges"]
    country.settle()
    assert country.states() == (S.NOTIFIED, S.ARRIVED)


def test_sent_ahead_and_then_asked_for(country: Country) -> None:
    old, new = country.old, country.new
    old.settle_in(1)
    old.register(ahead=True)
    country.settle()
    assert country.states() == (S.PREPARED, S.REGISTERED)
    (waiting,) = new.waiting()
    assert new.step("FetchMove", waiting.reference).certificate is not None
    assert new.step("AcknowledgeMove", waiting.reference).result is R.NOT_ALLOWED  # nobody has come yet
    asked = new.request()
    assert (asked.result, asked.move) == (R.ACCEPTED, waiting.reference)
    country.settle()
    assert country.states() == (S.RECEIVED, S.DELIVERED)


def test_a_household_and_a_family_on_the_card_of_one(country: Country) -> None:
    people = (leaving(1), leaving(2, card=False), leaving(3, card=False))
    reference = country.received(*people)
    fetched = country.new.step("FetchMove", reference).certificate
    assert len(fetched.people) == 3
    few = country.new.complete(reference, entering(1), entering(2))
    assert few.result is R.OTHER_PEOPLE
    assert country.new.complete(reference, *map(entering, (1, 2, 3))).result is R.ACCEPTED
    assert len(country.new.outbox(PREFECTURE)) == 3
    country.settle()
    assert country.old.state(OLD, 3) is S.ARRIVED
    confirmed = [row for row in country.old.outbox(PREFECTURE) if row.operation == "ConfirmMoveOut"]
    assert len({row.key for row in confirmed}) == 3


def test_any_card_of_the_certificate_will_do(country: Country) -> None:
    country.old.settle_in(1, 2)
    country.old.register(certificate(leaving(1), leaving(2)))
    country.new.request(2)
    country.settle()
    assert country.new.state(NEW, 2) is S.RECEIVED and country.new.state(NEW, 1) is S.RECEIVED


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"moved_on": TODAY + DAY}, R.DATE_TO_COME),
        ({"notified_on": TODAY + DAY}, R.DATE_TO_COME),
        ({"moved_on": TODAY, "notified_on": TODAY - DAY}, R.DATE_TO_COME),
        ({"moved_on": TODAY - 14 * DAY}, None),
        ({"moved_on": TODAY - 15 * DAY}, R.LATE_BY_MOVE),
        ({"old": NEW_TOWN}, R.UNKNOWN_MUNICIPALITY),
        ({"old": OTHER_TOWN}, R.UNKNOWN_MUNICIPALITY),
    ],
)
def test_what_the_new_town_refuses_itself(
    country: Country, changes: dict[str, Any], result: MoveResult | None
) -> None:
    assert country.new.request(**changes).result is (result or R.ACCEPTED)
    assert len(country.new.outbox()) == (result is None)


def test_who_is_on_record_here_does_not_move_in(country: Country) -> None:
    country.new.settle_in(1)
    assert country.new.request().result is R.RECORDED_SINCE


@pytest.mark.parametrize(("days", "result"), [(24, None), (25, R.LATE_BY_PLAN)], ids=["day 30", "day 31"])
def test_thirty_days_after_the_planned_day(country: Country, days: int, result: MoveResult | None) -> None:
    country.old.settle_in(1)
    country.old.register()
    country.clock.advance(timedelta(days=days))  # planned six days ago
    country.new.request(moved_on=TODAY + days * DAY)
    country.settle()
    assert country.new.state(NEW) is (S.REFUSED if result else S.RECEIVED)
    assert country.new.query().result is result


def test_the_day_of_the_notification_counts_and_not_that_of_the_message(country: Country) -> None:
    country.old.settle_in(1)
    country.old.register()
    country.clock.advance(timedelta(days=24))
    country.down.add(OLD_TOWN)
    country.new.request(moved_on=TODAY + 24 * DAY)
    country.pass_time(20)
    assert country.states() == (S.REQUESTED, S.EXPIRED)
    country.down.clear()
    country.settle()
    assert country.states() == (S.RECEIVED, S.DELIVERED)


@pytest.mark.parametrize(
    ("prepare", "result"),
    [
        ("nothing", R.NO_CERTIFICATE),
        ("cancelled", R.MOVE_OUT_CANCELLED),
        ("other card", R.CARD_NOT_HANDED_IN),
        ("no card", R.CARD_NOT_HANDED_IN),
    ],
)
def test_what_the_old_town_refuses(country: Country, prepare: str, result: MoveResult) -> None:
    old, new = country.old, country.new
    asked: dict[str, Any] = {}
    if prepare != "nothing":
        old.settle_in(1, 2)
        registered = old.register(certificate(leaving(1), leaving(2, card=False)))
    if prepare == "cancelled":
        assert old.step("CancelTransferCertificate", registered.move).result is R.ACCEPTED
    if prepare == "other card":
        asked["serial"] = CardSerial("0" * 12)
    if prepare == "no card":
        asked["number"] = 2
    new.request(**asked)
    country.settle()
    number = asked.get("number", 1)
    assert new.state(NEW, number) is S.REFUSED and new.query(number).result is result
    # It may be asked for again, once what was wrong is mended.
    if prepare == "nothing":
        old.settle_in(1)
    if prepare in {"nothing", "cancelled"}:
        assert old.register().result is R.ACCEPTED
    assert new.request().result is R.ACCEPTED
    country.settle()
    assert new.state(NEW, 1) is S.RECEIVED


def test_both_towns_ask_at_once(three: Country) -> None:
    old, new, other = three.old, three.new, three.towns[OTHER_TOWN]
    old.settle_in(1)
    old.register()
    new.request()
    other.request()
    three.settle()
    got = {town.state(NEW) for town in (new, other)}
    assert got == {S.RECEIVED, S.REFUSED}
    first, second = (new, other) if new.state(NEW) is S.RECEIVED else (other, new)
    assert second.query().result is R.REQUESTED_ELSEWHERE
    # The first gives up: the move-out is pending as before, and the second may have it.
    reference = first.query().reference
    assert first.step("CancelMoveIn", reference, "terminal").result is R.ACCEPTED
    three.settle()
    assert old.state(OLD) is S.REGISTERED
    assert second.request().result is R.ACCEPTED
    three.settle()
    assert (first.state(NEW), second.state(NEW)) == (S.WITHDRAWN, S.RECEIVED)


def test_another_town_than_the_planned_one(three: Country) -> None:
    old, new, other = three.old, three.new, three.towns[OTHER_TOWN]
    old.settle_in(1)
    old.register(ahead=True)
    three.settle()
    assert new.state(NEW) is S.PREPARED
    reference = other.request().move
    three.settle()
    assert other.complete(reference, entering(1, OTHER_TOWN)).result is R.ACCEPTED
    three.settle()
    assert (other.state(NEW), old.state(OLD)) == (S.NOTIFIED, S.ARRIVED)
    assert old.query().peer == OTHER_TOWN
    new.request()
    three.settle()
    assert new.query().result is R.RECORDED_SINCE
    three.pass_time(60)
    assert new.state(NEW) is S.REFUSED  # it was asked for, so no deadline ends it but a person


def test_what_was_sent_ahead_and_nobody_came_for(country: Country) -> None:
    old, new = country.old, country.new
    old.settle_in(1)
    old.register(ahead=True)
    country.settle()
    country.pass_time(24)
    assert country.states() == (S.PREPARED, S.REGISTERED)
    country.pass_time(1)
    assert country.states() == (S.LAPSED, S.EXPIRED)
    assert old.query().lines[0].actor is MoveActor.TIME
    assert new.waiting() == [] and new.move(NEW).certificate is None  # type: ignore[union-attr]
    # A late notice still says where the people are (法9条1項).
    assert old.step("CancelTransferCertificate", old.query().reference).result is R.ACCEPTED


def test_giving_up_before_the_answer(country: Country) -> None:
    old, new = country.old, country.new
    old.settle_in(1)
    old.register()
    reference = new.request().move
    country.carry(new)  # the request alone
    assert country.states() == (S.REQUESTED, S.SENT)
    assert new.step("CancelMoveIn", reference, "terminal").result is R.ACCEPTED
    assert new.step("CancelMoveIn", reference).result is R.ALREADY_ACCEPTED
    country.settle()
    assert country.states() == (S.WITHDRAWN, S.REGISTERED)
    assert new.move(NEW).certificate is None  # type: ignore[union-attr] # the answer came too late
    again = new.request()
    assert again.result is R.ACCEPTED and again.move != reference
    country.settle()
    assert country.states() == (S.RECEIVED, S.DELIVERED)


def test_a_late_answer_to_what_was_withdrawn_is_about_that_and_nothing_else(three: Country) -> None:
    """Asked, sent, given up and asked again, while the first certificate's answer is lost on the way."""
    old, new, other = three.old, three.new, three.towns[OTHER_TOWN]
    old.settle_in(1)
    old.register()
    reference = new.request().move
    three.carry(new)
    new.step("CancelMoveIn", reference)
    three.carry(new)  # the old town is released …
    again = new.request().move
    three.carry(new)  # … and asked again, before the first certificate goes out
    assert old.state(OLD) is S.SENT
    three.carry(old)  # which nobody wants any more
    assert old.state(OLD) is S.SENT
    three.settle()
    assert (new.state(NEW), old.state(OLD)) == (S.RECEIVED, S.DELIVERED)
    other.request()
    three.settle()
    assert other.query().result is R.REQUESTED_ELSEWHERE and new.query().reference == again


def test_a_day_that_was_planned_before_a_refusal_does_not_count_any_more(country: Country) -> None:
    old, new = country.old, country.new
    old.settle_in(1)
    old.register(certificate(leaving(1), planned_on=TODAY - 20 * DAY), ahead=True)
    country.settle()
    cancelled = old.step("CancelTransferCertificate", old.query().reference)
    new.request()
    country.settle()
    assert (cancelled.result, new.query().result) == (R.ACCEPTED, R.MOVE_OUT_CANCELLED)
    country.pass_time(15)
    today = TODAY + 15 * DAY
    assert old.register(certificate(leaving(1), planned_on=today)).result is R.ACCEPTED
    assert new.request(moved_on=today).result is R.ACCEPTED
    country.settle()
    assert country.states() == (S.RECEIVED, S.DELIVERED)


def test_a_refused_notice_waits_for_an_operator_and_goes_out_again(country: Country) -> None:
    """The people are on record here, whatever the old town says: the duty to notify stays (法9条1項)."""
    new, reference = country.new, country.received()
    new.complete(reference)
    move = new.move(NEW)
    assert move is not None
    with new.store.unit_of_work() as work:
        settle_move(
            work,
            operation="NotifyMoveIn",
            reference=None,
            theirs=move.theirs,
            result=R.NO_SUCH_MOVE,
            at=country.clock.now(),
        )
    assert new.state(NEW) is S.NOTICE_REFUSED and new.query().result is R.NO_SUCH_MOVE
    assert new.step("CancelMoveIn", reference).result is R.NOT_ALLOWED
    refused = new.move(NEW)
    assert refused is not None
    again = new.desk.control.retry(refused, new.desk.own)
    assert again is not None
    assert commit_move(new.store, move_writer(new.store, country.clock), again)
    assert not commit_move(new.store, move_writer(new.store, country.clock), again)
    country.settle()
    assert country.states() == (S.NOTIFIED, S.ARRIVED)
    assert len(country.old.outbox(PREFECTURE)) == 2  # both notices arrived, and one counted


def test_the_old_town_is_down_and_comes_back(country: Country) -> None:
    country.old.settle_in(1)
    country.old.register()
    country.down.add(OLD_TOWN)
    country.new.request()
    country.settle()
    assert country.new.state(NEW) is S.REQUESTED
    country.down.clear()
    country.settle()
    assert country.states() == (S.RECEIVED, S.DELIVERED)


def test_the_notice_comes_before_the_receipt_of_the_certificate(country: Country) -> None:
    old, new = country.old, country.new
    old.settle_in(1)
    old.register()
    reference = new.request().move
    country.carry(new)
    country.carry(old, lose_answer=True)
    assert country.states() == (S.RECEIVED, S.SENT)
    new.complete(reference)
    country.carry(new)
    assert country.states() == (S.NOTIFIED, S.ARRIVED)
    country.settle()  # the certificate again, whose receipt changes nothing any more
    assert country.states() == (S.NOTIFIED, S.ARRIVED)
    assert len(old.outbox(PREFECTURE)) == 2


def test_a_corrected_certificate_is_taken_anew(country: Country) -> None:
    new, reference = country.new, country.received()
    new.step("AcknowledgeMove", reference)
    peer = country.old.move(OLD)
    assert peer is not None
    from gateway.domain.move_messages import TransferSending
    from tests.kit.moves import clerk

    for address, result, state in (
        ("別の住所", R.ACCEPTED, S.RECEIVED),
        ("別の住所", R.ALREADY_ACCEPTED, S.RECEIVED),
    ):
        made = certificate(leaving(1), reference=peer.reference, address=RegisterText(address))
        sent = TransferSending(clerk(OLD_TOWN), reference, made)
        assert new.call("municipal", "SendTransferCertificate", sent).result is result
        assert new.state(NEW) is state
    stranger = TransferSending(
        clerk(OTHER_TOWN),
        reference,
        certificate(leaving(1, record=record_of(1, OTHER_TOWN)), municipality=OTHER_TOWN),
    )
    assert new.call("municipal", "SendTransferCertificate", stranger).result is R.NOT_WANTED


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"sex": Sex.FEMALE}, R.DIFFERENT),
        ({"name": RegisterText("転入 太郎")}, R.ACCEPTED),  # 標準仕様書 4.1.1.2: all but the name
        ({"day": TODAY - 15 * DAY}, R.LATE_BY_MOVE),
        ({"town": OLD_TOWN}, R.CHANGE_REFUSED),
    ],
)
def test_received_values_win(country: Country, changes: dict[str, Any], result: MoveResult) -> None:
    reference = country.received()
    assert country.new.complete(reference, entering(1, **changes)).result is result
    assert (country.new.state(NEW) is S.COMPLETED) is (result is R.ACCEPTED)
    assert len(country.new.outbox()) == (2 if result is R.ACCEPTED else 0)


def test_an_individual_number_of_the_certificate_is_kept(country: Country) -> None:
    number = IndividualNumber.from_base("12345678901")
    reference = country.received(leaving(1, record=record_of(1, individual_number=number)))
    assert country.new.complete(reference).result is R.DIFFERENT
    assert country.new.complete(reference, entering(1, individual_number=number)).result is R.ACCEPTED


def test_a_claimed_move_out_is_not_cancelled(country: Country) -> None:
    reference = country.received()
    move = country.old.query().reference
    assert country.old.step("CancelTransferCertificate", move).result is R.REQUESTED_ELSEWHERE
    assert country.new.step("CancelMoveIn", reference).result is R.ACCEPTED
    country.settle()
    assert country.old.step("CancelTransferCertificate", move).result is R.ACCEPTED
    assert country.old.step("CancelTransferCertificate", move).result is R.ALREADY_ACCEPTED
    assert country.states() == (S.WITHDRAWN, S.CANCELLED)


def test_what_cannot_be_shown_or_is_too_long_is_on_a_list(country: Country) -> None:
    long = RegisterText("長" * 61)
    reference = country.received(
        leaving(1, record=record_of(1, name=RegisterText("{J+AD01}野 千代")), householder=long)
    )
    move = country.new.move(NEW)
    assert move is not None and move.reference == reference
    remarked = [(one.person, one.item, one.kind.value) for one in country.new.store.moves.remarks(move)]
    assert remarked == [(1, "name", "no_glyph"), (1, "householder", "too_long")]
    fetched = country.new.step("FetchMove", reference).certificate
    assert fetched.people[0].record.name.inline == "{J+AD01}野 千代"  # unchanged the whole way
    country.new.step("CancelMoveIn", reference)
    assert country.new.store.moves.remarks(move) == ()


def test_references_of_others_and_of_nobody(country: Country) -> None:
    reference = country.received()
    theirs = country.old.query().reference
    for operation in ("FetchMove", "AcknowledgeMove", "CancelMoveIn", "CancelTransferCertificate"):
        assert country.new.step(operation, "M-unheard-of").result is R.NO_SUCH_MOVE
        assert country.new.step(operation, theirs).result is R.NO_SUCH_MOVE
    assert country.new.complete("M-unheard-of").result is R.NO_SUCH_MOVE
    assert country.new.step("CancelTransferCertificate", reference).result is R.NO_SUCH_MOVE
    assert country.old.step("CancelMoveIn", theirs).result is R.NO_SUCH_MOVE
    assert country.old.complete(theirs, entering(1, OLD_TOWN)).result is R.NO_SUCH_MOVE


def test_of_two_who_decide_at_once_one_has_to_decide_again(country: Country) -> None:
    reference = country.received()
    shelf = country.new.desk.control
    from gateway.domain.move_messages import MoveStep
    from tests.kit.moves import clerk

    asked = MoveStep(clerk(NEW_TOWN), reference)
    one, other = (shelf.cancel(asked, MoveActor.TERMINAL) for _ in range(2))
    country.new.commit(one)
    with pytest.raises(Conflict):
        country.new.commit(other)


def test_two_moves_of_one_person_are_not_begun_at_once(country: Country) -> None:
    new = country.new
    from gateway.domain.move_messages import TransferQuestion
    from tests.kit.moves import clerk, serial_of

    asked = TransferQuestion(clerk(NEW_TOWN), person_code(1), serial_of(1), OLD_TOWN, TODAY, TODAY)
    one, other = (new.desk.incoming.request(asked) for _ in range(2))
    new.commit(one)
    with pytest.raises(Conflict):
        new.commit(other)


def test_two_cards_of_one_certificate(country: Country) -> None:
    """Two of a household come to two counters: the certificate goes with the first."""
    country.old.settle_in(1, 2)
    country.old.register(certificate(leaving(1), leaving(2)))
    country.new.request(1)
    country.new.request(2)
    country.settle()
    for _ in range(2):
        first, second = country.new.move(NEW, 1), country.new.move(NEW, 2)
        assert first is not None and second is not None and S.RECEIVED in {first.state, second.state}
        assert len(country.new.store.moves.open_of(NEW, codes_of(1, 2))) == 1
        country.settle()
    reference = next(one.reference for one in (first, second) if one.state is S.RECEIVED)
    assert country.new.complete(reference, entering(1), entering(2)).result is R.ACCEPTED
    country.settle()
    assert country.old.state(OLD) is S.ARRIVED


def test_registration_is_judged(country: Country) -> None:
    old = country.old
    assert old.register().result is R.NOT_ON_RECORD
    old.settle_in(1)
    assert old.register(certificate(leaving(1), reported_on=TODAY + DAY)).result is R.DATE_TO_COME
    late = certificate(leaving(1), planned_on=TODAY - 31 * DAY)
    assert old.register(late).result is R.LATE_BY_PLAN
    far = certificate(leaving(1), destination=MunicipalityCode("131041"))
    assert old.register(far, ahead=True).result is R.UNKNOWN_MUNICIPALITY
    assert old.register(far).result is R.ACCEPTED
    assert old.register(far).result is R.ALREADY_ACCEPTED
    assert old.register().result is R.ACCEPTED  # a correction
    assert old.query().lines[0].event is E.REGISTER


def test_an_unwanted_push(country: Country) -> None:
    country.old.settle_in(1)
    country.old.register(certificate(leaving(1), planned_on=TODAY - 29 * dt.timedelta(1)), ahead=True)
    country.clock.advance(timedelta(days=2))
    country.settle()
    assert country.new.state(NEW) is None
