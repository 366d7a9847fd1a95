"""Why a message's times do not fit the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateway.diagnosis.finding import Finding
from gateway.wss.profile import Profile

_JAPAN: Final = timedelta(hours=9)
_LATE: Final = timedelta(days=2)
_WHERE: Final = "Timestamp"


def why_times(created: datetime, expires: datetime, profile: Profile, now: datetime) -> Finding | None:
    """What explains times that are refused at ``now``; None when they fit."""
    ahead = created - now
    room = max(expires - created, timedelta()) + profile.skew
    if ahead <= profile.skew and now <= expires + profile.skew:
        return None
    told = f"{ahead.total_seconds():+.0f} s"
    for zone in (_JAPAN, -_JAPAN):
        if -room <= ahead - zone <= profile.skew:
            return Finding.of("local-time", _WHERE, proved=False, told=told)
    if ahead > profile.skew:
        return Finding.of("clock", _WHERE, proved=False, told=told)
    return Finding.of("sent-late" if -ahead < _LATE else "clock", _WHERE, proved=False, told=told)
