"""What becomes of a message after a call; waiting times; the circuit breaker. All pure."""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.contract.faults import CODES, INTERNAL_ERROR
from gateway.domain.faults import OPERATION_FAULTS
from gateway.errors import (
    CounterpartAnswerInvalid,
    CounterpartError,
    CounterpartFault,
    CounterpartTimeout,
    CounterpartUnavailable,
)
from gateway.outbox import Attempt, Breaker, DeliveryFailed, Policy, Verdict, decide, judge
from gateway.outbox.backoff import backoff
from gateway.outbox.decisions import code_of
from gateway.refusals import Fault
from gateway.store import TRANSITIONS, Delivered, GiveUp, OutboxEvent, OutboxRow, OutboxState, Retry
from gateway.store.outbox_states import FINAL, sources, target

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = Policy()


def fault(code: str, standing: Any = "bound") -> CounterpartFault:
    return CounterpartFault(code, "text", "reference", standing)


def row(**changes: Any) -> OutboxRow:
    values: dict[str, Any] = {
        "id": 1, "destination": "a", "service": "s", "operation": "o", "action": "x", "key": "k",
        "body": b"<a/>", "message_id": "urn:uuid:1", "state": OutboxState.LEASED, "attempts": 1,
        "enqueued_at": NOW,
    }  # fmt: skip
    return OutboxRow(**{**values, **changes})


def decided(error: CounterpartError | None, **changes: Any) -> Any:
    attempt = Attempt(b"q", b"a", "urn:uuid:answer", error)
    return decide(row(**changes), attempt, NOW, POLICY, Random(1))


def test_an_answer_is_a_delivery() -> None:
    found = decided(None)
    assert found.settlement == Delivered("urn:uuid:answer", hashlib.sha256(b"a").digest())
    assert found.reached is True


def test_an_attempt_without_an_answer_is_none() -> None:
    for values in ({}, {"answer": b"a"}, {"answer_message_id": "x"}):
        with pytest.raises(ValueError, match="answer"):
            Attempt(**values)


@pytest.mark.parametrize(
    ("error", "verdict", "reached"),
    [
        (CounterpartTimeout("x"), Verdict.UNREACHABLE, False),
        (CounterpartUnavailable("x"), Verdict.UNREACHABLE, False),
        (CounterpartAnswerInvalid("x"), Verdict.UNREACHABLE, False),
        (fault("PersonUnknown", "unbound"), Verdict.UNREACHABLE, False),
        (fault("PersonUnknown", "unauthenticated"), Verdict.UNREACHABLE, False),
        (fault("DuplicateMessage", "unbound"), Verdict.UNREACHABLE, False),
        (fault("MessageExpired"), Verdict.UNREACHABLE, False),
        (fault("FailedAuthentication"), Verdict.UNREACHABLE, False),
        (fault("Server"), Verdict.UNREACHABLE, False),
        (fault("Busy"), Verdict.LATER, True),
        (fault("CounterpartTimeout"), Verdict.LATER, True),
        (fault(INTERNAL_ERROR), Verdict.LATER, True),
        (DeliveryFailed("x"), Verdict.LATER, None),
        (fault("DuplicateMessage"), Verdict.DUPLICATE, True),
        (fault("PersonUnknown"), Verdict.REFUSED, True),
        (fault("InvalidRequest"), Verdict.REFUSED, True),
        (fault("NotPermitted"), Verdict.REFUSED, True),
        (fault("unknown"), Verdict.REFUSED, True),
    ],
)
def test_every_kind_of_failure(error: CounterpartError, verdict: Verdict, reached: bool | None) -> None:
    found = decided(error)
    assert (judge(error), found.reached) == (verdict, reached)
    if verdict is Verdict.REFUSED:
        assert found.settlement == GiveUp(code_of(error), business=True)
    else:
        assert isinstance(found.settlement, Retry)
        assert timedelta(seconds=0.5) <= found.settlement.delay <= timedelta(seconds=1)


def test_every_code_of_the_contract_is_judged() -> None:
    refused = {code for code in CODES if judge(fault(code)) is Verdict.REFUSED}
    lasting = {kind.code for kind in OPERATION_FAULTS.values() if not kind.temporary}
    assert refused == lasting | {Fault.NOT_PERMITTED.local, Fault.INVALID_REQUEST.local}


