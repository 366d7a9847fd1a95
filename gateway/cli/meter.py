"""Tells how far long work over many people is: how many, how fast, how much longer, how much memory."""

from __future__ import annotations

import resource
import time

from gateway.cli.output import Output

_EVERY = 2.0  # seconds between two lines


class Meter:
    """Counts people against ``whole``, where that is known; a line of progress now and then."""

    def __init__(self, output: Output, verb: str, whole: int | None) -> None:
        self._output = output
        self._verb = verb
        self._whole = whole
        self._began = self._told = time.monotonic()

    def reach(self, done: int) -> None:
        """So many are done now."""
        if time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            self._output.progress(self._line(done))

    def rate(self, done: int) -> float:
        """People a second, on average."""
        return done / max(time.monotonic() - self._began, 0.001)

    def _line(self, done: int) -> str:
        rate = self.rate(done)
        whole = "" if self._whole is None else f" of {self._whole:,}"
        line = f"{done:,}{whole} people {self._verb}, {rate:,.0f} a second"
        if self._whole is not None and rate > 0:
            line += f", about {max(self._whole - done, 0) / rate:,.0f} s left"
        return f"{line}, {memory_mb():.0f} MB of memory"

    def figures(self, done: int) -> dict[str, float]:
        """The seconds, the rate and the memory, for a command's document."""
        return {
            "seconds": round(time.monotonic() - self._began, 3),
            "people_per_second": round(self.rate(done), 1),
            "memory_mb": round(memory_mb(), 1),
        }


def memory_mb() -> float:
    """The most memory that this process ever had resident, in MB of 2^20 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
