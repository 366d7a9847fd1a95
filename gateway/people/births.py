"""Dates of birth as a register holds them: most exact, some unknown, some that no calendar has."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from functools import cache
from typing import Final, NamedTuple

from gateway.domain.eras import SPANS, Calendar, year_written
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_date_text import written
from gateway.domain.register_text import RegisterText

AS_OF: Final = date(2026, 4, 1)
"""The day at which ages are counted: fixed, so that the same seed gives the same people for ever."""

_ERAS: Final = [calendar for calendar in SPANS if calendar is not Calendar.WESTERN]
_FIRST_DAYS: Final = [SPANS[calendar].first for calendar in _ERAS]

FORMS: Final = tuple(certainty for certainty in Certainty if certainty is not Certainty.EXACT)
"""The 14 forms of 不詳日."""

TWO_ERAS: Final = (
    RegisterDate.exact(Calendar.MEIJI, 1912, 7, 30),
    RegisterDate.exact(Calendar.TAISHO, 1926, 12, 25),
)
"""明治45年7月30日 and 大正15年12月25日: each is also the first day of the next era."""

_YEARS: Final = frozenset({Certainty.AROUND_YEAR, Certainty.SEASON, Certainty.MONTH_AND_DAY_UNKNOWN})
_MONTHS: Final = frozenset(
    {
        Certainty.AROUND_MONTH,
        Certainty.ESTIMATED_MONTH,
        Certainty.THIRD_OF_MONTH,
        Certainty.AROUND_THIRD_OF_MONTH,
        Certainty.DAY_UNKNOWN,
    }
)
_RANGES: Final = frozenset(
    {Certainty.BETWEEN_DAYS, Certainty.BETWEEN_ESTIMATED_DAYS, Certainty.BETWEEN_AROUND_DAYS}
)
_SHORT_MONTHS: Final = (4, 6, 9, 11)


class Birth(NamedTuple):
    """The five columns of a date of birth, and its year."""

    written: str
    calendar: str
    digits: str
    certainty: str
    text: str
    year: int


def birth_of(register_date: RegisterDate, year: int) -> Birth:
    """The columns of any date; ``year`` is the one that the person's name is of."""
    return Birth(
        written(register_date),
        register_date.calendar.value,
        register_date.digits,
        register_date.certainty.value,
        "" if register_date.text is None else register_date.text.inline,
        year,
    )


def born(age: float) -> date:
    """The day of birth of somebody who is ``age`` years old, fractions counted."""
    return AS_OF - timedelta(days=int(age * 365.2425))


@cache
def _year(calendar: Calendar, year: int) -> str:
    return year_written(calendar, year)


def era_of(day: date) -> Calendar:
    """The era of a day, 1868 and later; the newer one where it has two."""
    return _ERAS[bisect_right(_FIRST_DAYS, day.year * 10000 + day.month * 100 + day.day) - 1]


def exact(day: date, calendar: Calendar) -> Birth:
    """A fully known date."""
    year, month, day_ = day.year, day.month, day.day
    return Birth(
        f"{_year(calendar, year)}{month}月{day_}日",
        calendar.value,
        f"{year:04d}{month:02d}{day_:02d}",
        "exact",
        "",
        year,
    )


def unknown(day: date, certainty: Certainty, at: float) -> Birth:
    """What a register says of ``day`` where it is not certain; ``at`` in [0, 1) chooses among wordings."""
    calendar = era_of(day)
    if certainty in _RANGES:
        day = day.replace(day=min(day.day, 15))  # so that the last day is one, too
    text = _wording(day, calendar, certainty, at)
    year, month, day_ = f"{day.year:04d}", f"{day.month:02d}", f"{day.day:02d}"
    if certainty is Certainty.UNKNOWN:
        calendar, year, month, day_ = Calendar.NONE, "0000", "00", "00"
    elif certainty in _YEARS:
        month, day_ = "00", "00"
    elif certainty in _MONTHS:
        day_ = "00"
    elif certainty is Certainty.BETWEEN_ESTIMATED_DAYS and at < 0.3:
        calendar, year = Calendar.NONE, "0000"
    elif certainty is Certainty.BETWEEN_AROUND_DAYS and at < 0.3:
        calendar, year, month = Calendar.NONE, "0000", "00"
    found = RegisterDate(calendar, year + month + day_, certainty, text)
    return birth_of(found, day.year)


def _wording(day: date, calendar: Calendar, certainty: Certainty, at: float) -> RegisterText | None:
    """The register's own text; None for a form that has none."""
    year, month = _year(calendar, day.year), f"{day.month}月"
    first, last = f"{day.day}日", f"{day.day + 3 + int(at * 10)}日"
    season = "冬春夏秋"[day.month % 12 // 3]
    third = ("上旬", "中旬", "下旬")[min((day.day - 1) // 10, 2)]
    whole = "" if at < 0.3 else year
    texts = {
        Certainty.SEASON: f"{year}{season}",
        Certainty.THIRD_OF_MONTH: f"{year}{month}{third}",
        Certainty.AROUND_THIRD_OF_MONTH: f"{year}{month}{third}頃",
        Certainty.BETWEEN_DAYS: f"{year}{month}{first}から{month}{last}頃までの間",
        Certainty.BETWEEN_ESTIMATED_DAYS: f"{whole}{month}推定{first}から{last}までの間",
        Certainty.BETWEEN_AROUND_DAYS: f"{whole and year + month}{first}頃から{last}頃までの間",
    }
    return RegisterText(texts[certainty]) if certainty in texts else None


def no_calendar_day(year: int, at: float) -> Birth:
    """A day of that year that stands in registers and in no calendar."""
    month, day = 2, 30
    if at < 0.5 and not _leap(year):
        day = 29
    elif at < 0.8:
        month, day = _SHORT_MONTHS[int(at * 1000) % 4], 31
    calendar = era_of(date(year, month, 28))
    return birth_of(RegisterDate.exact(calendar, year, month, day), year)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
