"""Weighted choice by one number in [0, 1), and the tables that it chooses from.

Only ``random.Random.random`` is drawn from, whose sequence Python keeps from version to version; its other
methods may change.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Reading(NamedTuple):
    """A piece of a name as written (inline form) and as read (katakana)."""

    text: str
    kana: str


class Picker(Generic[Item]):
    """Items with weights; called with a number in [0, 1) it gives one of them."""

    __slots__ = ("_ends", "items")

    def __init__(self, weighted: Iterable[tuple[Item, float]]) -> None:
        pairs = [(item, weight) for item, weight in weighted if weight > 0]
        self.items = [item for item, _ in pairs]
        sums = list(accumulate(weight for _, weight in pairs))
        self._ends = [one / sums[-1] for one in sums]
        self._ends[-1] = 1.0

    def __call__(self, at: float) -> Item:
        """The item at ``at``; one of weight 3 fills three times as much of [0, 1) as one of weight 1."""
        return self.items[bisect_right(self._ends, at)]


def table(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of this room's tables."""
    with Path(__file__).with_name(f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
