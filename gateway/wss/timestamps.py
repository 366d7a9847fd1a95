"""Step 9: the Timestamp against one reading of our clock."""

from __future__ import annotations

from datetime import datetime

from gateway.refusals import Refused
from gateway.wss.profile import Profile
from gateway.wss.security import Security


def step_9_time(security: Security, profile: Profile, now: datetime) -> None:
    """Not in the future, not expired, in order, and not valid for longer than the profile allows."""
    created, expires = security.created, security.expires
    if expires <= created:
        raise Refused("timestamp-order", found=f"{_text(created)} to {_text(expires)}")
    if expires - created > profile.max_lifetime:
        raise Refused(
            "timestamp-lifetime", found=str(expires - created), wanted=f"at most {profile.max_lifetime}"
        )
    if created > now + profile.skew:
        raise Refused(
            "timestamp-future", found=_text(created), wanted=f"at most {_text(now)} + {profile.skew}"
        )
    if expires <= now - profile.skew:
        raise Refused(
            "timestamp-expired", found=_text(expires), wanted=f"after {_text(now)} - {profile.skew}"
        )


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
