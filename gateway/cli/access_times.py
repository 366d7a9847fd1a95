"""Instants as options of ``access-log`` take them: a day in Japan, or an instant in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.domain.office_days import JAPAN
from gateway.errors import UsageError


def instant(option: str, text: str | None, *, end: bool = False) -> datetime | None:
    """The instant that an option names; of a day its beginning, or with ``end`` that of the next."""
    if text is None:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=JAPAN)
    except ValueError:
        pass
    else:
        return day + timedelta(days=1) if end else day
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        wanted = "a day in Japan is wanted, as 2026-11-23, or a UTC instant, as 2026-11-23T00:00:00Z"
        raise UsageError(f"{option}: {wanted}") from None
