"""The calendars that register dates are written in, as one table (元号): a new era is a new row.

和暦 and 西暦 are kept as written: foreigners' birth dates are managed in 西暦, everything else in 和暦
(住民記録システム標準仕様書 1.1.9). Both sides of the two old boundaries are one day in two eras.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Calendar(Enum):
    """How the year is written; the values are the codes of the contract (our own)."""

    NONE = "none"
    WESTERN = "western"
    MEIJI = "meiji"
    TAISHO = "taisho"
    SHOWA = "showa"
    HEISEI = "heisei"
    REIWA = "reiwa"


@dataclass(frozen=True, slots=True)
class Span:
    """The days of one calendar, both inclusive, as YYYYMMDD of the Gregorian year; ``ja`` as written."""

    ja: str
    first: int
    last: int


SPANS: dict[Calendar, Span] = {
    Calendar.WESTERN: Span("", 18000101, 21991231),
    Calendar.MEIJI: Span("明治", 18680101, 19120730),
    Calendar.TAISHO: Span("大正", 19120730, 19261225),
    Calendar.SHOWA: Span("昭和", 19261225, 19890107),
    Calendar.HEISEI: Span("平成", 19890108, 20190430),
    Calendar.REIWA: Span("令和", 20190501, 21991231),
}
"""Every calendar but ``NONE``, which stands where the year is unknown."""


def year_written(calendar: Calendar, year: int) -> str:
    """The year as people write it: ``昭和64年``, ``令和元年``, ``1989年``."""
    span = SPANS[calendar]
    if calendar is Calendar.WESTERN:
        return f"{year}年"
    number = year - span.first // 10000 + 1
    return f"{span.ja}{'元' if number == 1 else number}年"
