"""Whether messages should be sent here now: clock, disk, database, revocation lists.

``look`` is called from time to time; what it found holds until the next look, and stands as an alarm for
as long as it is found. A clock, a disk or a database that cannot be relied on also turns messages away
(503) before they are read: what is taken must be kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.store import Store
from gateway.telemetry import Alarms
from gateway.trust import TrustStore

DISK_FLOOR_BYTES = 64 * 1024 * 1024
"""Free space below which no new message is taken; what is under way still fits."""
LIST_WARNING = timedelta(hours=1)
"""How long before its next update a revocation list that was not renewed is an alarm."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not well: the alarm's code and object, and whether messages are turned away."""

    code: str
    about: str
    text: str
    stops: bool


class Readiness:
    """What speaks against sending messages here, nothing when all is well."""

    SECONDS = 2.0  # between two looks

    def __init__(
        self,
        store: Store,
        trust: TrustStore,
        clock: Clock,
        data: Path,
        alarms: Alarms,
        *,
        skew: timedelta,
        floor: int = DISK_FLOOR_BYTES,
    ) -> None:
        self._store = store
        self._trust = trust
        self._clock = clock
        self._data = data
        self._alarms = alarms
        self._skew = skew
        self._floor = floor
        self._started = (clock.now(), time.monotonic())
        self._found: tuple[Finding, ...] = ()
        self.look()

    def reasons(self) -> tuple[str, ...]:
        """Everything that was found, in a few plain words each."""
        return tuple(finding.text for finding in self._found)

    def stops(self) -> bool:
        """Whether messages are turned away before they are read."""
        return any(finding.stops for finding in self._found)

    def look(self) -> None:
        """Judge anew; an alarm begins with what is found and ends when it is found no longer."""
        found = (*self._clock_and_store(), *self._disk(), *self._lists())
        for finding in found:
            self._alarms.begin(finding.code, finding.about)
        now = {(finding.code, finding.about) for finding in found}
        for old in self._found:
            if (old.code, old.about) not in now:
                self._alarms.end(old.code, old.about)
        self._found = found

    def _clock_and_store(self) -> Iterator[Finding]:
        if abs(self._clock.now() - self._expected()) > self._skew:
            yield Finding("clock-moved", "", "the clock moved apart from the time that passed", True)
        try:
            if self._store.clock_behind() > self._skew:
                yield Finding("clock-moved", "store", "the clock lies behind the newest entry", True)
        except StoreError:
            yield Finding("store-failed", "", "the database cannot be read", True)

    def _disk(self) -> Iterator[Finding]:
        disk = os.statvfs(self._data)
        if disk.f_bavail * disk.f_frsize < self._floor:
            yield Finding("disk-low", "", "the disk is almost full", True)

    def _lists(self) -> Iterator[Finding]:
        now = self._clock.now()
        for anchor in self._trust.status(now):
            for entry in anchor.lists if anchor.revocation == "crl" else ():
                if entry.next_update is None or entry.next_update - now < LIST_WARNING:
                    yield Finding(
                        "crl-expires", entry.issuer, f"no fresh revocation list of {entry.issuer}", False
                    )
            for problem in anchor.problems:
                yield Finding("crl-unreadable", problem, "a revocation list cannot be read", False)

    def _expected(self) -> datetime:
        at, monotonic = self._started
        return at + timedelta(seconds=time.monotonic() - monotonic)
