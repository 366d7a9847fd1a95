"""Messages as the duplicate guard is told of them, without a message."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.store import Arrival


def arrival(
    now: datetime,
    signature: bytes = b"s1",
    *,
    sender: str = "t",
    message_id: str = "m",
    content: bytes = b"c",
) -> Arrival:
    """One that came now, and whose signature is remembered for six minutes."""
    return Arrival(sender, message_id, content, signature, now, now + timedelta(minutes=6))


def terms(now: datetime, lease_seconds: float = 10.0) -> dict[str, datetime]:
    """How long a claim holds, and its message is kept: an hour."""
    return {
        "lease_until": now + timedelta(seconds=lease_seconds),
        "keep_until": now + timedelta(hours=1),
    }
