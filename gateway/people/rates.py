"""How often each special kind of person is made: far oftener than in life where it is a trap for software.

The tests hold the generator to these numbers. Frequencies of surnames are in ``surnames.csv``, in thousands
of people among 126,146 thousand.
"""

from __future__ import annotations

from typing import Final

FOREIGN_HOUSEHOLDS: Final = 0.036
"""Households of foreigners; they are smaller than others, so that fewer of the people are."""

COMMON_NAMES: Final = 0.25
"""Of foreigners: a 通称."""

NO_READING: Final = 0.10
"""Of foreigners: no kana."""

FORMER_SURNAMES: Final = 0.025
"""Of wives: a 旧氏."""

PAST_NAMES: Final = 0.05
"""Of wives: a name before marriage in the record's history."""

MOVED: Final = 0.04
"""Of households: an earlier address in the same municipality."""

UNKNOWN_BIRTH: Final = 0.0003
"""Of grown-up Japanese: each of the 14 forms of 不詳日."""

NO_CALENDAR_DAY: Final = 0.0005
"""Of grown-up Japanese: a day that no calendar has, such as 29 February of a common year."""

TWO_ERAS: Final = 0.004
"""Of those 85 and older who live alone: each of 明治45年7月30日 and 大正15年12月25日."""

TOKEN_SURNAMES: Final = 0.001
"""Of surnames: one written with a 住基ネット統一文字 that Unicode does not have."""

TOKEN_GIVEN: Final = 0.01
"""Of names of women born before 1946: one with a 変体仮名 that Unicode does not have."""

RARE_TOWNS: Final = 0.004
"""Of households: a town with a rare character, a variation selector or a token in its name."""

SHARES: Final = {
    "foreigner": 0.028,
    "common name": 0.007,
    "former surname": 0.0055,
    "past name": 0.012,
    "past address": 0.039,
    "variant kanji": 0.045,
    "compatibility ideograph": 0.006,
    "kanji beyond the basic plane": 0.0029,
    "variation selector": 0.0039,
    "token outside Unicode": 0.0036,
    "birth date not exact": 0.0035,
    "birth date that no calendar has": 0.0004,
    "day of two eras": 0.00015,
}
"""What that comes to: the share of all people whose note says so, about."""

CARDS: Final = {"active": 0.732, "none": 0.23, "lapsed": 0.03, "suspended": 0.008}
"""States of cards, of all people."""
