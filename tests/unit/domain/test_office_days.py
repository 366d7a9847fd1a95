"""When a municipal office is closed, by the calendar of Japan."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.domain.office_days import JAPAN, Closed, OfficeHours, closed_day


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2026-11-24", ()),
        ("2026-11-21", (Closed.WEEKEND,)),
        ("2026-11-23", (Closed.HOLIDAY,)),  # 勤労感謝の日
        ("2026-05-06", (Closed.HOLIDAY,)),  # 振替休日, of the third day before
        ("2026-09-22", (Closed.HOLIDAY,)),  # 国民の休日, between two holidays
        ("2020-07-24", (Closed.HOLIDAY,)),  # スポーツの日, moved for the games
        ("2020-10-12", ()),  # and its usual day of that year
        ("2019-05-01", (Closed.HOLIDAY,)),  # 即位の日
        ("2026-12-28", ()),
        ("2026-12-29", (Closed.YEAR_END,)),
        ("2027-01-01", (Closed.HOLIDAY, Closed.YEAR_END)),
        ("2027-01-03", (Closed.WEEKEND, Closed.YEAR_END)),
        ("2027-01-04", ()),
    ],
)
def test_days(day: str, why: tuple[Closed, ...]) -> None:
    assert closed_day(dt.date.fromisoformat(day)) == why


@pytest.mark.parametrize(
    ("time", "night"),
    [("04:59:59", True), ("05:00:00", False), ("21:59:59", False), ("22:00:00", True), ("00:00:00", True)],
)
def test_the_night_is_one_in_japan(time: str, night: bool) -> None:
    there = dt.datetime.fromisoformat(f"2026-11-24T{time}").replace(tzinfo=JAPAN)
    assert OfficeHours().closed(there.astimezone(dt.UTC)) == ((Closed.NIGHT,) if night else ())


def test_a_night_may_lie_within_a_day_or_be_none() -> None:
    two = dt.datetime(2026, 11, 24, 2, 0, tzinfo=JAPAN)
    assert OfficeHours(1, 3).closed(two) == (Closed.NIGHT,)
    assert OfficeHours(3, 5).closed(two) == ()
    assert OfficeHours(2, 2).closed(two) == ()
