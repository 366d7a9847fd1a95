"""住民票コード and 個人番号 for the people of one file: valid, without order, and no two alike.

The n-th person's number is the n-th of a permutation of all digits there are: two halves that are added to
each other in turn by a keyed function (a Feistel network over decimal digits). It hides nothing; it only
looks like drawn lots, and unlike those never draws one twice.
"""

from __future__ import annotations

import random

from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode

_CHECK_DIGITS = "00987654321"  # by remainder: 11 less the remainder, and 0 for 0 and 1
_ROUNDS = 2  # of two steps each
_HIGH = 100_000


def _remainders(weights: tuple[int, ...]) -> bytes:
    """The weighted sum modulo 11 of each number of that many digits."""
    sums = [0]
    for weight in weights:
        sums = [(before + weight * digit) % 11 for before in sums for digit in range(10)]
    return bytes(sums)


class _Numbers:
    """Numbers of five leading and some more digits, with a check digit."""

    def __init__(self, key: str, weights: tuple[int, ...]) -> None:
        source = random.Random(key)  # noqa: S311 - the same people each time
        self._width = len(weights) - 5
        self._low = 10**self._width
        self._keys = [tuple(source.getrandbits(38) | 1 for _ in range(4)) for _ in range(_ROUNDS)]
        self._of_high, self._of_low = _remainders(weights[:5]), _remainders(weights[5:])

    def __call__(self, place: int) -> str:
        """The number in this place of the order, from 0; all digits, the check digit last."""
        high, low = divmod(place, self._low)
        for a, b, c, d in self._keys:
            mixed = low * a + b
            high = (high + ((mixed ^ mixed >> 23) * b >> 29)) % _HIGH
            mixed = high * c + d
            low = (low + ((mixed ^ mixed >> 23) * d >> 29)) % self._low
        check = _CHECK_DIGITS[(self._of_high[high] + self._of_low[low]) % 11]
        return f"{high:05d}{low:0{self._width}d}{check}"


class RecordCodes(_Numbers):
    """住民票コード, 11 digits; for places below 10^10."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} resident record codes", ResidentRecordCode.WEIGHTS)


class IndividualNumbers(_Numbers):
    """個人番号, 12 digits; for places below 10^11."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} individual numbers", IndividualNumber.WEIGHTS)
