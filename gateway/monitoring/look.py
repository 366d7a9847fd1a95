"""One look at a running system from beside its workers: readiness, delivery, seals, certificates, alarms."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from gateway.clock import Clock
from gateway.delivery import OutboxSummary, outbox_summary
from gateway.errors import StoreError
from gateway.evidence import SealUnreadable
from gateway.monitoring.readiness import newest_certificate, readiness_of
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Store
from gateway.telemetry import Alarms
from gateway.transport.readiness import Finding, Readiness
from gateway.transport.tallies import Tallies
from gateway.trust import AnchorStatus, CertificateFile, TrustStore
from gateway.trust.renewal import USES

NO_WORKER = Finding("no-worker", "", "no process serves", stops=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database told, and how long it took."""

    seconds: float
    now: datetime  # of the database
    outbox: OutboxSummary
    unsealed: int
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. ``stored`` is None while the database cannot be read."""

    at: datetime
    serving: int
    held: int
    found: tuple[Finding, ...]
    certificates: dict[str, datetime | None]
    anchors: tuple[AnchorStatus, ...]
    alarms: Counter[str]
    free_bytes: int
    stored: Stored | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why no message should be sent here now; none means ready."""
        return tuple(finding.text for finding in self.found if finding.unready)


class Looker:
    """Looks when asked, at the most once in so many seconds; called by one thread."""

    SECONDS = 1.0

    def __init__(
        self,
        state: StateFolder,
        settings: Settings,
        store: Store,
        trust: TrustStore,
        clock: Clock,
        tallies: Tallies,
    ) -> None:
        self._data = state.data
        self._store = store
        self._trust = trust
        self._clock = clock
        self._tallies = tallies
        self._alarms = Alarms(state.run)
        self._readiness: Readiness = readiness_of(state, settings, store, trust, clock, self._alarms)
        self._own = {
            use: CertificateFile(partial(newest_certificate, settings, state.path, use)) for use in USES
        }
        self._last: tuple[float, Look] | None = None

    def __call__(self) -> Look:
        """What is to be seen now, or was a moment ago."""
        now = time.monotonic()
        if self._last is None or now - self._last[0] > self.SECONDS:
            self._last = now, self._look()
        return self._last[1]

    def _look(self) -> Look:
        now = self._clock.now()
        self._readiness.look()
        serving, held = self._tallies.serving()
        disk = os.statvfs(self._data)
        return Look(
            now,
            serving,
            held,
            (*self._readiness.found, *(() if serving else (NO_WORKER,))),
            {use: file.not_after() for use, file in self._own.items()},
            tuple(self._trust.status(now)),
            Counter(alarm.code for alarm in self._alarms.active()),
            disk.f_bavail * disk.f_frsize,
            self._stored(),
        )

    def _stored(self) -> Stored | None:
        begun = time.monotonic()
        try:
            outbox = outbox_summary(self._store)
            unsealed = self._store.evidence_rows.unsealed()
            try:
                seal = self._store.evidence_rows.newest_seal()
            except SealUnreadable:
                seal = None
        except StoreError:
            return None
        return Stored(
            time.monotonic() - begun,
            self._store.outbox_desk.now(),
            outbox,
            unsealed,
            None if seal is None else seal.at,
        )
