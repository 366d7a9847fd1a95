"""Whoever asks in vain too often is not answered for a while: per operator, terminal and person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.errors import OperationFault
from gateway.flows.budgets import Budget, Budgeted
from gateway.store import Store

BUDGET = Budget(timedelta(minutes=10), per_operator=20, per_terminal=20, per_person=10)


@dataclass(frozen=True)
class Asked:
    """A question about somebody; ``good`` is what the answer will be."""

    caller: Caller
    who: str
    good: bool = False


@dataclass
class Bench:
    """The use case over a real store."""

    store: Store
    clock: FixedClock

    def __post_init__(self) -> None:
        self.alarms: list[str] = []
        self.worked = 0

        def work(question: Asked) -> bool:
            self.worked += 1
            return question.good

        self.ask_for: Budgeted[Asked, bool] = Budgeted(
            work,
            subject=lambda question: question.who,
            negative=lambda good: not good,
            budget=BUDGET,
            spending=self.store.budgets,
            clock=self.clock,
            alarm=self.alarms.append,
        )

    def ask(self, who: str, *, operator: int = 0, terminal: int = 0, good: bool = False) -> str:
        caller = Caller(
            MunicipalityCode("131016"), f"T-{terminal}", Operator(f"V-{operator}", "O"), Purpose.RECORD_COPY
        )
        try:
            self.ask_for(Asked(caller, who, good))
        except OperationFault as fault:
            return fault.code
        return "answered"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = FixedClock(datetime(2026, 11, 25, tzinfo=UTC))
    store = Store.open(tmp_path, clock=clock, upgrade=True)
    yield Bench(store, clock)
    store.close()


def test_per_operator(bench: Bench) -> None:
    got = [bench.ask(f"person {n}", operator=1, terminal=n) for n in range(21)]
    assert got == ["answered"] * 20 + ["TooManyQuestions"]
    assert (bench.alarms, bench.worked) == (["operator"], 20)
    since = bench.clock.now() - BUDGET.window
    assert bench.store.budgets.highest("operator", since=since) == 20
    assert bench.store.budgets.highest("terminal", since=since) == 1
    assert bench.ask("person x", operator=2) == "answered"


def test_per_terminal(bench: Bench) -> None:
    got = [bench.ask(f"person {n}", operator=n, terminal=1) for n in range(21)]
    assert got == ["answered"] * 20 + ["TooManyQuestions"]
    assert bench.alarms == ["terminal"]


def test_per_person(bench: Bench) -> None:
    got = [bench.ask("the same", operator=n, terminal=n) for n in range(11)]
    assert got == ["answered"] * 10 + ["TooManyQuestions"]
    assert bench.alarms == ["person"]


def test_good_answers_cost_nothing(bench: Bench) -> None:
    assert {bench.ask(f"person {n}", good=True) for n in range(50)} == {"answered"}


def test_over_after_the_window(bench: Bench) -> None:
    for n in range(20):
        bench.ask(f"person {n}", operator=1, terminal=n)
    bench.clock.advance(timedelta(minutes=10) - timedelta(seconds=1))
    assert bench.ask("person x", operator=1, terminal=99) == "TooManyQuestions"
    bench.clock.advance(timedelta(seconds=1))
    assert bench.ask("person x", operator=1, terminal=99) == "answered"


def test_swept_and_never_in_clear(bench: Bench, tmp_path: Path) -> None:
    bench.ask("山田 花子", operator=1)
    stored = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert "山田".encode() not in stored
    assert b"V-1" not in stored
    assert bench.store.budgets.sweep(before=bench.clock.now()) == 3