@pytest.mark.parametrize(
    ("seconds", "given_up"), [(None, False), (0, False), (599.999, False), (600, True), (9999, True)]
)
def test_duplicate_message_is_borne_for_a_while(seconds: float | None, given_up: bool) -> None:
    since = None if seconds is None else NOW - timedelta(seconds=seconds)
    settlement = decided(fault("DuplicateMessage"), duplicate_since=since).settlement
    if given_up:
        assert settlement == GiveUp("DuplicateMessage", business=False)
    else:
        assert settlement.duplicate is True


def test_only_an_answer_ends_the_row_of_duplicates() -> None:
    told = [
        decided(error).settlement.duplicate
        for error in (CounterpartTimeout("x"), DeliveryFailed("x"), fault("Busy"))
    ]
    assert told == [None, None, False]


def test_codes_tell_how_far_they_can_be_believed() -> None:
    assert code_of(CounterpartTimeout("x")) == "Timeout"
    assert code_of(fault("X")) == "X"
    assert code_of(fault("X", "unbound")) == "unbound:X"
    assert len(code_of(fault("X" * 500))) == 64


# Waiting.


@given(st.integers(1, 10_000), st.floats(0.001, 100), st.floats(1, 1000), st.integers())
def test_waits_grow_and_are_bounded(times: int, first: float, factor: float, seed: int) -> None:
    longest = first * factor
    wait = backoff(times, first=first, longest=longest, random=Random(seed))
    whole = min(longest, first * 2 ** min(times - 1, 64))
    assert whole / 2 <= wait <= whole
    assert wait == backoff(times, first=first, longest=longest, random=Random(seed))


def test_waits_are_spread() -> None:
    random = Random(7)
    waits = {backoff(3, first=1, longest=300, random=random) for _ in range(50)}
    assert len(waits) == 50
    assert max(waits) - min(waits) > 1.5
    with pytest.raises(ValueError, match="nothing"):
        backoff(0, first=1, longest=2, random=random)


@pytest.mark.parametrize(
    "wrong",
    [
        {"retry_first": 0},
        {"retry_first": 301.0},
        {"breaker_first": 0},
        {"breaker_first": 61.0},
        {"breaker_failures": 0},
        {"duplicate_patience": -1},
    ],
)
def test_a_policy_fits_together(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Policy(**wrong)


def test_the_bounds_of_a_policy_may_touch() -> None:
    Policy(
        retry_first=1,
        retry_longest=1,
        breaker_first=1,
        breaker_longest=1,
        breaker_failures=1,
        duplicate_patience=0,
    )


# The breaker.


def failing(breaker: Breaker, times: int, now: float = 0.0) -> Breaker:
    random = Random(1)
    for _ in range(times):
        breaker = breaker.failed(now, POLICY, random)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    closed = failing(Breaker(), 4)
    assert not closed.is_open
    assert closed.room(0, under_way=1, most=4) == 3
    assert closed.room(0, under_way=5, most=4) == 0
    assert not failing(closed.succeeded(), 4).is_open
    opened = failing(closed, 1)
    assert opened.is_open
    assert opened.room(0.999, under_way=0, most=4) == 0


def test_half_open_lets_one_call_out() -> None:
    opened = failing(Breaker(), 5)
    assert opened.until is not None
    assert 1 <= opened.until <= 2
    assert opened.room(opened.until, under_way=0, most=4) == 1
    assert opened.room(opened.until, under_way=1, most=4) == 0
    assert opened.succeeded() == Breaker()


def test_it_opens_longer_each_time_and_late_failures_do_not_count() -> None:
    breaker = failing(Breaker(), 5)
    late = failing(breaker, 3)
    assert late == breaker
    waits = []
    for _ in range(8):
        assert breaker.until is not None
        now = breaker.until
        breaker = failing(breaker, 1, now)
        waits.append((breaker.until or 0) - now)
    wholes = [4, 8, 16, 32, 60, 60, 60, 60]
    assert all(whole / 2 <= wait <= whole for wait, whole in zip(waits, wholes, strict=True))
    assert breaker.opened == 9


# The states.


def test_the_table_of_states() -> None:
    assert {event for _, event in TRANSITIONS} == set(OutboxEvent)
    assert {state for state, _ in TRANSITIONS}.isdisjoint(FINAL)
    assert set(OutboxState) - {state for state, _ in TRANSITIONS} == FINAL
    assert sources(OutboxEvent.CLAIMED) == ("pending", "leased")
    assert [target(event) for event in OutboxEvent] == [
        "leased", "pending", "delivered", "pending", "dead", "pending", "dropped",
    ]  # fmt: skip
    for event in set(OutboxEvent) - {OutboxEvent.CLAIMED, OutboxEvent.REQUEUED, OutboxEvent.DROPPED}:
        assert sources(event) == ("leased",)
