"""When a consistency check begins by itself (``[consistency] every_days``)."""

from __future__ import annotations

from datetime import timedelta

from gateway.checking.servers import comparing
from gateway.clock import Clock
from gateway.domain.consistency import RunMode
from gateway.domain.values import read_code
from gateway.settings import Settings
from gateway.store import ConsistencyRuns


def open_due(settings: Settings, runs: ConsistencyRuns, clock: Clock) -> list[str]:
    """Open a check with each server whose last was opened so long ago, or never; gives the references.

    A check that was begun by hand counts too. 0 days: nothing begins by itself.
    """
    rules = settings.consistency
    if not rules.every_days:
        return []
    mode, now, every = read_code(RunMode, rules.mode), clock.now(), timedelta(days=rules.every_days)
    opened = [runs.open_due(to, mode, at=now, every=every) for to in comparing(settings)]
    return [reference for reference in opened if reference is not None]
