"""Dates as the register holds them: unknown parts, eras, and days that no calendar has.

Neither ``datetime.date`` nor ``xs:date`` can hold them. A date is four things: the calendar it is written
in, eight digits YYYYMMDD of the Gregorian year with ``00`` (``0000``) for parts not known, how certain it
is, and, where digits cannot say it all, the text of the register. 住民記録システム標準仕様書 1.1.8 names
the 14 forms of 不詳日 and the dates that may be no 暦上日; the codes are our own.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import Enum
from typing import Self

from gateway.domain.eras import SPANS, Calendar
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, Masked


class Certainty(Enum):
    """``exact`` and the 14 forms of 不詳日 (an unknown date); the form is quoted beside each."""

    EXACT = "exact"  # ○年○月○日
    AROUND_YEAR = "around_year"  # ○年頃
    AROUND_MONTH = "around_month"  # ○年○月頃
    AROUND_DAY = "around_day"  # ○年○月○日頃
    ESTIMATED_DAY = "estimated_day"  # 推定○年○月○日
    ESTIMATED_MONTH = "estimated_month"  # 推定○年○月
    SEASON = "season"  # ○年春
    THIRD_OF_MONTH = "third_of_month"  # ○年○月上旬
    AROUND_THIRD_OF_MONTH = "around_third_of_month"  # ○年○月中旬頃
    UNKNOWN = "unknown"  # 年月日不詳
    MONTH_AND_DAY_UNKNOWN = "month_and_day_unknown"  # ○年 月日不詳
    DAY_UNKNOWN = "day_unknown"  # ○年○月 日不詳
    BETWEEN_DAYS = "between_days"  # ○年○月○日から○月○日頃までの間
    BETWEEN_ESTIMATED_DAYS = "between_estimated_days"  # ○月推定○日から○日までの間
    BETWEEN_AROUND_DAYS = "between_around_days"  # ○日頃から○日頃までの間


# Which parts (y, m, d) each form gives; a range gives its first day.
_PARTS: dict[Certainty, tuple[str, ...]] = {
    Certainty.EXACT: ("ymd",),
    Certainty.AROUND_YEAR: ("y",),
    Certainty.AROUND_MONTH: ("ym",),
    Certainty.AROUND_DAY: ("ymd",),
    Certainty.ESTIMATED_DAY: ("ymd",),
    Certainty.ESTIMATED_MONTH: ("ym",),
    Certainty.SEASON: ("y",),
    Certainty.THIRD_OF_MONTH: ("ym",),
    Certainty.AROUND_THIRD_OF_MONTH: ("ym",),
    Certainty.UNKNOWN: ("",),
    Certainty.MONTH_AND_DAY_UNKNOWN: ("y",),
    Certainty.DAY_UNKNOWN: ("ym",),
    Certainty.BETWEEN_DAYS: ("ymd",),
    Certainty.BETWEEN_ESTIMATED_DAYS: ("ymd", "md"),
    Certainty.BETWEEN_AROUND_DAYS: ("ymd", "md", "d"),
}

WITH_TEXT = frozenset(
    {
        Certainty.SEASON,
        Certainty.THIRD_OF_MONTH,
        Certainty.AROUND_THIRD_OF_MONTH,
        Certainty.BETWEEN_DAYS,
        Certainty.BETWEEN_ESTIMATED_DAYS,
        Certainty.BETWEEN_AROUND_DAYS,
    }
)
"""The forms that must carry the register's text; the others must not."""

_DIGITS = re.compile("[0-9]{4}(?:0[0-9]|1[0-2])(?:[0-2][0-9]|3[01])")
MAX_TEXT = 60


@dataclass(frozen=True, slots=True, repr=False)
class RegisterDate(Masked):
    """A date of the register.

    Days 1 to 31 are taken in every month: 2月29日 of a common year and 2月30日 stand in registers, where
    暦上日以外 is allowed; ``is_calendar_day`` tells. Raises InvalidValue ``digits``, ``certainty`` (parts
    known that the form does not give, or missing ones), ``calendar`` (``none`` with a year, or the other
    way round), ``era`` (outside the calendar's days), ``text`` (missing, not wanted, or too long).
    """

    calendar: Calendar
    digits: str
    certainty: Certainty = Certainty.EXACT
    text: RegisterText | None = None

    def __post_init__(self) -> None:
        if not _DIGITS.fullmatch(self.digits):
            raise InvalidValue("register-date", "digits")
        known = ("y" if self.year else "") + ("m" if self.month else "") + ("d" if self.day else "")
        if known not in _PARTS[self.certainty]:
            raise InvalidValue("register-date", "certainty")
        if (self.calendar is Calendar.NONE) is not (self.year == 0):
            raise InvalidValue("register-date", "calendar")
        if self.year and not self._within_calendar():
            raise InvalidValue("register-date", "era")
        if (self.text is not None) is not (self.certainty in WITH_TEXT):
            raise InvalidValue("register-date", "text")
        if self.text is not None and len(self.text.inline) > MAX_TEXT:
            raise InvalidValue("register-date", "text")

    def _within_calendar(self) -> bool:
        """Whether the known parts lie in the calendar: 昭和64年1月8日 does not, 明治45年7月30日 does."""
        span = SPANS[self.calendar]
        scale = 1 if self.day else 100 if self.month else 10000
        return span.first // scale <= int(self.digits) // scale <= span.last // scale

    @classmethod
    def exact(cls, calendar: Calendar, year: int, month: int, day: int) -> Self:
        """A fully known date; ``year`` is the Gregorian year (1989 for 昭和64年)."""
        return cls(calendar, f"{year:04d}{month:02d}{day:02d}")

    @property
    def year(self) -> int:
        """The Gregorian year, 0 when not known."""
        return int(self.digits[:4])

    @property
    def month(self) -> int:
        """The month, 0 when not known."""
        return int(self.digits[4:6])

    @property
    def day(self) -> int:
        """The day of the month, 0 when not known; of a range, its first day."""
        return int(self.digits[6:])

    @property
    def sort_key(self) -> str:
        """Sorts dates by their known parts, an unknown part first: ``19450000`` before ``19450101``."""
        return self.digits

    @property
    def is_calendar_day(self) -> bool:
        """Whether it is a 暦上日: exact, and a day that the Gregorian calendar has."""
        if self.certainty is not Certainty.EXACT:
            return False
        try:
            dt.date(self.year, self.month, self.day)
        except ValueError:
            return False
        return True

    def same_day_as(self, other: RegisterDate) -> bool:
        """Whether both say the same of the day, whichever calendar each is written in.

        1989年1月7日 on a passport is 昭和64年1月7日 in the register. Certainty and text must be equal.
        """
        return (self.digits, self.certainty, self.text) == (other.digits, other.certainty, other.text)
