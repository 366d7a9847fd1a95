"""Injected time: every decision takes one reading of a Clock, never the machine's time itself."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, Self


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


@dataclass(frozen=True, slots=True)
class Move:
    """A move of a development network's clock: from ``since`` on (the machine's clock, seconds since 1970)
    it runs ``after`` ahead, until then ``before``."""

    before: timedelta
    after: timedelta
    since: float

    def offset(self, machine: float) -> timedelta:
        """How far the clock runs ahead when the machine's shows ``machine``."""
        return self.after if machine >= self.since else self.before

    def written(self) -> bytes:
        """As the content of a file."""
        values = {
            "before_seconds": self.before.total_seconds(),
            "offset_seconds": self.after.total_seconds(),
            "since": self.since,
        }
        return json.dumps(values).encode("ascii")

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """The move that a file names; None when there is none. Raises ValueError for one that names none."""
        try:
            values: Any = json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        try:
            before, after, since = (
                float(values[key]) for key in ("before_seconds", "offset_seconds", "since")
            )
        except (TypeError, KeyError):
            raise ValueError(f"{file}: is no move of a clock") from None
        if not 0 <= before <= after:
            raise ValueError(f"{file}: a clock goes forward only")
        return cls(timedelta(seconds=before), timedelta(seconds=after), since)


class MovableClock:
    """The machine's clock, as far ahead as a file says: a development network is moved while it runs.

    Every process of the network finds the same instant for the move in its file, some time before it comes.
    """

    LOOK_EVERY = 0.25
    """Seconds between two looks at the file; a move must be written longer than that before it begins."""

    def __init__(self, file: Path, least: timedelta = timedelta(0)) -> None:
        """``least`` is an offset that there is in any case. Raises ValueError for a file of another form."""
        if least < timedelta(0):
            raise ValueError("a clock offset goes forward only")
        self._file = file
        self._least = least
        self._stamp: tuple[int, int] | None = None
        self._move: Move | None = None
        self._look_at = 0.0
        self._look()

    @property
    def offset(self) -> timedelta:
        """How far the clock runs ahead now."""
        if time.monotonic() >= self._look_at:
            self._look()
        return self._ahead(time.time())

    def now(self) -> datetime:
        """The machine's UTC time plus the offset of this instant."""
        if time.monotonic() >= self._look_at:
            self._look()
        if self._move is None and not self._least:
            return datetime.now(UTC)
        machine = time.time()
        return datetime.fromtimestamp(machine, UTC) + self._ahead(machine)

    def _ahead(self, machine: float) -> timedelta:
        move = self._move
        return self._least if move is None else max(self._least, move.offset(machine))

    def _look(self) -> None:
        self._look_at = time.monotonic() + self.LOOK_EVERY
        try:
            seen = self._file.stat()
        except FileNotFoundError:
            return
        stamp = (seen.st_mtime_ns, seen.st_ino)
        if stamp != self._stamp:
            self._move, self._stamp = Move.read(self._file), stamp


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
