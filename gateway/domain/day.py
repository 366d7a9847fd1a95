"""Days of the calendar in messages, ``2026-11-26``: of Japan, and always known."""

from __future__ import annotations

import datetime as dt
import re

from gateway.domain.values import InvalidValue

_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(text: str) -> dt.date:
    """The day of a text as ``write_day`` writes it. Raises InvalidValue ``day``."""
    if not _DAY.fullmatch(text):
        raise InvalidValue("day", "day")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidValue("day", "day") from None


def write_day(day: dt.date) -> str:
    """``2026-11-26``."""
    return day.isoformat()
