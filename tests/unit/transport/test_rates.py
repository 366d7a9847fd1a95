from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.rates import Rates


class Hand:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_burst_of_five_seconds_passes_and_no_more() -> None:
    clock = Hand()
    rates = Rates(600, 1, clock)
    assert [rates.takes("a") for _ in range(51)] == [True] * 50 + [False]


def test_another_counterpart_is_not_held_back() -> None:
    rates = Rates(60, 1, Hand())
    assert all(rates.takes("a") for _ in range(5))
    assert not rates.takes("a")
    assert rates.takes("b")


def test_time_refills() -> None:
    clock = Hand()
    rates = Rates(60, 1, clock)
    assert [rates.takes("a") for _ in range(6)].count(True) == 5
    clock.at = 1.0
    assert [rates.takes("a") for _ in range(2)] == [True, False]


@given(st.lists(st.floats(0, 10), max_size=200), st.integers(1, 4))
def test_never_more_than_the_rate_and_one_burst(waits: list[float], processes: int) -> None:
    clock = Hand()
    rates = Rates(120, processes, clock)
    taken = 0
    for wait in waits:
        clock.at += wait
        taken += rates.takes("a")
    assert taken <= 10 / processes + clock.at * 2 / processes + 1
