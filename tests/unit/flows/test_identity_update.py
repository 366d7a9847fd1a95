"""Flow 1 over real stores: reports, resends, cancellations, questions, and what a notified server takes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Cancellation, ChangeQuestion, ChangeReport, Delivery, Resend
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.errors import OperationFault
from gateway.store import Conflict, Found
from tests.kit.changes import DAY, clerk, code, entry, move, recode, record, removal, report
from tests.kit.intake import NOW, Office

ACCEPTED, ALREADY = ChangeResult.ACCEPTED, ChangeResult.ALREADY_ACCEPTED
YOKOHAMA = clerk("141003")


@pytest.fixture
def cs(tmp_path: Path) -> Iterator[Office]:
    office = Office.open(tmp_path / "cs", ("13-prefectural-server", "prefectural"))
    yield office
    office.store.close()


@pytest.fixture
def nation(tmp_path: Path) -> Iterator[Office]:
    office = Office.open(tmp_path / "nation", None)
    yield office
    office.store.close()


def found(office: Office, person: int, address: str) -> list[str]:
    """住民票コード of whom a search finds."""
    terms = SearchTerms(
        name=(record(person).name, Match.EXACT), address=(RegisterText(address), Match.PREFIX)
    )
    hits = office.store.register.search(terms)
    assert isinstance(hits, Found)
    return [hit.code.digits for hit in hits.records]


def test_a_life_in_one_batch(cs: Office) -> None:
    changes = [
        entry(1),
        move(1, 2, "東京都千代田区霞が関一丁目"),
        recode(1, 3, 2, address="東京都千代田区霞が関一丁目"),
        removal(2, 4, individual_number=IndividualNumber.from_base(f"{1:011d}")),
        entry(2, 5, individual_number=IndividualNumber.from_base(f"{1:011d}")),
    ]
    assert cs.report(report(*changes)) == [ACCEPTED] * 5
    history = cs.store.register.history(code(2))
    assert [version.reason for version in history] == [change.reason for change in changes]
    assert [version.valid_from for version in history] == [DAY] * 5
    assert [version.record for version in history] == [change.record for change in changes]
    assert cs.store.register.find(code(1)) is None
    assert cs.store.register.find(code(2)) == changes[-1].record
    assert [told.changes for told in cs.waiting()] == [(change,) for change in changes]
    lines = cs.rows("SELECT order_key, waiting FROM outbox_lines")
    assert lines == [("1", 5)]  # one line, keyed by the register's own number


def test_the_struck_are_found_no_more_and_keep_their_numbers(cs: Office) -> None:
    cs.report(report(entry(1), move(1, 2, "東京都千代田区霞が関一丁目")))
    assert found(cs, 1, "東京都千代田区") == [code(1).digits]
    assert cs.report(report(removal(1, 3, ChangeReason.DEATH))) == [ACCEPTED]
    assert found(cs, 1, "東京都千代田区") == []
    assert cs.store.register.find(code(1)) is None
    number = record(1).individual_number
    assert number is not None
    assert cs.store.register.by_individual_number(number) is None
    assert cs.store.register.count() == 0
    assert cs.report(report(move(1, 4, "x"))) == [ChangeResult.REMOVED]
    taken = entry(2, individual_number=number)
    assert cs.report(report(taken)) == [ChangeResult.INDIVIDUAL_NUMBER_IN_USE]
    assert cs.report(report(entry(1, 4))) == [ACCEPTED]
    # Past addresses are found again with the person.
    assert found(cs, 1, "東京都千代田区霞が関") == [code(1).digits]


def test_each_item_is_answered_and_what_fits_is_taken(cs: Office) -> None:
    outcomes = cs.update.report(
        report(
            entry(1),
            move(1, 3, "gap"),
            move(1, 2, "東京都千代田区霞が関一丁目"),
            move(1, 2, "another"),
            entry(2, individual_number=record(1).individual_number),
            move(3, 1, "nobody"),
            entry(1, 3),
            entry(4, municipality=MunicipalityCode("141003")),
            recode(1, 3, 1_000),
            entry(1_000, 4),
        )
    )
    results = [(outcome.result.value, outcome.expected) for outcome in outcomes.answer.outcomes]
    assert results == [
        ("accepted", None),
        ("number_gap", 2),
        ("accepted", None),
        ("number_used", None),
        ("individual_number_in_use", None),
        ("not_on_record", None),
        ("already_on_record", None),
        ("other_municipality", None),
        ("accepted", None),
        ("already_on_record", None),
    ]
    cs.commit(outcomes)
    assert len(cs.waiting()) == 3


def test_a_code_of_somebody_else(cs: Office) -> None:
    cs.report(report(entry(1), entry(2)))
    assert cs.report(report(recode(1, 2, 2))) == [ChangeResult.CODE_IN_USE]
    assert cs.report(report(recode(1, 2, 3), recode(2, 2, 1), recode(2, 3, 3))) == [
        ACCEPTED,
        ACCEPTED,
        ChangeResult.NOT_ON_RECORD,  # the person of code 2 has code 1 by then
    ]
    assert cs.store.register.find(code(1)) == dataclasses.replace(
        record(2), code=code(1), individual_number=record(2).individual_number
    )


def test_the_same_report_again_changes_nothing(cs: Office) -> None:
    batch = report(entry(1), move(1, 2, "東京都千代田区霞が関一丁目"))
    assert cs.report(batch) == [ACCEPTED, ACCEPTED]
    assert cs.report(batch) == [ALREADY, ALREADY]
    assert len(cs.waiting()) == 2
    assert cs.rows("SELECT count(*) FROM person_versions") == [(2,)]


def test_what_was_read_must_still_hold(cs: Office) -> None:
    cs.report(report(entry(1)))
    one, other = (cs.update.report(report(move(1, 2, address))) for address in ("一", "二"))
    cs.commit(one)
    with pytest.raises(Conflict):
        cs.commit(other)
    assert cs.rows("SELECT count(*) FROM person_versions") == [(2,)]
    assert cs.report(report(move(1, 2, "二"))) == [ChangeResult.NUMBER_USED]
    # Somebody new, twice at the same time.
    one, other = (cs.update.report(report(entry(5))) for _ in range(2))
    cs.commit(one)
    with pytest.raises(Conflict):
        cs.commit(other)


def test_today_is_japans(cs: Office) -> None:
    tomorrow = RegisterDate.exact(Calendar.REIWA, 2026, 11, 26)
    born = dataclasses.replace(entry(1), event_date=tomorrow)
    assert NOW.day == 25
    assert cs.report(report(born)) == [ChangeResult.DATE_TO_COME]
    cs.report(report(entry(1)))
    planned = dataclasses.replace(removal(1, 2), event_date=tomorrow)
    assert cs.report(report(planned)) == [ACCEPTED]


def test_a_resend_with_another_reason(cs: Office, nation: Office) -> None:
    cs.report(report(entry(1), move(1, 2, "東京都千代田区霞が関一丁目"), recode(1, 3, 2)))

    def resend(number: int, reason: ChangeReason, person: int = 2) -> list[ChangeResult]:
        return cs.commit(cs.update.resend(Resend(clerk(), code(person), number, reason)))

    assert resend(3, ChangeReason.CODE_CHANGE_OFFICIAL) == [ACCEPTED]
    assert resend(3, ChangeReason.CODE_CHANGE_OFFICIAL) == [ALREADY]
    assert resend(3, ChangeReason.CODE_CHANGE_ASKED) == [ACCEPTED]
    assert resend(3, ChangeReason.MOVE_WITHIN) == [ChangeResult.OTHER_GROUP]
    assert resend(4, ChangeReason.MOVE_WITHIN) == [ChangeResult.NO_SUCH_CHANGE]
    assert resend(2, ChangeReason.OFFICIAL_CORRECTION) == [ChangeResult.FORMER_CODE]
    assert resend(1, ChangeReason.BIRTH, person=1) == [ChangeResult.NO_SUCH_CHANGE]
    status = cs.update.query(ChangeQuestion(clerk(), code(2), 3))
    assert status.track is not None
    assert (status.last, status.track.revision) == (3, 2)
    assert status.track.reason is ChangeReason.CODE_CHANGE_ASKED
    # The register's history is as it was; the notices tell of every revision, in order.
    assert len(cs.store.register.history(code(2))) == 3
    for told in cs.waiting():
        assert nation.notify(told) == [ACCEPTED]
    assert nation.rows("SELECT number, revision, reason, version FROM person_changes ORDER BY id") == [
        (1, 0, "move_in", 1),
        (2, 0, "move_within", 2),
        (3, 0, "code_change_asked", 3),
        (3, 1, "code_change_official", 3),
        (3, 2, "code_change_asked", 3),
    ]


def test_a_reason_that_cannot_have_the_day(cs: Office) -> None:
    odd = RegisterDate.exact(Calendar.REIWA, 2025, 2, 29)
    cs.report(report(dataclasses.replace(entry(1), reason=ChangeReason.BIRTH, event_date=odd)))
    decision = cs.update.resend(Resend(clerk(), code(1), 1, ChangeReason.MOVE_IN))
    assert cs.commit(decision) == [ChangeResult.DATE_NOT_A_DAY]
    cancel = cs.update.cancel(Cancellation(clerk(), code(1), 1, 2, odd))
    assert cs.commit(cancel) == [ACCEPTED]  # 職権消除等 covers disappearances


def cancel(cs: Office, cancels: int, number: int, person: int = 1) -> list[ChangeResult]:
    return cs.commit(cs.update.cancel(Cancellation(clerk(), code(person), cancels, number, DAY)))


def test_the_last_change_is_taken_back_by_its_opposite(cs: Office) -> None:
    first, second = record(1), record(1, "東京都千代田区霞が関一丁目")
    cs.report(report(entry(1), move(1, 2, second.address.inline)))
    assert cancel(cs, 1, 3) == [ChangeResult.NOT_THE_LAST]
    assert cancel(cs, 2, 4) == [ChangeResult.NUMBER_GAP]
    assert cancel(cs, 2, 2) == [ChangeResult.NUMBER_USED]
    assert cancel(cs, 5, 3) == [ChangeResult.NO_SUCH_CHANGE]
    assert cancel(cs, 1, 3, person=9) == [ChangeResult.NO_SUCH_CHANGE]
    assert cancel(cs, 2, 3) == [ACCEPTED]
    assert cs.store.register.find(code(1)) == first
    assert cancel(cs, 2, 3) == [ALREADY]
    assert cancel(cs, 3, 4) == [ChangeResult.NOT_CANCELLABLE]
    cs.report(report(removal(1, 4)))
    assert cancel(cs, 4, 5) == [ACCEPTED]
    assert cs.store.register.find(code(1)) == first
    assert [told.changes[0].reason.value for told in cs.waiting()] == [
        "move_in",
        "move_within",
        "official_correction",
        "move_out",
        "official_entry",
    ]
    assert len(cs.store.register.history(code(1))) == 5


def test_an_entry_and_a_code_taken_back(cs: Office) -> None:
    cs.report(report(entry(1), recode(1, 2, 2)))
    assert cancel(cs, 2, 3, person=2) == [ACCEPTED]
    assert cs.store.register.find(code(1)) == record(1)
    cs.report(report(entry(7)))
    assert cancel(cs, 1, 2, person=7) == [ACCEPTED]
    assert cs.store.register.find(code(7)) is None


def test_what_became_of_a_change(cs: Office) -> None:
    def status(person: int, number: int | None = None) -> tuple[int, Delivery | None]:
        answer = cs.update.query(ChangeQuestion(clerk(), code(person), number))
        return answer.last, answer.track and answer.track.delivery

    assert status(1) == (0, None)
    cs.report(report(entry(1), move(1, 2, "x")))
    assert status(1) == (2, Delivery.WAITING)
    assert status(1, 3) == (2, None)
    update = "UPDATE outbox SET state = '{}' WHERE id = {}"
    with cs.store.unit_of_work() as work:
        work.connection.exec_driver_sql(update.format("dead", 1))
        work.connection.exec_driver_sql("UPDATE outbox_lines SET due_at = NULL")
    assert (status(1, 1), status(1, 2)) == ((2, Delivery.REFUSED), (2, Delivery.REFUSED))
    with cs.store.unit_of_work() as work:
        work.connection.exec_driver_sql(update.format("dropped", 1))
        work.connection.exec_driver_sql("UPDATE outbox_lines SET due_at = 0")
    assert (status(1, 1), status(1, 2)) == ((2, Delivery.DROPPED), (2, Delivery.WAITING))
    with cs.store.unit_of_work() as work:
        work.connection.exec_driver_sql(update.format("delivered", 2))
        work.connection.exec_driver_sql("DELETE FROM outbox WHERE id = 1")
    assert (status(1, 1), status(1, 2)) == ((2, Delivery.NOT_LISTED), (2, Delivery.DELIVERED))


def test_a_requeued_notice_is_found_by_its_first_message_id(cs: Office) -> None:
    cs.report(report(entry(1)))
    with cs.store.unit_of_work() as work:
        connection = work.connection
        connection.exec_driver_sql(
            "UPDATE outbox SET state = 'dead', business = true, code = 'ChangeRefused'"
        )
        connection.exec_driver_sql("UPDATE outbox_lines SET due_at = NULL")
        assert cs.store.outbox_desk.requeue(work, 1, lambda: "urn:uuid:another") is not None
    track = cs.update.query(ChangeQuestion(clerk(), code(1))).track
    assert track is not None
    assert track.delivery is Delivery.WAITING


def test_a_notified_server_takes_all_or_nothing(nation: Office) -> None:
    with pytest.raises(OperationFault) as caught:
        nation.notify(report(entry(1), move(1, 3, "gap")))
    assert (caught.value.code, caught.value.temporary) == ("ChangeOutOfTurn", False)
    assert nation.rows("SELECT count(*) FROM person_changes") == [(0,)]
    with pytest.raises(OperationFault) as caught:
        nation.notify(report(move(1, 1, "nobody")))
    assert caught.value.code == "ChangeRefused"
    assert nation.refused == ["number_gap", "not_on_record"]
    assert nation.notify(report(entry(1))) == [ACCEPTED]
    assert nation.notify(report(entry(1), move(1, 2, "x"))) == [ALREADY, ACCEPTED]
    with pytest.raises(OperationFault) as caught:
        nation.notify(report(move(1, 2, "other")))
    assert caught.value.code == "ChangeOutOfTurn"
    assert nation.waiting() == []


def yokohama(change: Change) -> ChangeReport:
    return report(change, caller=YOKOHAMA)


def there(person: int, number: int, reason: ChangeReason, address: str = "神奈川県横浜市") -> Change:
    moved = record(person, address, municipality=MunicipalityCode("141003"))
    return Change(number, reason, DAY, moved)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("stock", [False, True])
def test_two_municipalities_tell_of_one_person(nation: Office, late: bool, stock: bool) -> None:
    """The move-out of one and the move-in of the other come by two ways, in either order."""
    number = 1 if stock else 2
    if stock:
        with nation.store.unit_of_work() as work:
            nation.store.register.put(work, record(1), valid_from=None, reason=None, recorded_at=NOW)
    else:
        nation.notify(report(entry(1)))
    out, in_ = report(removal(1, number)), yokohama(there(1, 1, ChangeReason.MOVE_IN))
    for told in (in_, out) if late else (out, in_):
        assert nation.notify(told) == [ACCEPTED]
    current = nation.store.register.find(code(1))
    assert current is not None
    assert current.municipality.digits == "141003"
    assert nation.notify(yokohama(there(1, 2, ChangeReason.MOVE_WITHIN, "神奈川県横浜市港"))) == [ACCEPTED]
    # And back again: each counts on from where it was.
    assert nation.notify(yokohama(there(1, 3, ChangeReason.MOVE_OUT))) == [ACCEPTED]
    assert nation.notify(report(entry(1, number + 1))) == [ACCEPTED]
    assert nation.store.register.find(code(1)) == record(1)
    with pytest.raises(OperationFault):
        nation.notify(yokohama(there(1, 4, ChangeReason.MOVE_WITHIN)))
