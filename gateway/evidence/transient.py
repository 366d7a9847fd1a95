"""Messages whose bytes go as soon as what they carry was handed over: those with addressees (送付先情報).

Of each of them an erasure of its own says so: it relates to the message, and covers nothing else.
"""

from __future__ import annotations

from typing import Final

HANDED_OVER: Final = "handed-over"
"""The outcome of such an erasure."""

TRANSIENT: Final = frozenset({("in", "DeliverAddressees"), ("out", "NotifyAddressees")})
"""Direction and operation of requests that a CS keeps until the hand-over only."""


def is_transient(direction: str, kind: str, operation: str | None) -> bool:
    """Whether an entry is of such a message."""
    return kind == "request" and (direction, operation) in TRANSIENT
