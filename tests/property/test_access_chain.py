"""Whatever accesses are written, in whatever batches: they are read back so, and any one change is found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String

from gateway.clock import FixedClock
from gateway.domain.accesses import Access, Concern, Effect, Subject, Who
from gateway.store import Store
from gateway.store.access_check import check_accesses
from gateway.store.tables import accesses
from tests.kit.accesses import AT, code, listed, write
from tests.kit.evidence import sql

_TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
_CONCERNS = st.one_of(
    st.builds(Concern.of, st.integers(0, 10**10 - 1).map(code), st.sampled_from(Effect)),
    st.builds(
        Concern, st.sampled_from([Subject.ITEMS, Subject.TERMS]), st.text(max_size=8), st.sampled_from(Effect)
    ),
)
_ACCESSES = st.builds(
    Access,
    st.integers(0, 10**6).map(lambda seconds: AT + timedelta(seconds=seconds)),
    st.sampled_from(["in", "out", "own"]),
    st.builds(Who, st.sampled_from(["a", "b"]), _TEXT, _TEXT, _TEXT, _TEXT, _TEXT),
    st.sampled_from(["SearchPerson", "VerifyIdentity"]),
    st.sampled_from(["found", "fault:Busy"]),
    _TEXT,
    st.lists(_CONCERNS, max_size=3).map(tuple),
    st.booleans(),
    _TEXT,
)
_OTHER: dict[type, object] = {String: "x", BigInteger: 7, Integer: 7, Boolean: 1, LargeBinary: b"\x00" * 32}
_BATCHES = st.lists(st.lists(_ACCESSES, min_size=1, max_size=4), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        opened = Store.open(Path(folder), clock=FixedClock(AT), upgrade=True)
        yield opened
        opened.close()


@given(_BATCHES, st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_read_back_and_held_together(store: Store, batches: list[list[Access]], data: Any) -> None:
    for table in ("accesses", "access_people", "access_chains"):
        sql(store, f"DELETE FROM {table}")  # noqa: S608 - names
    for batch in batches:
        write(store, *batch)
    made = [one for batch in batches for one in batch]
    found = {int(one.id.removeprefix("local/")): one for one in listed(store)}
    for number, one in enumerate(made, 1):
        back = found[number]
        assert (back.at, back.direction, back.who, back.operation) == (
            one.at,
            one.direction,
            one.who,
            one.operation,
        )
        assert (back.outcome, back.message_id, back.passed_to) == (one.outcome, one.message_id, one.passed_to)
        assert [(person.subject, person.effect) for person in back.people] == [
            (person.subject, person.effect) for person in one.people
        ]
    report = check_accesses(store.read)
    assert (report.good, report.accesses) == (True, len(made))

    number = data.draw(st.integers(1, len(made)))
    column = data.draw(st.sampled_from([column for column in accesses.columns if column.name != "id"]))
    value = _OTHER[type(column.type)]
    with store.read() as connection:
        before = connection.exec_driver_sql(
            f"SELECT {column.name} FROM accesses WHERE id & 255 = {number}"  # noqa: S608 - names
        ).scalar()
    if before != value:
        sql(store, f"UPDATE accesses SET {column.name} = ? WHERE id & 255 = {number}", value)  # noqa: S608
        assert not check_accesses(store.read).good
