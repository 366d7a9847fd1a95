"""Injected time: every decision takes one reading of a Clock, never the machine's time itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the rest of the product knows of time."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock, moved forward by a fixed offset (a development network's moved time)."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        if offset < timedelta(0):
            raise ValueError("a clock offset goes forward only")
        self.offset = offset

    def now(self) -> datetime:
        """The machine's UTC time plus the offset."""
        return datetime.fromtimestamp(time.time(), UTC) + self.offset


class FixedClock:
    """A clock that stands still until told otherwise; for tests and offline explanation."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.instant

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self.instant += by
