"""Waiting times that double up to a bound, with jitter, so that many waiters do not come back at once."""

from __future__ import annotations

from random import Random

_MOST_DOUBLINGS = 64  # beyond any bound that can be set


def backoff(times: int, *, first: float, longest: float, random: Random) -> float:
    """Seconds to wait after ``times`` failures in a row (1 or more).

    Between half and the whole of ``first`` doubled for each failure after the first one, never more than
    ``longest``.
    """
    if times < 1:
        raise ValueError("nothing has failed yet")
    whole = min(longest, first * 2.0 ** min(times - 1, _MOST_DOUBLINGS))
    return whole * (1.0 - random.random() / 2.0)
