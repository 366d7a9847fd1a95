"""How many requests a minute each counterpart may send: one peer never starves the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Rates:
    """A bucket of requests for each counterpart, refilled evenly, in one worker process.

    ``per_minute`` is the bound of the whole system, ``processes`` share it; a bucket holds five seconds'
    worth, so that a burst passes and a flood does not.
    """

    def __init__(
        self, per_minute: int, processes: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_minute / 60 / processes
        self._most = max(1.0, self._per_second * 5)
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}  # counterpart -> (left, at)
        self._lock = threading.Lock()

    def takes(self, counterpart: str) -> bool:
        """Count one request; False when it is one too many."""
        now = self._monotonic()
        with self._lock:
            left, at = self._buckets.get(counterpart, (self._most, now))
            left = min(self._most, left + (now - at) * self._per_second)
            if left < 1:
                self._buckets[counterpart] = (left, now)
                return False
            self._buckets[counterpart] = (left - 1, now)
            return True
