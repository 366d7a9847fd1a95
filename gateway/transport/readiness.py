"""Whether messages should be sent here now: the clock, the disk, the revocation lists, the database.

``look`` is called from time to time; what it found holds until the next look. A clock or a disk that
cannot be relied on also turns messages away (503) before they are read: what is taken must be kept.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.store import Store
from gateway.trust import TrustStore

DISK_FLOOR_BYTES = 64 * 1024 * 1024
"""Free space below which no new message is taken; what is under way still fits."""


class Readiness:
    """The reasons against sending messages here, none when all is well."""

    SECONDS = 2.0  # between two looks

    def __init__(
        self,
        store: Store,
        trust: TrustStore,
        clock: Clock,
        data: Path,
        skew: timedelta,
        *,
        floor: int = DISK_FLOOR_BYTES,
    ) -> None:
        self._store = store
        self._trust = trust
        self._clock = clock
        self._data = data
        self._skew = skew
        self._floor = floor
        self._started = (clock.now(), time.monotonic())
        self._stopping: tuple[str, ...] = ()
        self._warning: tuple[str, ...] = ()
        self.look()

    def reasons(self) -> tuple[str, ...]:
        """Everything that speaks against it, in a few plain words each."""
        return self._stopping + self._warning

    def stops(self) -> bool:
        """Whether messages are turned away before they are read."""
        return bool(self._stopping)

    def look(self) -> None:
        """Judge anew."""
        now = self._clock.now()
        stopping: list[str] = []
        if abs(now - self._expected()) > self._skew:
            stopping.append("the clock moved apart from the time that passed")
        try:
            if self._store.clock_behind() > self._skew:
                stopping.append("the clock lies behind the newest entry")
        except StoreError:
            stopping.append("the database cannot be read")
        disk = os.statvfs(self._data)
        if disk.f_bavail * disk.f_frsize < self._floor:
            stopping.append("the disk is almost full")
        self._stopping = tuple(stopping)
        self._warning = tuple(
            f"no current revocation list of {entry.issuer}"
            for anchor in self._trust.status(now)
            if anchor.revocation == "crl"
            for entry in anchor.lists
            if entry.next_update is None or entry.next_update < now
        )

    def _expected(self) -> datetime:
        at, monotonic = self._started
        return at + timedelta(seconds=time.monotonic() - monotonic)
