"""Whether messages should be sent here now: clock, disk, database, revocation lists, certificates.

``look`` is called from time to time; what it found holds until the next look, and stands as an alarm for
as long as it is found. A clock, a disk or a database that cannot be relied on also turns messages away
(503) before they are read: what is taken must be kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.store import Store
from gateway.telemetry import Alarms
from gateway.trust import CertificateFile, TrustStore

DISK_FLOOR_BYTES = 64 * 1024 * 1024
"""Free space below which no new message is taken; what is under way still fits."""
LIST_WARNING = timedelta(hours=1)
"""How long before its next update a revocation list that was not renewed is an alarm."""
CERTIFICATE_DAYS = 30
"""A certificate with fewer days left is an alarm: a new one takes its time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not well: the alarm's code and object, and what it does.

    What ``stops`` turns messages away. ``unready`` shows in the health question.
    """

    code: str
    about: str
    text: str
    stops: bool = False
    unready: bool = True


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
        machine: Clock | None = None,
        own: Mapping[str, Callable[[], Path]] = MappingProxyType({}),
    ) -> None:
        """``own`` are the PEM files of the system's newest certificates, by what they are for."""
        self._store = store
        self._trust = trust
        self._clock = clock
        self._data = data
        self._alarms = alarms
        self._skew = skew
        self._floor = floor
        self._own = {use: CertificateFile(file) for use, file in own.items()}
        self._machine = machine or clock  # a development network's clock is moved on purpose
        self._started = (self._machine.now(), time.monotonic())
        self._found: tuple[Finding, ...] = ()
        self.look()

    def reasons(self) -> tuple[str, ...]:
        """Everything that speaks against it, in a few plain words each."""
        return tuple(finding.text for finding in self._found if finding.unready)

    @property
    def found(self) -> tuple[Finding, ...]:
        """Everything that is not well."""
        return self._found

    def stops(self) -> bool:
        """Whether messages are turned away before they are read."""
        return any(finding.stops for finding in self._found)

    def look(self) -> None:
        """Judge anew; an alarm begins with what is found and ends when it is found no longer."""
        found = (*self._clock_and_store(), *self._disk(), *self._lists(), *self._certificates())
        for finding in found:
            self._alarms.renew(finding.code, finding.about)
        now = {(finding.code, finding.about) for finding in found}
        for old in self._found:
            if (old.code, old.about) not in now:
                self._alarms.end(old.code, old.about)
        self._found = found

    def _clock_and_store(self) -> Iterator[Finding]:
        if abs(self._machine.now() - self._expected()) > self._skew:
            yield Finding("clock-moved", "", "the clock moved apart from the time that passed", stops=True)
        try:
            if self._store.clock_behind() > self._skew:
                yield Finding("clock-moved", "store", "the clock lies behind the newest entry", stops=True)
        except StoreError:
            yield Finding("store-failed", "", "the database cannot be read", stops=True)

    def _disk(self) -> Iterator[Finding]:
        disk = os.statvfs(self._data)
        if disk.f_bavail * disk.f_frsize < self._floor:
            yield Finding("disk-low", "", "the disk is almost full", stops=True)

    def _lists(self) -> Iterator[Finding]:
        now = self._clock.now()
        for anchor in self._trust.status(now):
            for entry in anchor.lists if anchor.revocation == "crl" else ():
                if entry.next_update is None or entry.next_update - now < LIST_WARNING:
                    yield Finding("crl-expires", entry.issuer, f"no fresh revocation list of {entry.issuer}")
            for problem in anchor.problems:
                yield Finding("crl-unreadable", problem, "a revocation list cannot be read")

    def _certificates(self) -> Iterator[Finding]:
        """The system's own and the anchors; whoever renews them has time, so nothing is turned away yet."""
        now = self._clock.now()
        ends = {use: file.not_after() for use, file in self._own.items()}
        ends |= {f"anchor {anchor.name}": anchor.not_after for anchor in self._trust.status(now)}
        for what, end in ends.items():
            if end is not None and (end - now).days < CERTIFICATE_DAYS:
                text = f"the certificate {what} ends in {(end - now).days} days"
                yield Finding("certificate-expires", what, text, unready=False)

    def _expected(self) -> datetime:
        at, monotonic = self._started
        return at + timedelta(seconds=time.monotonic() - monotonic)
