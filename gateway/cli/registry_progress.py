"""Lines of progress, with an estimate, of a file that is sent batch by batch."""

from __future__ import annotations

import time
from typing import Final

from gateway.cli.output import Output
from gateway.cli.registry_run import Totals

_TOLD_EVERY: Final = 2.0  # seconds between two lines


class Told:
    """Lines of progress with an estimate."""

    def __init__(self, output: Output, whole: int, what: str) -> None:
        """``whole`` is how many there are of ``what``."""
        self._output = output
        self._whole = whole
        self._what = what
        self._began = self._last = time.monotonic()
        self._first: int | None = None

    def reach(self, totals: Totals) -> None:
        """So far."""
        now = time.monotonic()
        if self._first is None:
            self._first = totals.done
        if now - self._last < _TOLD_EVERY and totals.done < self._whole:
            return
        self._last = now
        rate = (totals.done - self._first) / max(now - self._began, 0.001)
        left = f", about {(self._whole - totals.done) / rate:,.0f} s left" if rate else ""
        part = totals.done / max(self._whole, 1)
        bar = "#" * int(20 * part) + "." * (20 - int(20 * part))
        self._output.progress(
            f"[{bar}] {totals.done:,} of {self._whole:,} {self._what}, {rate:,.0f} a second{left}"
        )
