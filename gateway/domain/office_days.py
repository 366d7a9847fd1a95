"""Days and hours on which a municipal office is closed (深夜・休業日), for reports of the access log.

Public holidays (国民の祝日に関する法律) come from the ``holidays`` library, with moved and substitute ones.
29 December to 3 January follow 地方自治法4条の2; when the night begins and ends is our own rule, a setting.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.domain.codes import Coded

JAPAN: Final = dt.timezone(dt.timedelta(hours=9), "JST")
_SATURDAY: Final = 5


class Closed(Coded):
    """Why an office is closed at an instant."""

    NIGHT = ("night", "深夜", "at night")
    WEEKEND = ("weekend", "土曜日・日曜日", "on a Saturday or Sunday")
    HOLIDAY = ("holiday", "祝日", "on a public holiday")
    YEAR_END = ("year_end", "年末年始", "from 29 December to 3 January")


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The night goes from one full hour to another, in Japan; none when both are the same."""

    night_from: int = 22
    night_until: int = 5

    def closed(self, at: dt.datetime) -> tuple[Closed, ...]:
        """Why the office is closed then; empty when it is not."""
        there = at.astimezone(JAPAN)
        return (*((Closed.NIGHT,) if self._is_night(there.hour) else ()), *closed_day(there.date()))

    def _is_night(self, hour: int) -> bool:
        if self.night_from <= self.night_until:
            return self.night_from <= hour < self.night_until
        return hour >= self.night_from or hour < self.night_until


@lru_cache(maxsize=4096)
def closed_day(day: dt.date) -> tuple[Closed, ...]:
    """Why the office is closed on that day."""
    found = []
    if day.weekday() >= _SATURDAY:
        found.append(Closed.WEEKEND)
    if day in _holidays(day.year):
        found.append(Closed.HOLIDAY)
    if (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        found.append(Closed.YEAR_END)
    return tuple(found)


@lru_cache(maxsize=32)
def _holidays(year: int) -> frozenset[dt.date]:
    from holidays.countries.japan import Japan  # noqa: PLC0415 - takes half a second, and only reports need it

    return frozenset(Japan(years=year))
