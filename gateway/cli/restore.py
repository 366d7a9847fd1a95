"""A restore, step by step: nothing in the state folder changes before everything in the backup is verified.

The database is made ready beside the one that is there: checked, brought to this version, given what the
duplicate guard of the database before knows, and a new chain of evidence. Then it takes its place, or its
rows go into an empty PostgreSQL; a crash in between is finished by the same command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.cli.backup import Backup
from gateway.cli.exits import CheckFailed, Refusal
from gateway.clock import Clock
from gateway.errors import StateError, StoreError, UsageError
from gateway.evidence import Seal, SealUnreadable
from gateway.evidence.entry import instant_text
from gateway.settings import Settings, clock_of, load_settings, render_settings
from gateway.state import StateFolder, write_atomically
from gateway.store import Restored, Store
from gateway.store.backup_sqlite import (
    begin_filling,
    begin_swap,
    begun_restore,
    copy_database,
    damage,
    finish_swap,
    prepared,
)
from gateway.store.configured import open_store
from gateway.store.engine import FILE_IN_STATE_FOLDER, open_database
from gateway.store.evidence_audit import Audit
from gateway.store.evidence_configured import seal_copies, seal_trust, sealer_of
from gateway.store.restores import newest_epochs, take_over_guard, why_not_newest
from gateway.store.transfer import copy_in, holds_rows, others_on
from gateway.telemetry import Alarms
from gateway.trust.configured import signer

FILE: Final = "file"
"""What names the SQLite file of the state folder, where a database is asked for."""
_GUARD_TABLES: Final = ("guard_messages", "guard_signatures", "evidence_chains", "evidence_seals")


@dataclass(slots=True)
class Done:
    """What a restore did, for the operator."""

    restored: Restored
    replaced: Path | None
    undelivered: int
    sealed: bool
    why_lost: str | None = None
    copied: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As JSON, beside what is kept of the restore."""
        return {
            "guard_lost_because": self.why_lost,
            "replaced": None if self.replaced is None else str(self.replaced),
            "files_restored": self.copied,
            "undelivered": self.undelivered,
            "sealed": self.sealed,
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        one = self.restored
        lost = "" if one.lost_seal is None else f"; seals up to {one.lost_seal} are lost"
        yield f"restored as of {instant_text(one.backup_at)}; a new chain of evidence has begun{lost}"
        if one.guard == "taken":
            yield f"duplicate guard: {one.taken_over} messages taken over; a retry of none of them acts twice"
            if one.effects_lost:
                yield (
                    f"{one.effects_lost} of them were answered after the backup: what they did here is gone, "
                    "and a retry will be given the answer of then; their senders must send it as new messages"
                )
        elif one.window_until is not None:
            yield f"duplicate guard: NOT taken over: {self.why_lost}"
            yield _window(one.backup_at, one.at, one.window_until)
        yield (
            f"{self.undelivered} messages wait in the outbox; what was delivered since goes out once more, "
            "under the MessageID of then"
        )
        if not self.sealed:
            yield "not sealed yet: the signing key is not here; the next start seals it"
        if self.replaced is not None:
            yield f"the database before is in {self.replaced}: erase it when it is not needed any more"


class Restoring:
    """One restore of a backup into a state folder, which is made when there is none."""

    def __init__(
        self, backup: Backup, folder: Path | None, say: Callable[[str], None], database: str | None = None
    ) -> None:
        """``database`` is where it goes, instead of where the settings say: FILE or a URL of a PostgreSQL.

        Raises UsageError when no folder is named, or for another kind of database.
        """
        if database not in {None, FILE} and not str(database).startswith("postgresql://"):
            raise UsageError(f"--database is {FILE}, or a URL that begins with postgresql://")
        if folder is None:
            raise UsageError("no state folder: give --state DIR")
        self._backup = backup
        self._folder = folder
        self._say = say
        self._database = database
        self._state: StateFolder
        self._settings: Settings

    @contextmanager
    def taken(self) -> Iterator[StateFolder]:
        """The state folder, made anew when there is none. Raises StateError, Refusal."""
        backup = self._backup
        if not (self._folder / "gateway.toml").exists():
            text = (backup.folder / "gateway.toml").read_text(encoding="utf-8")
            StateFolder.create(self._folder, text)
        self._state = StateFolder.open(self._folder, restoring=True)
        self._settings = load_settings(self._state.settings_file)
        self._before = self._url = self._settings.database_url
        if self._database is not None:
            self._url = "" if self._database == FILE else self._database
        if self._settings.system.id != backup.system:
            raise Refusal(f"the backup is of {backup.system}, the state folder of {self._settings.system.id}")
        yield self._state

    def run(self, old: str | None, *, accept_lost_guard: bool) -> Done:
        """Do it; ``old`` names the database before, a file or a URL.

        Raises Refusal without an operator's word for a lost guard, CheckFailed for bad evidence.
        """
        state = self._state
        clock = clock_of(self._settings, state.path)
        begun = begun_restore(state)
        if begun is not None and begun.database is None:
            self._say("finishing the restore that was interrupted")
            return self._finished(finish_swap(state), clock, None, [])
        if begun is not None and begun.database is not None:
            self._url = begun.database
        if self._url and self._is_filled():
            if begun is None:
                raise Refusal("the database to restore into is not empty: name an empty one with --database")
            self._say("finishing the restore that was interrupted")
            return self._settled(clock, None, [])
        copied = self._files()
        ready = prepared(state)
        _forget(ready)
        try:
            copy_database(self._backup.database, ready)
            why_lost = self._made_ready(ready, clock, old, accept_lost_guard=accept_lost_guard)
            if self._url:
                self._say("filling the database")
                begin_filling(state, self._url)
                self._fill(ready)
                _forget(ready)
                return self._settled(clock, why_lost, copied)
        except BaseException:
            _forget(ready)
            raise
        replaced = state.data / f"replaced-{clock.now():%Y%m%dT%H%M%S}"
        begin_swap(state, replaced)
        return self._finished(finish_swap(state), clock, why_lost, copied)

    def _is_filled(self) -> bool:
        with closing(open_database(self._url, on_fatal=_stay)) as database:
            return holds_rows(database)

    def _fill(self, ready: Path) -> None:
        with closing(open_database(self._url, on_fatal=_stay)) as database:
            copy_in(ready, database)

    def _settled(self, clock: Clock, why_lost: str | None, copied: list[str]) -> Done:
        """The PostgreSQL is filled: from here on it is the system's."""
        done = self._finished(None, clock, why_lost, copied)
        self._state.restoring.unlink(missing_ok=True)
        return done

    def _files(self) -> list[str]:
        """What the folder lacks of the backup's other files; what it has stays."""
        copied = []
        for name in self._backup.files:
            target = self._state.path / name
            if name != str(FILE_IN_STATE_FOLDER) and not target.exists():
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_atomically(target, (self._backup.folder / name).read_bytes())
                copied.append(name)
        return copied

    def _made_ready(
        self, ready: Path, clock: Clock, old: str | None, *, accept_lost_guard: bool
    ) -> str | None:
        found = damage(ready)
        if found:
            raise CheckFailed(f"the backup's database is damaged: {found[0]}")
        store = Store.open(_url(ready), clock=clock, upgrade=True, node=self._settings.node, on_fatal=_stay)
        try:
            self._verified(store)
            return self._begun(store, clock, old, accept_lost_guard=accept_lost_guard)
        finally:
            store.forget_pages()  # one file from here on
            store.close()

    def _verified(self, store: Store) -> None:
        self._say("verifying the evidence in the backup")
        report = Audit(
            store.evidence_rows, self._settings.system.id, seal_trust(self._settings, self._state.path)
        ).run()
        if not report.good:
            first = report.findings[0]
            raise CheckFailed(
                f"the backup's evidence is not as it was written: {report.count} findings, the first: "
                f"{first.kind} {first.chain} {first.number} {first.text}"
            )

    def _begun(self, store: Store, clock: Clock, named: str | None, *, accept_lost_guard: bool) -> str | None:
        """The guard taken over, the restore noted, the new chain; gives why the guard is lost, if it is."""
        outside = self._newest_outside()
        old, why_lost = self._old(named, store, outside)
        now = clock.now()
        try:
            if why_lost is not None and not accept_lost_guard:
                raise Refusal(
                    f"the duplicate guard cannot be taken over: {why_lost}. "
                    f"{_window(self._backup.at, now, self._until(now))} "
                    "No database was changed; --accept-lost-guard restores all the same."
                )
            lost = self._lost(store, outside, old)
            epochs = newest_epochs(*(one for one in (old, store) if one is not None))
            with store.unit_of_work() as work:
                if old is None:
                    taken, effects = 0, 0
                else:
                    found = take_over_guard(work.connection, old)
                    taken, effects = found.messages, found.effects_lost
                restored = Restored(
                    now,
                    self._backup.at,
                    None if lost is None else lost.number,
                    "taken" if why_lost is None else "lost",
                    taken,
                    effects,
                    None if why_lost is None else self._until(now),
                )
                store.restores.note(work.connection, restored)
            for node in sorted({*epochs, store.node}):  # none goes on in an epoch that is lost
                store.evidence_of(node).begin(lost, restored=True, after_epoch=epochs.get(node, 0))
        finally:
            if old is not None:
                old.close()
        return why_lost

    def _until(self, now: datetime) -> datetime:
        """So long the guard would have remembered what it was told up to now."""
        guard = self._settings.guard
        return now + max(timedelta(seconds=guard.question_seconds), timedelta(days=guard.change_days))

    def _old(
        self, named: str | None, restored: Store, outside: Seal | None
    ) -> tuple[Store | None, str | None]:
        """The database before, opened; or why its guard cannot be taken over."""
        named = named or self._usual_old()
        why = "the database before is not named (--old URL)" if named is None else _unfit(named)
        if named is None or why is not None:
            return None, why
        told = "the database before" if _is_server(named) else named
        named = named if _is_server(named) else _url(Path(named).absolute())
        try:
            old = Store.open(named, clock=clock_of(self._settings, self._state.path), on_fatal=_stay)
        except StoreError as error:
            return None, f"{told} cannot be read: {error}"
        try:
            why = why_not_newest(old, restored, outside)
        except (StoreError, SealUnreadable) as error:
            why = f"{told} cannot be read: {error}"
        if why is not None:
            old.close()
            return None, why
        return old, None

    def _usual_old(self) -> str | None:
        """The database that the settings name; none where that is the empty one to be filled."""
        if self._url and self._before == self._url:
            return None
        return self._before or str(self._state.path / FILE_IN_STATE_FOLDER)

    def _newest_outside(self) -> Seal | None:
        copies = seal_copies(self._settings, self._state.path)
        if copies is None:
            return None
        try:
            newest = copies.newest()
        except SealUnreadable as error:
            raise StateError(f"{copies.folder}: the newest copy cannot be read: {error}") from None
        return newest if newest is not None and newest.signature_holds() else None

    @staticmethod
    def _lost(store: Store, outside: Seal | None, old: Store | None) -> Seal | None:
        """The newest seal that anybody knows and the restored database does not."""
        known = [outside, None if old is None else old.evidence_rows.newest_seal()]
        newest = max((seal for seal in known if seal is not None), key=lambda seal: seal.number, default=None)
        here = store.evidence_rows.newest_seal()
        if newest is None or (here is not None and here.statement == newest.statement):
            return None
        return newest

    def _finished(self, replaced: Path | None, clock: Clock, why_lost: str | None, copied: list[str]) -> Done:
        """Sealed where the key is here, told to the alarms, and looked at once more in its place."""
        state, settings = self._state, self._settled_settings()
        store = open_store(state.path, settings, clock=clock)
        try:
            restored = store.restores.all()[-1]
            if restored.window_until is not None:
                Alarms(state.run).begin("guard-lost")
            sealed = True
            try:
                sealer = sealer_of(settings, state.path, store, signer(settings, state.path), clock)
                sealer.seal()
                sealer.copy()
            except StateError as error:
                if isinstance(error, StoreError):
                    raise
                sealed = False
            undelivered = sum(backlog.undelivered for backlog in store.outbox_desk.backlog())
        finally:
            store.close()
        there = replaced if replaced is not None and replaced.exists() else None
        return Done(restored, there, undelivered, sealed, why_lost, copied)

    def _settled_settings(self) -> Settings:
        """The settings, which name the database that was restored into."""
        file = self._state.settings_file
        written = load_settings(file, with_environment=False)
        if self._database is not None and written.database_url != self._url:
            update = {"database_url": self._url}
            self._state.write_settings(render_settings(written.model_copy(update=update)))
        return self._settings.model_copy(update={"database_url": self._url})


def _window(backup_at: datetime, now: datetime, until: datetime) -> str:
    return (
        f"A retry of a message that was answered between {instant_text(backup_at)} and {instant_text(now)} "
        f"would act twice, if it comes before {instant_text(until)}."
    )


def _is_server(named: str) -> bool:
    return named.startswith("postgresql://")


def _unfit(named: str) -> str | None:
    """Why a database cannot be asked what its guard knew last; None when it can. Raises Refusal."""
    if _is_server(named):
        try:
            with closing(open_database(named, on_fatal=_stay)) as database:
                others = others_on(database)
        except StoreError as error:
            return f"the database before cannot be read: {error}"
        if others:
            raise Refusal(f"nodes still work on the database before ({others} connections): end them first")
        return None
    file = Path(named).absolute()
    if not file.exists():
        return f"there is no database at {file}"
    found = damage(file, _GUARD_TABLES)
    return f"{file} is damaged: {found[0]}" if found else None


def _forget(ready: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        ready.with_name(ready.name + suffix).unlink(missing_ok=True)


def _url(file: Path) -> str:
    return f"sqlite:///{file}"


def _stay(_reason: str) -> None:
    """A database that cannot be read ends in an error, not with the process."""
