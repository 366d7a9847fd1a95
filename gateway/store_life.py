"""A system's store before its processes are forked, and after the last of them has ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway import telemetry
from gateway.clock import Clock
from gateway.errors import StoreError
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Store
from gateway.store.access_erase import erase_accesses
from gateway.store.configured import open_store
from gateway.store.evidence_configured import seal_copies, sealer_of
from gateway.store.evidence_sealer import lost_seal
from gateway.store.failures import ConnectionLost
from gateway.trust.configured import signer


def begin_evidence(state: StateFolder, settings: Settings, clock: Clock) -> int:
    """Bring the database up to date and begin this start's chain, which says so when the database is an older
    copy than the newest seal outside."""
    store = open_store(state.path, settings, clock=clock, upgrade=True)
    try:
        if store.loader.is_stale():
            store.loader.fold_again()  # a newer folding: search keys are made anew, the texts stay
        copies = seal_copies(settings, state.path)
        lost = None if copies is None else lost_seal(store.evidence_rows, copies)
        alarms = telemetry.Alarms(state.run)
        # A further start that finds nothing lost is the operator's word that the loss was seen.
        (alarms.end if lost is None else alarms.begin)("evidence-restored")
        tell_lost_guard(store, alarms, clock.now())
        chain = store.evidence.begin(lost)
        # What the running system does from time to time anyway; a line that is cut meanwhile ends no start.
        try:
            erase_old_accesses(store, settings, clock.now())
            _seal(state, settings, store, clock)  # what a killed process left, and the word of a restore
        except ConnectionLost as error:
            telemetry.warning("not-sealed-at-start", error=str(error))
        return chain
    finally:
        store.close()


def seal_at_the_end(state: StateFolder, settings: Settings, clock: Clock, chain: int) -> None:
    """Seal what was not sealed yet, once no process of the system is left that could write more."""
    try:
        store = open_store(state.path, settings, clock=clock)
        try:
            store.evidence.use(chain)
            _seal(state, settings, store, clock)
        finally:
            store.close()
    except StoreError:
        telemetry.warning("not-sealed-at-the-end")  # the next start does it


def tell_lost_guard(store: Store, alarms: telemetry.Alarms, now: datetime) -> None:
    """An alarm while a message of before a restore may act twice."""
    until = store.restores.open_until(now)
    (alarms.end if until is None else alarms.begin)("guard-lost")


def erase_old_accesses(store: Store, settings: Settings, now: datetime) -> None:
    """The access log's retention."""
    before = now - timedelta(days=settings.access_log.keep_days)
    erase_accesses(store, before, system=settings.system.id, now=now)


def _seal(state: StateFolder, settings: Settings, store: Store, clock: Clock) -> None:
    sealer = sealer_of(settings, state.path, store, signer(settings, state.path), clock)
    sealer.seal()
    sealer.copy()
