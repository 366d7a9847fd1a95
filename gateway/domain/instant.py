"""Instants in messages: UTC, a strict grammar of our own, aware ``datetime``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from gateway.domain.values import InvalidValue

_INSTANT = re.compile(
    "([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.]([0-9]{1,6}))?Z"
)


def require_utc(instant: datetime) -> None:
    """InvalidValue ``not-utc`` unless it is aware and in UTC."""
    if instant.utcoffset() != timedelta(0):
        raise InvalidValue("instant", "not-utc")


def write_instant(instant: datetime) -> str:
    """``2026-11-25T01:02:03.000004Z``; no fraction when there is none. InvalidValue ``not-utc``."""
    require_utc(instant)
    return instant.replace(tzinfo=None).isoformat() + "Z"


def read_instant(text: str) -> datetime:
    """The instant of a text as ``write_instant`` writes it (one to six decimals).

    Raises InvalidValue ``instant``.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise InvalidValue("instant", "instant")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction = int((match[7] or "0").ljust(6, "0"))
    try:
        return datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC)
    except ValueError:
        raise InvalidValue("instant", "instant") from None
