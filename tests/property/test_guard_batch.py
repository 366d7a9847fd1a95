"""Messages that share a commit fare as one after the other: the same outcomes, the same rows.

Random messages of a small world (two senders, three MessageIDs, two contents, signatures that come again) are
given to two stores: to one in batches, and then by itself what was not taken; to the other each by itself, in
that order, which is one of those in which raced messages may arrive.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from gateway.clock import FixedClock
from gateway.refusals import Refused
from gateway.store import Arrival, Claimed, Store, Stored, StoredAnswer, Worked
from gateway.store.tables import clock_marks, messages, signatures
from tests.kit.examples import examples

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SEEN, KEEP = timedelta(minutes=6), timedelta(hours=1)


class Message(NamedTuple):
    sender: str
    message_id: str
    content: bytes
    signature: bytes


MESSAGES = st.builds(
    Message,
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(["m1", "m2", "m3"]),
    st.sampled_from([b"c1", b"c2"]),
    st.integers(0, 12).map(lambda number: b"s%d" % number),
)
STEPS = st.lists(
    st.tuples(
        st.lists(MESSAGES, min_size=1, max_size=6),
        st.sampled_from([timedelta(0), timedelta(seconds=1), KEEP, -timedelta(minutes=2)]),
    ),
    max_size=4,
)


class Side:
    """One store, emptied for each example."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FixedClock(START)
        self.store = Store.open(self.folder, clock=self.clock, upgrade=True)

    def begin(self) -> None:
        self.clock = FixedClock(START)
        self.store._clock = self.store.guard._clock = self.clock
        self.store._next_mark = None
        with self.store.unit_of_work() as work:
            for table in (messages, signatures, clock_marks):
                work.connection.execute(delete(table))

    def alone(self, message: Message, answer: StoredAnswer) -> object:
        now = self.clock.now()
        try:
            claim = self.store.guard.claim(
                Arrival(*message, now, now + SEEN), lease_until=now, keep_until=now + KEEP
            )
        except Refused as refused:
            return refused.rule.name
        if isinstance(claim, Stored):
            return claim.answer
        assert isinstance(claim, Claimed)
        self.store.guard.settle(claim.token, answer)
        return answer

    def together(self, batch: Sequence[tuple[Message, StoredAnswer]]) -> tuple[bool, ...]:
        """Which were taken."""
        now = self.clock.now()
        return self.store.guard.answer_all(
            [Worked(Arrival(*m, now, now + SEEN), now + KEEP, answer) for m, answer in batch]
        )

    def rows(self) -> list[list[Any]]:
        with self.store.read() as connection:
            return [
                list(connection.exec_driver_sql(query).all())
                for query in (
                    "SELECT sender, message_id, body_digest, state, lease_until, kept_until, answer_action,"
                    " answer_body, answer_fault FROM guard_messages ORDER BY sender, message_id",
                    "SELECT digest, until FROM guard_signatures ORDER BY digest",
                )
            ]

    def end(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def sides() -> Iterator[tuple[Side, Side]]:
    pair = Side(), Side()
    yield pair
    for side in pair:
        side.end()


@settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_a_batch_is_as_good_as_one_after_the_other(
    sides: tuple[Side, Side], steps: list[tuple[list[Message], timedelta]]
) -> None:
    batched, plain = sides
    batched.begin()
    plain.begin()
    number = 0
    for arriving, pause in steps:
        batch = []
        for message in arriving:
            number += 1
            batch.append((message, StoredAnswer("a", b"%d" % number)))
        taken = batched.together(batch)
        first = [one for one, new in zip(batch, taken, strict=True) if new]
        rest = [one for one, new in zip(batch, taken, strict=True) if not new]
        assert [plain.alone(*one) for one in first] == [answer for _, answer in first]
        assert [batched.alone(*one) for one in rest] == [plain.alone(*one) for one in rest]
        assert batched.rows() == plain.rows()
        batched.clock.advance(pause)
        plain.clock.advance(pause)
