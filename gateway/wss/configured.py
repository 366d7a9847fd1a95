"""The profile as the settings set it."""

from __future__ import annotations

from datetime import timedelta

from gateway.settings import Settings
from gateway.wss.profile import Limits, Profile


def profile_of(settings: Settings, *, pieces: bool = False) -> Profile:
    """Bounds and times of step 2, 4 and 9 from ``[limits]`` and ``[profile]``.

    ``pieces`` takes the bounds of a service whose messages carry pieces: longer, with more elements.
    """
    limits, times = settings.limits, settings.profile
    elements = limits.piece_elements if pieces else limits.elements
    usual = Limits()
    return Profile(
        Limits(
            body_bytes=limits.piece_body_bytes if pieces else limits.body_bytes,
            depth=limits.depth,
            elements=elements,
            attributes=limits.attributes,
            namespaces_per_element=limits.namespaces_per_element,
            namespaces_in_scope=limits.namespaces_in_scope,
            references=limits.references,
            prefixes=limits.prefixes,
            # As many tokens may be canonicalised with each element as in any other message.
            prefix_work=max(usual.prefix_work, usual.prefix_work * elements // usual.elements),
        ),
        max_lifetime=timedelta(seconds=times.max_lifetime_seconds),
        skew=timedelta(seconds=times.skew_seconds),
    )
