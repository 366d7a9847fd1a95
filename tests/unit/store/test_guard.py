"""The duplicate guard over the tables: claims, leases, fencing, repeated answers, sweeping."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import FixedClock, SystemClock
from gateway.errors import StoreError
from gateway.refusals import Refused
from gateway.store import Arrival, Claimed, ClaimLost, InProgress, Store, Stored, StoredAnswer
from gateway.store.guard_rules import clock_in_order
from gateway.store.instants import from_micros, to_micros
from tests.kit.arrivals import arrival, terms
from tests.kit.databases import on_sqlite

ANSWER = StoredAnswer("urn:x:answer", "<a>住民</a>".encode())
FAULT = StoredAnswer("urn:x:fault", b"<f/>", fault=True)


def _claim(store: Store, clock: Any, signature: bytes = b"s1", content: bytes = b"c1", **more: Any) -> Any:
    return store.guard.claim(_arrival(clock, signature, content), **terms(clock.now()), **more)


def _arrival(
    clock: Any, signature: bytes = b"s1", content: bytes = b"c1", sender: str = "terminal-1"
) -> Arrival:
    return arrival(clock.now(), signature, sender=sender, message_id="urn:uuid:1", content=content)


def test_the_first_message_is_claimed(store: Store, clock: FixedClock) -> None:
    assert isinstance(_claim(store, clock), Claimed)


@pytest.mark.parametrize("answer", [ANSWER, FAULT])
def test_an_answer_is_repeated_to_every_fresh_signature(
    store: Store, clock: FixedClock, answer: StoredAnswer
) -> None:
    store.guard.settle(_claim(store, clock).token, answer)
    for signature in (b"s2", b"s3"):
        assert _claim(store, clock, signature) == Stored(answer)


def test_the_same_message_id_of_another_sender_is_another_message(store: Store, clock: FixedClock) -> None:
    _claim(store, clock)
    other = store.guard.claim(_arrival(clock, b"s2", b"c2", "terminal-2"), **terms(clock.now()))
    assert isinstance(other, Claimed)


def test_a_message_still_worked_on_tells_until_when(store: Store, clock: FixedClock) -> None:
    until = clock.now() + timedelta(seconds=10)
    _claim(store, clock)
    clock.advance(timedelta(seconds=10) - timedelta(microseconds=1))
    assert _claim(store, clock, b"s2") == InProgress(until)


def test_a_claim_whose_lease_is_over_is_claimed_anew_and_the_late_worker_writes_nothing(
    store: Store, clock: FixedClock
) -> None:
    late = _claim(store, clock)
    clock.advance(timedelta(seconds=10))
    second = _claim(store, clock, b"s2")
    assert isinstance(second, Claimed)
    for finish in (lambda: store.guard.settle(late.token, FAULT), lambda: store.guard.release(late.token)):
        with pytest.raises(ClaimLost):
            finish()
    with pytest.raises(ClaimLost):
        store.guard.forget(late.token)
    store.guard.settle(second.token, ANSWER)
    assert _claim(store, clock, b"s3") == Stored(ANSWER)


def test_a_late_worker_whose_lease_nobody_took_still_settles(store: Store, clock: FixedClock) -> None:
    claimed = _claim(store, clock)
    clock.advance(timedelta(seconds=30))
    store.guard.settle(claimed.token, ANSWER)
    assert _claim(store, clock, b"s2") == Stored(ANSWER)


def test_an_answer_is_settled_once(store: Store, clock: FixedClock) -> None:
    claimed = _claim(store, clock)
    store.guard.settle(claimed.token, ANSWER)
    for finish in (
        lambda: store.guard.settle(claimed.token, FAULT),
        lambda: store.guard.forget(claimed.token),
    ):
        with pytest.raises(ClaimLost):
            finish()
    assert _claim(store, clock, b"s2") == Stored(ANSWER)


def test_a_released_message_is_worked_anew_and_the_old_token_is_dead(store: Store, clock: FixedClock) -> None:
    first = _claim(store, clock)
    store.guard.release(first.token)
    second = _claim(store, clock, b"s2")
    assert isinstance(second, Claimed)
    with pytest.raises(ClaimLost):
        store.guard.settle(first.token, FAULT)


def test_a_forgotten_message_leaves_its_message_id_free(store: Store, clock: FixedClock) -> None:
    store.guard.forget(_claim(store, clock).token)
    assert isinstance(_claim(store, clock, b"s2", b"other content"), Claimed)


def test_claim_and_settle_in_one_transaction(store: Store, clock: FixedClock) -> None:
    with store.unit_of_work() as work:
        claimed = work.guard.claim(_arrival(clock), **terms(clock.now()))
        assert isinstance(claimed, Claimed)
        work.guard.settle(claimed.token, ANSWER)
    assert _claim(store, clock, b"s2") == Stored(ANSWER)


def test_a_unit_that_fails_leaves_neither_claim_nor_signature(store: Store, clock: FixedClock) -> None:
    with pytest.raises(ZeroDivisionError), store.unit_of_work() as work:
        work.guard.claim(_arrival(clock), **terms(clock.now()))
        raise ZeroDivisionError
    assert isinstance(_claim(store, clock), Claimed)


def test_what_is_kept_no_longer_is_a_new_message_whether_swept_or_not(
    store: Store, clock: FixedClock
) -> None:
    store.guard.settle(_claim(store, clock).token, ANSWER)
    clock.advance(timedelta(hours=1) - timedelta(microseconds=1))
    assert _claim(store, clock, b"s2") == Stored(ANSWER)
    clock.advance(timedelta(microseconds=1))
    second = _claim(store, clock, b"s3", b"other content")
    assert isinstance(second, Claimed)
    assert isinstance(_claim(store, clock, b"s4", b"other content"), InProgress)  # the old answer is gone


def test_a_sweep_is_bounded_and_takes_only_what_is_over(store: Store, clock: FixedClock) -> None:
    for number in range(7):
        store.guard.claim(
            arrival(clock.now(), b"s%d" % number, message_id=f"m{number}"), **terms(clock.now())
        )
    clock.advance(timedelta(minutes=6))
    assert [store.sweep(clock.now(), limit=4) for _ in range(3)] == [4, 3, 0]  # the signatures
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM guard_messages").scalar_one() == 7
    clock.advance(timedelta(minutes=54))
    assert [store.sweep(clock.now(), limit=4) for _ in range(3)] == [4, 3, 0]


@on_sqlite
def test_growth_is_bounded_by_what_is_kept(store: Store, clock: FixedClock) -> None:
    def one_hour(name: str) -> int:
        with store.unit_of_work() as work:
            for number in range(400):
                key = f"{name}-{number}"
                claimed = work.guard.claim(
                    arrival(clock.now(), key.encode(), message_id=key), **terms(clock.now())
                )
                assert isinstance(claimed, Claimed)
                work.guard.settle(claimed.token, StoredAnswer("a", b"x" * 2_000))
        clock.advance(timedelta(hours=1))
        while store.sweep(clock.now()):
            pass
        with store.read() as connection:
            return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())

    first = one_hour("first")
    assert max(one_hour(f"later{hour}") for hour in range(5)) <= first + 8  # pages


@on_sqlite
def test_a_database_that_is_full_decides_nothing_and_writes_no_half(store: Store, clock: FixedClock) -> None:
    with store.unit_of_work() as work:
        pages = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        work.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}").fetchall()
    outcomes = []
    for number in range(200):
        try:
            with store.unit_of_work() as work:
                claimed = work.guard.claim(
                    arrival(clock.now(), b"s%d" % number, message_id=f"m{number}"), **terms(clock.now())
                )
                assert isinstance(claimed, Claimed)
                work.guard.settle(claimed.token, StoredAnswer("a", b"x" * 3_000))
        except (Refused, StoreError) as error:
            outcomes.append(error)
            break
    assert len(outcomes) == 1
    with store.read() as connection:
        answered, seen = (
            connection.exec_driver_sql(sql).scalar_one()
            for sql in (
                "SELECT count(*) FROM guard_messages WHERE state = 'answered'",
                "SELECT count(*) FROM guard_signatures",
            )
        )
    assert answered == seen == number


def test_a_lease_longer_than_the_retention_is_a_mistake(store: Store, clock: FixedClock) -> None:
    times = {**terms(clock.now()), "keep_until": clock.now()}
    with pytest.raises(ValueError, match="at least as long as its lease"):
        store.guard.claim(_arrival(clock), **times)


def test_instants_are_aware_and_exact() -> None:
    instant = datetime(2026, 11, 23, 9, 0, 0, 123_457, tzinfo=UTC)
    assert from_micros(to_micros(instant)) == instant
    with pytest.raises(ValueError, match="aware"):
        to_micros(datetime(2026, 11, 23))  # noqa: DTZ001


def test_an_answer_does_not_show_its_body() -> None:
    assert "住民" not in repr(ANSWER)
    assert "住民".encode().hex() not in repr(Stored(ANSWER))
    assert repr(ANSWER) == "StoredAnswer(action='urn:x:answer', body=<13 octets>, fault=False)"


def test_the_clock_may_lie_behind_by_the_tolerance(clock: FixedClock) -> None:
    now = clock.now()
    assert clock_in_order(now, None, tolerance_seconds=60)
    assert clock_in_order(now, now + timedelta(seconds=60), tolerance_seconds=60)
    assert not clock_in_order(now, now + timedelta(seconds=60, microseconds=1), tolerance_seconds=60)


def test_a_clock_that_went_back_is_told_even_after_a_restart(
    store: Store, clock: FixedClock, database: Path | str
) -> None:
    assert store.clock_behind() == timedelta(0)
    _claim(store, clock)
    assert store.clock_behind() == timedelta(0)
    clock.advance(timedelta(days=1))
    _claim(store, clock, b"s2")
    clock.advance(timedelta(minutes=-5))
    assert store.clock_behind() == timedelta(minutes=5)
    again = Store.open(database, clock=clock)
    assert again.clock_behind() == timedelta(minutes=5)
    with again.unit_of_work() as work:
        work.connection.exec_driver_sql("SELECT 1")
    assert again.clock_behind() == timedelta(minutes=5)  # a mark never goes back
    again.close()


@pytest.fixture
def live(database: Path | str) -> Any:
    store = Store.open(database, clock=SystemClock(), upgrade=True)
    yield store
    store.close()


def _claim_or_wait(store: Store, signature: bytes, seconds: float = 5.0, content: bytes = b"c1") -> Any:
    now = datetime.now(UTC)
    wait = now + timedelta(seconds=seconds)
    return store.guard.claim_or_wait(arrival(now, signature, content=content), **terms(now), wait_until=wait)


def test_the_second_waits_for_the_firsts_answer(live: Store) -> None:
    first = _claim_or_wait(live, b"s1")
    outcome: list[Any] = []
    second = threading.Thread(target=lambda: outcome.append(_claim_or_wait(live, b"s2")))
    second.start()
    time.sleep(0.1)
    assert outcome == []
    live.guard.settle(first.token, ANSWER)
    second.join(5)
    assert outcome == [Stored(ANSWER)]


def test_the_second_takes_over_what_the_first_gives_up(live: Store) -> None:
    for give_up in (live.guard.release, live.guard.forget):
        first = _claim_or_wait(live, b"s1" + give_up.__name__.encode())
        outcome: list[Any] = []
        signature = b"s2" + give_up.__name__.encode()
        second = threading.Thread(target=lambda s=signature, o=outcome: o.append(_claim_or_wait(live, s)))
        second.start()
        time.sleep(0.05)
        give_up(first.token)
        second.join(5)
        assert isinstance(outcome[0], Claimed)
        assert outcome[0].token != first.token
        live.guard.forget(outcome[0].token)


def test_the_second_takes_over_when_the_lease_ends(live: Store) -> None:
    now = datetime.now(UTC)
    live.guard.claim(arrival(now, content=b"c1"), **terms(now, 0.2))
    assert isinstance(_claim_or_wait(live, b"s2"), Claimed)
    assert datetime.now(UTC) >= now + timedelta(seconds=0.2)


def test_of_many_that_wait_one_takes_over_and_all_get_its_answer(live: Store) -> None:
    first = _claim_or_wait(live, b"first")
    outcomes: list[Any] = []

    def work(number: int) -> None:
        outcome = _claim_or_wait(live, b"s%d" % number)
        outcomes.append(outcome)
        if isinstance(outcome, Claimed):
            live.guard.settle(outcome.token, ANSWER)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    live.guard.release(first.token)
    for thread in threads:
        thread.join(10)
    assert sum(isinstance(outcome, Claimed) for outcome in outcomes) == 1
    assert outcomes.count(Stored(ANSWER)) == 5


def test_a_wait_longer_than_the_lease_is_a_mistake(live: Store) -> None:
    with pytest.raises(ValueError, match="at least as long as the wait"):
        _claim_or_wait(live, b"s1", seconds=11)


def test_waiting_with_a_clock_that_stands_still_ends(store: Store, clock: FixedClock) -> None:
    _claim(store, clock)
    began = time.monotonic()
    with pytest.raises(Refused) as caught:
        wait = clock.now() + timedelta(seconds=0.2)
        store.guard.claim_or_wait(_arrival(clock, b"s2"), **terms(clock.now()), wait_until=wait)
    assert caught.value.rule.name == "still-worked-on"
    assert time.monotonic() - began < 2
