"""The queue of writers in one process: first come, first served, and nobody waits for ever."""

from __future__ import annotations

import threading
import time

import pytest

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.store import Store
from gateway.store.turns import Turns


def test_turns_are_handed_on_in_the_order_of_coming() -> None:
    turns, order = Turns(), list[int]()
    assert turns.take(0)

    def work(number: int) -> None:
        assert turns.take(5)
        order.append(number)
        turns.give()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        while len(turns._waiting) < number:
            time.sleep(0.001)
    turns.give()
    for thread in threads:
        thread.join(5)
    assert order == [0, 1, 2, 3, 4]
    assert turns.take(0)


def test_who_gave_up_is_not_called() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    turns.give()
    assert turns.take(0)


def test_a_turn_that_does_not_come_is_an_error(store: Store) -> None:
    failures: list[StoreError] = []

    def second() -> None:
        try:
            with store.unit_of_work() as work:
                work.connection.exec_driver_sql("SELECT 1")
        except StoreError as error:
            failures.append(error)

    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("SELECT 1")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(5)
    assert [str(error) for error in failures] == ["no turn to write came within the time limit"]
    second()
    assert len(failures) == 1


def test_a_unit_that_cannot_begin_gives_its_turn_back(store: Store, clock: FixedClock) -> None:
    other = Store.open(str(store.database.url), clock=clock)
    with other.unit_of_work() as holder:
        holder.connection.exec_driver_sql("SELECT 1")
        for _ in range(2):
            with pytest.raises(StoreError, match="locked"), store.unit_of_work() as work:
                work.connection.exec_driver_sql("SELECT 1")
    other.close()
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("SELECT 1")
