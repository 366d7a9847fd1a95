"""Instants as the database keeps them: whole microseconds since 1970-01-01T00:00:00Z, in 64 bits.

Integers compare alike in every database; none of them has a UTC timestamp that behaves alike in two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """The instant in microseconds since the epoch. Raises ValueError when it is not aware."""
    if instant.tzinfo is not UTC and instant.utcoffset() is None:
        raise ValueError("an instant must be aware")
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(micros: int) -> datetime:
    """The aware UTC instant, exact."""
    return _EPOCH + micros * _MICROSECOND


def span(duration: timedelta) -> int:
    """A duration in whole microseconds."""
    return duration // _MICROSECOND
