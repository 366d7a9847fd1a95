"""Beside the loop: log lines that a peer cannot multiply, and work to be done from time to time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from gateway.transport.http import Log
from gateway.transport.workers import frames

Periodic = tuple[float, Callable[[], None]]
"""Seconds between two calls, and what to call."""


class Sampled:
    """A log that writes an event so many times a second; the next line counts the rest (``left_out``)."""

    def __init__(self, log: Log, per_second: int = 5, count: Callable[[str], None] | None = None) -> None:
        """``count`` is told of every event, written or not."""
        self._log = log
        self._count = count
        self._per_second = per_second
        self._seen: dict[str, tuple[int, int, int]] = {}

    def __call__(self, event: str, **fields: object) -> None:
        """Write the event, or only count it."""
        if self._count is not None:
            self._count(event)
        second = int(time.monotonic())
        last, written, left_out = self._seen.get(event, (second, 0, 0))
        if last != second:
            written = 0
        if written >= self._per_second:
            self._seen[event] = (second, written, left_out + 1)
            return
        self._seen[event] = (second, written + 1, 0)
        if left_out:
            fields["left_out"] = left_out
        self._log(event, **fields)


class Housekeeping:
    """One thread that calls each of the application's periodic functions at its time; errors are logged."""

    def __init__(self, work: Sequence[Periodic], log: Log) -> None:
        self._work = work
        self._log = log
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="front-periodic", daemon=True)

    def start(self) -> None:
        """Start, when there is anything to do."""
        if self._work:
            self._thread.start()

    def stop(self, within: float) -> None:
        """Let a call that is under way end, for so many seconds at most."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def _run(self) -> None:
        due = [time.monotonic() + seconds for seconds, _ in self._work]
        while not self._end.wait(max(0.0, min(due) - time.monotonic())):
            for number, (seconds, call) in enumerate(self._work):
                if time.monotonic() < due[number]:
                    continue
                try:
                    call()
                except Exception as error:  # noqa: BLE001 - one failed sweep is not the last
                    self._log("periodic-failed", error=type(error).__name__, where=frames(error))
                due[number] = time.monotonic() + seconds
