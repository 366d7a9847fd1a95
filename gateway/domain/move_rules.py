"""The deadlines and exclusions of a special move-in (特例転入), computed on given days.

住民基本台帳法24条の2, 施行令24条の2 (as of 2013). "経過した日以後": the 30th and the 14th day are still in
time, the day after is not (own reading of the text). The day that counts is that of the first 転入届, not
that on which a message arrives: a line that is down costs nobody the treatment (own reading).
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from gateway.domain.move_messages import MoveResult

PLANNED_DAYS: Final = 30
"""Days after the planned day of the move-out (転出予定年月日)."""

MOVED_DAYS: Final = 14
"""Days after the day of the move-in (転入をした日)."""


def last_day(planned_on: dt.date | None, moved_on: dt.date | None) -> dt.date | None:
    """The last day for the first 転入届: the earlier of both ends; None while neither day is known."""
    ends = [
        day + dt.timedelta(days=count)
        for day, count in ((planned_on, PLANNED_DAYS), (moved_on, MOVED_DAYS))
        if day is not None
    ]
    return min(ends, default=None)


def too_late(planned_on: dt.date | None, moved_on: dt.date | None, day: dt.date) -> MoveResult | None:
    """Which deadline a first 転入届 on ``day`` misses, the earlier one; None when it is in time."""
    last = last_day(planned_on, moved_on)
    if last is None or day <= last:
        return None
    by_plan = planned_on is not None and last == planned_on + dt.timedelta(days=PLANNED_DAYS)
    return MoveResult.LATE_BY_PLAN if by_plan else MoveResult.LATE_BY_MOVE


def judge_days(moved_on: dt.date, notified_on: dt.date, today: dt.date) -> MoveResult | None:
    """Whether the days of a first 転入届 can be: moved in by then (14日以内に届け出る), and not to come."""
    return MoveResult.DATE_TO_COME if not moved_on <= notified_on <= today else None
