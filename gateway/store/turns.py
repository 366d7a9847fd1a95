"""One fair queue of writers in a process: whoever came first writes first.

A pool or a plain lock lets a thread that has just written write again before one that waits wakes up.
"""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """A lock that is handed to the thread that waits longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self, timeout_seconds: float) -> bool:
        """Wait for the turn; False when it did not come in time."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(timeout_seconds):
            return True
        with self._guard:
            if called.is_set():  # called between the time limit and here
                return True
            self._waiting.remove(called)
            return False

    def give(self) -> None:
        """End the turn: the next in the queue has it from now on."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
