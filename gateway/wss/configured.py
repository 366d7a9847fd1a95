"""The profile as the settings set it."""

from __future__ import annotations

from datetime import timedelta

from gateway.settings import Settings
from gateway.wss.profile import Limits, Profile


def profile_of(settings: Settings) -> Profile:
    """Bounds and times of step 2, 4 and 9 from ``[limits]`` and ``[profile]``."""
    limits, times = settings.limits, settings.profile
    return Profile(
        Limits(
            body_bytes=limits.body_bytes,
            depth=limits.depth,
            elements=limits.elements,
            attributes=limits.attributes,
            namespaces_per_element=limits.namespaces_per_element,
            namespaces_in_scope=limits.namespaces_in_scope,
            references=limits.references,
            prefixes=limits.prefixes,
        ),
        max_lifetime=timedelta(seconds=times.max_lifetime_seconds),
        skew=timedelta(seconds=times.skew_seconds),
    )
