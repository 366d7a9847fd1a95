"""The inquirer's life as a process of its own: forked by the server beside its workers.

It does the long work of a gateway: files of inquiries, and consistency checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from clients._soap import Channel
from clients.connect import connect
from gateway import telemetry
from gateway.capture import Captures
from gateway.checking.schedule import open_due
from gateway.checking.sending import ConsistencySending
from gateway.checking.servers import itself
from gateway.clock import Clock
from gateway.companion import Companion, run_until_stopped
from gateway.delivery import fatal
from gateway.errors import StoreError
from gateway.inquirer.answering import FileAnswering
from gateway.inquirer.folder import WatchedFolder
from gateway.inquirer.questions import Questions
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder
from gateway.store import Store
from gateway.store.configured import open_store
from gateway.trust.configured import trust_store

_POLL_SECONDS: Final = 0.5
_ERASE_SECONDS: Final = 3600.0
_DRAIN_SECONDS: Final = 25.0


@dataclass(slots=True)
class Inquirer:
    """Files and folders in turn, until it is told to stop."""

    store: Store
    clock: Clock
    answering: FileAnswering | None
    folders: Sequence[WatchedFolder]
    sending: ConsistencySending
    schedule: Callable[[], object]
    keep: timedelta
    _erased: float = field(default=-_ERASE_SECONDS)

    def run(self, stopped: Callable[[], bool], *, drain_seconds: float) -> None:
        """Work while there is something to do; what is under way is committed before the end."""
        del drain_seconds  # one message is under way at most, and has a deadline of its own
        while not stopped():
            worked = False
            try:
                for folder in self.folders:
                    folder.look()
                if self.answering is not None:
                    worked = self.answering.work(stopped)
                self.schedule()
                worked |= self.sending.work(stopped)
                self._erase()
            except StoreError as error:
                telemetry.warning("inquiry-files-wait", error=type(error).__name__)
            if not worked and not stopped():
                time.sleep(_POLL_SECONDS)

    def _erase(self) -> None:
        if time.monotonic() - self._erased < _ERASE_SECONDS:
            return
        self._erased = time.monotonic()
        while self.store.inquiry_files.erase(before=self.clock.now() - self.keep):
            pass


def inquirer(state: StateFolder, settings: Settings, chain: int, destination: str | None) -> Companion:
    """The process, as the server runs it; ``destination`` is the id of 機構, if it is known."""

    def live(parent: int, ready: Callable[[], None]) -> None:
        clock = clock_of(settings, state.path)
        store = open_store(state.path, settings, clock=clock, on_fatal=fatal(state))
        store.evidence.use(chain)
        try:
            run_until_stopped(
                lambda: make_inquirer(state, settings, store, clock, destination),
                parent=parent,
                ready=ready,
                drain_seconds=_DRAIN_SECONDS,
            )
        finally:
            store.close()

    return Companion("inquirer", live)


def make_inquirer(
    state: StateFolder, settings: Settings, store: Store, clock: Clock, destination: str | None
) -> Inquirer:
    """The inquirer over an open store."""
    trust = trust_store(settings, state.path)
    channels: dict[tuple[str, str], Channel] = {}

    def channel(to: str, service: str) -> Channel:
        if (to, service) not in channels:
            channels[to, service] = connect(
                settings, state.path, destination=to, service=service, trust=trust, clock=clock
            )
        return channels[to, service]

    rules, alarms, rest = settings.inquiry_files, telemetry.Alarms(state.run), threading.Event().wait
    store.inquiry_files.recover()
    store.consistency_runs.recover()
    registered = {one.id: one for one in settings.counterparts}
    answering = None
    if destination is not None:
        questions = Questions(channel(destination, "jlis"), destination, clock)
        answering = FileAnswering(store, clock, questions, destination, rules, alarms, rest=rest)
    return Inquirer(
        store,
        clock,
        answering,
        [
            WatchedFolder(one, state.resolve(one.path), registered[one.system], store, clock)
            for one in settings.inquiry_folders
        ],
        ConsistencySending(
            store,
            clock,
            itself(settings),
            lambda to: channel(to, "consistency"),
            settings.consistency,
            alarms,
            rest=rest,
            captures=Captures(state.data) if settings.development.capture else None,
        ),
        partial(open_due, settings, store.consistency_runs, clock),
        timedelta(days=rules.keep_days),
    )
