"""The judge finds what is wrong, says nothing of what is right, and never guesses about the unknown."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.kit.chaos import plan
from tests.kit.judge import Change, Fate, Journal, Sent, judge, lines_of, rows_of

A0, A1, A2, B0 = Change("a", 0), Change("a", 1), Change("a", 2), Change("b", 0)
SENT = [
    Sent(A0, Fate.ACKNOWLEDGED),
    Sent(A1, Fate.UNKNOWN),
    Sent(B0, Fate.REFUSED),
    Sent(A2, Fate.ACKNOWLEDGED),
]


@pytest.mark.parametrize("held", [[A0, A1, A2], [A0, A2]])
def test_the_unknown_may_be_there_or_not(held: list[Change]) -> None:
    found = judge(SENT, {"one": held, "two": held})
    assert found.good
    assert str(found) == "2 acknowledged, 1 refused, 1 unknown; 0 findings"


@pytest.mark.parametrize(
    ("held", "finding"),
    [
        ([A0], "lost: x lacks a/2, which was acknowledged"),
        ([A0, A2, A2], "doubled: x has a/2 2 times"),
        ([A0, A1, A1, A2], "doubled: x has a/1 2 times"),
        ([A2, A0], "out of order: x took a/0 after a later one"),
        ([A0, A2, A1], "out of order: x took a/1 after a later one"),
        ([A0, A2, B0], "refused but there: x has b/0"),
        ([A0, A2, Change("c", 0)], "invented: x has c/0, which nobody sent"),
        ([A0, Change("a", 2, "other")], "changed: x has a/2 with other content"),
    ],
)
def test_each_finding_alone(held: list[Change], finding: str) -> None:
    assert judge(SENT, {"x": held}).findings == [finding]


def test_what_is_in_one_store_only_is_half_there() -> None:
    found = judge(SENT, {"one": [A0, A1, A2], "two": [A0, A2], "three": [A0, A1, A2]})
    assert found.findings == ["half there: a/1 is in one, three only"]


def test_a_contradiction_is_a_finding() -> None:
    assert judge([Sent(A0, Fate.ACKNOWLEDGED, contradicted=True)], {}).findings == [
        "contradicted: a/0 was both acknowledged and refused"
    ]


def test_the_journal_of_a_client_that_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    with Journal(file) as journal:
        for change in (A0, A1, B0, A2):
            journal.sending(change)
        journal.told(A0, Fate.UNKNOWN)
        journal.sending(A0)
        journal.told(A0, Fate.ACKNOWLEDGED)
        journal.told(B0, Fate.REFUSED)
        journal.told(A2, Fate.REFUSED)
        journal.told(A2, Fate.ACKNOWLEDGED)
    with file.open("ab") as stream:
        stream.write(b'{"what": "ackno')
    assert Journal.read(file) == [
        Sent(A0, Fate.ACKNOWLEDGED),
        Sent(A1, Fate.UNKNOWN),
        Sent(B0, Fate.REFUSED),
        Sent(A2, Fate.ACKNOWLEDGED, contradicted=True),
    ]


def test_stores_are_read_in_their_own_order(tmp_path: Path) -> None:
    file = tmp_path / "taken.jsonl"
    assert lines_of(file) == []
    file.write_text('{"key": "a", "number": 1}\n{"key": "a", "number": 0, "digest": "d"}\n')
    assert lines_of(file) == [A1, Change("a", 0, "d")]
    database = tmp_path / "x.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE t (k, n, d)")
        connection.execute("INSERT INTO t VALUES ('a', 1, ''), ('a', 0, 'd')")
    connection.close()
    assert rows_of(database, "SELECT k, n, d FROM t ORDER BY rowid") == [A1, Change("a", 0, "d")]


def test_a_plan_is_its_seeds() -> None:
    kills = {"gateway": 80, "dispatcher": 80, "counterpart": 140}
    one = plan(7, kills, shortest=0.1, longest=0.5)
    assert one == plan(7, kills, shortest=0.1, longest=0.5)
    assert one != plan(8, kills, shortest=0.1, longest=0.5)
    assert len(one) == 300
    assert sum(kill.target == "counterpart" for kill in one) == 140
    assert all(0.1 <= kill.after <= 0.5 for kill in one)
