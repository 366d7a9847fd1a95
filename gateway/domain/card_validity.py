"""How long a card is valid (カード命令26条 and on, as municipalities publish it)."""

from __future__ import annotations

import datetime as dt
from typing import Final

from gateway.domain.register_date import RegisterDate

ADULT_YEARS: Final = 18
ADULT_BIRTHDAYS, MINOR_BIRTHDAYS = 10, 5
CONTINUE_DAYS: Final = 90
"""Days after a move-in for continued use (継続利用, 施行令30条の20 三号 as it was for the 住基カード)."""


def validity_end(birth: RegisterDate, issued_on: dt.date) -> dt.date:
    """The last valid day: the tenth birthday after the issue, the fifth for whom was not 18 on that day.

    Somebody born on 29 February has the birthday on the 28th in common years. Where no day of birth is known
    the day of issue stands for it, and whose year is not known is an adult (own rules).
    """
    year, month, day = int(birth.digits[:4]), int(birth.digits[4:6]), int(birth.digits[6:])
    if not (month and day):
        month, day = issued_on.month, issued_on.day
    had = _day(issued_on.year, month, day) <= issued_on
    age = issued_on.year - year - (not had)
    count = MINOR_BIRTHDAYS if year and age < ADULT_YEARS else ADULT_BIRTHDAYS
    return _day(issued_on.year + count - (not had), month, day)


def continue_end(moved_on: dt.date) -> dt.date:
    """The last day for continued use after a move-in on that day."""
    return moved_on + dt.timedelta(days=CONTINUE_DAYS)


def _day(year: int, month: int, day: int) -> dt.date:
    """The day, or the last one before it that this month has (a birth date need not be in the calendar)."""
    while True:
        try:
            return dt.date(year, month, day)
        except ValueError:
            day -= 1
