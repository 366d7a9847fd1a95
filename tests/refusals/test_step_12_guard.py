"""Step 12, the duplicate guard: each rule by one change to a message that passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.refusals import Fault, Refused
from gateway.store import Claimed, InProgress, Store, Stored, StoredAnswer
from gateway.store.committed_guard import _again
from gateway.store.failures import Conflict
from gateway.store.guard_batch import Worked
from tests.kit.arrivals import arrival, terms

ANSWER = StoredAnswer("urn:x:answer", b"<a/>")
Claim = Callable[..., Any]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    store = Store.open(tmp_path, clock=clock, upgrade=True, lock_timeout_seconds=0.2)
    yield store
    store.close()


@pytest.fixture
def claim(store: Store, clock: FixedClock) -> Claim:
    """The good message; a test changes one thing of it."""

    def send(*, signature: bytes = b"first signature", content: bytes = b"content") -> Any:
        return store.guard.claim(arrival(clock.now(), signature, content=content), **terms(clock.now()))

    return send


def _refused(rule: str, call: Callable[[], object]) -> Refused:
    """The refusal, by exactly this rule (pytest.fail works under -O too)."""
    try:
        outcome = call()
    except Refused as refused:
        if (refused.rule.name, refused.rule.step) != (rule, 12):
            pytest.fail(f"refused by {refused.rule.name}, not by {rule}")
        passes = rule in {"still-worked-on", "guard-undecided"}
        if refused.rule.fault is not (Fault.BUSY if passes else Fault.DUPLICATE_MESSAGE):
            pytest.fail(f"the fault is {refused.rule.fault}")
        return refused
    pytest.fail(f"not refused: {outcome!r}")


def test_the_good_message_passes(claim: Claim) -> None:
    assert isinstance(claim(), Claimed)


@pytest.mark.parametrize("fate", ["claimed", "answered", "released", "forgotten"])
def test_the_identical_message_is_replayed_whatever_became_of_the_first(
    claim: Claim, store: Store, fate: str
) -> None:
    token = claim().token
    match fate:
        case "answered":
            store.guard.settle(token, ANSWER)
        case "released":
            store.guard.release(token)
        case "forgotten":
            store.guard.forget(token)
    _refused("replayed", claim)


def test_the_identical_retry_is_replayed_too(claim: Claim, store: Store) -> None:
    store.guard.settle(claim().token, ANSWER)
    assert claim(signature=b"second signature") == Stored(ANSWER)
    _refused("replayed", lambda: claim(signature=b"second signature"))


def test_the_identical_request_of_one_that_waits_is_replayed(claim: Claim) -> None:
    claim()
    assert isinstance(claim(signature=b"second signature"), InProgress)
    _refused("replayed", lambda: claim(signature=b"second signature"))


def test_the_identical_message_under_another_message_id_is_replayed(
    claim: Claim, store: Store, clock: FixedClock
) -> None:
    claim()
    other = arrival(clock.now(), b"first signature", sender="t2", message_id="m2", content=b"content")
    _refused("replayed", lambda: store.guard.claim(other, **terms(clock.now())))


def test_a_replay_after_a_restart(claim: Claim, store: Store, clock: FixedClock, tmp_path: Path) -> None:
    claim()
    store.close()
    again = Store.open(tmp_path, clock=clock)
    same = arrival(clock.now(), b"first signature", content=b"content")
    _refused("replayed", lambda: again.guard.claim(same, **terms(clock.now())))
    again.close()


@pytest.mark.parametrize("fate", ["claimed", "lease over", "answered", "released"])
def test_other_content_under_the_same_message_id(
    claim: Claim, store: Store, clock: FixedClock, fate: str
) -> None:
    token = claim().token
    match fate:
        case "lease over":
            clock.advance(timedelta(seconds=11))
        case "answered":
            store.guard.settle(token, ANSWER)
        case "released":
            store.guard.release(token)
    refused = _refused("message-id-reused", lambda: claim(signature=b"second", content=b"other"))
    assert b"other".hex() in refused.found
    assert b"content".hex() in refused.wanted


def test_a_message_refused_for_its_content_leaves_no_effect(claim: Claim, store: Store) -> None:
    store.guard.settle(claim().token, ANSWER)
    for _ in range(2):
        _refused("message-id-reused", lambda: claim(signature=b"second", content=b"other"))
    assert claim(signature=b"second") == Stored(ANSWER)


def test_the_first_is_still_worked_on_when_the_deadline_comes(
    claim: Claim, store: Store, clock: FixedClock
) -> None:
    claim()
    now = clock.now()

    def second() -> object:
        return store.guard.claim_or_wait(
            arrival(now, b"second signature", content=b"content"),
            **terms(now),
            wait_until=now + timedelta(seconds=0.1),
        )

    _refused("still-worked-on", second)


def test_a_change_whose_first_message_is_still_worked_on(
    claim: Claim, store: Store, clock: FixedClock
) -> None:
    """A change writes in the transaction that claims it: while another holds the claim it writes nothing."""
    claim()
    now = clock.now()
    second = Worked(arrival(now, b"second", content=b"content"), now, ANSWER)
    written: list[object] = []
    _refused("still-worked-on", lambda: store.guard.answer_change(second, written.append))
    if written:
        pytest.fail("it wrote beside another's claim")


def test_a_locked_database_decides_nothing(
    claim: Claim, store: Store, clock: FixedClock, tmp_path: Path
) -> None:
    other = Store.open(tmp_path, clock=clock)
    with other.unit_of_work() as holder:
        holder.connection.exec_driver_sql("SELECT 1")
        refused = _refused("guard-undecided", claim)
    assert "locked" in refused.found
    other.close()
    assert isinstance(claim(), Claimed)


def test_a_damaged_table_decides_nothing(claim: Claim, store: Store) -> None:
    with store.unit_of_work() as work:
        work.connection.exec_driver_sql("DROP TABLE guard_signatures")
    refused = _refused("guard-undecided", claim)
    assert "guard_signatures" in refused.found


def test_a_commit_that_fails_decides_nothing(claim: Claim, store: Store) -> None:
    def fail(_connection: object) -> None:
        raise StoreError("no space")

    event.listen(store.database.writer, "commit", fail)
    _refused("guard-undecided", claim)
    event.remove(store.database.writer, "commit", fail)
    assert isinstance(claim(), Claimed)  # nothing of the first was left


def test_a_failing_database_decides_nothing_for_one_that_waits(
    claim: Claim, store: Store, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim()

    def fail() -> None:
        raise StoreError("gone")

    monkeypatch.setattr(store.guard, "_read", fail)
    now = clock.now()
    second = arrival(now, b"second", content=b"content")
    until = now + timedelta(seconds=0.1)
    _refused("guard-undecided", lambda: store.guard.claim_or_wait(second, **terms(now), wait_until=until))


def test_a_clock_behind_the_newest_commit_decides_nothing(claim: Claim, clock: FixedClock) -> None:
    claim()
    clock.advance(timedelta(seconds=-60))
    assert isinstance(claim(signature=b"within the tolerance"), InProgress)
    clock.advance(timedelta(seconds=-1))
    refused = _refused("guard-undecided", lambda: claim(signature=b"beyond it"))
    assert "clock" in refused.found


def test_what_others_write_at_every_look_is_not_decided() -> None:
    def look() -> None:
        raise Conflict("another worker wrote in the same moment")

    _refused("guard-undecided", lambda: _again(look))
