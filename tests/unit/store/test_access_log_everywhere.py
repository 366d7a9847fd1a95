"""The access log on every database that a store can be in."""

from __future__ import annotations

import threading
from datetime import timedelta

from gateway.clock import FixedClock
from gateway.domain.accesses import Effect, Subject
from gateway.store import Store
from gateway.store.access_check import check_accesses
from gateway.store.access_erase import erase_accesses
from tests.kit.accesses import AT, access, code, codes, listed, write
from tests.kit.evidence import plain_entry, sealer

DAY = timedelta(days=1)


def test_written_found_noted_and_erased(store: Store, clock: FixedClock) -> None:
    write(
        store,
        access(1, 2, with_number=True),
        access(3, at=AT + DAY, effect=Effect.ASKED, outcome="fault:Busy"),
    )
    one, two = listed(store)
    assert (codes(store, one), codes(store, two)) == ([code(1).digits, code(2).digits], [code(3).digits])
    assert (one.with_number, two.with_number, two.people[0].effect) == (True, False, Effect.ASKED)
    name = store.accesses.subjects.seal(Subject.CODE, code(3).digits)
    assert (
        listed(store, people=(name,))
        == listed(store, outcome="fault")
        == listed(store, since=AT + DAY)
        == [two]
    )
    store.keep([plain_entry(1)])
    sealer(store, clock).seal()
    report = check_accesses(store.read)
    assert (report.good, report.accesses, report.notes, report.unnoted) == (True, 2, 1, 0)
    assert erase_accesses(store, AT + DAY, system="131016-cs", now=clock.now()) == 1
    assert listed(store) == [two]
    assert check_accesses(store.read).good


def test_written_by_several_at_once(store: Store) -> None:
    def some(first: int) -> None:
        for number in range(first, first + 10):
            store.keep([plain_entry(number)], [store.accesses.sealed(access(number))])

    threads = [threading.Thread(target=some, args=(first,)) for first in (1, 11, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.note_accesses("131016-cs") is True
    report = check_accesses(store.read)
    assert (report.good, report.accesses, report.unnoted) == (True, 30, 0)
