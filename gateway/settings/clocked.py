"""The clock that a system's settings name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from gateway.clock import Clock, MovableClock, SystemClock
from gateway.errors import StateError
from gateway.settings.model import Settings

CLOCK_FILE = Path("data/clock.json")
"""How far a development network's clock was moved (gateway.clock.Move); absent when it never was."""


def clock_of(settings: Settings, folder: Path) -> Clock:
    """The machine's clock; in a development network moved forward, maybe while it runs.

    ``folder`` is the state folder. Raises StateError when the file of a move is none.
    """
    return _clock(settings, folder)


def offset_of(settings: Settings, folder: Path) -> timedelta:
    """How far the system's clock runs ahead of the machine's now. Raises StateError."""
    return _clock(settings, folder).offset


def _clock(settings: Settings, folder: Path) -> SystemClock | MovableClock:
    offset = timedelta(seconds=settings.clock.offset_seconds)
    if settings.mode == "production":
        return SystemClock(offset)
    try:
        return MovableClock(folder / CLOCK_FILE, offset)
    except (OSError, ValueError) as error:
        raise StateError(f"the clock's offset cannot be read: {error}") from None
