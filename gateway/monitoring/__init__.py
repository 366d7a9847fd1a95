"""Health and metrics of a running system, on a port of their own, from a process beside its workers."""

from __future__ import annotations

from collections.abc import Callable

from gateway.companion import Companion
from gateway.outbox.tallies import DeliveryTallies
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.transport.tallies import Tallies


def monitors(
    state: StateFolder, settings: Settings, tallies: Tallies, deliveries: DeliveryTallies
) -> tuple[Companion, ...]:
    """The monitor of a system, as the server runs it beside its workers; none where it is switched off."""
    if not settings.monitoring.enabled:
        return ()

    def live(parent: int, ready: Callable[[], None]) -> None:
        # Here: no other process has to load what only this one uses.
        from gateway.monitoring.serving import monitor  # noqa: PLC0415

        monitor(state, settings, tallies, deliveries, parent=parent, ready=ready)

    return (Companion("monitor", live),)
