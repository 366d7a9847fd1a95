"""``juki-gateway db``: upgrade, check, back up and restore the database of one system."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.backup import Backup, make_backup
from gateway.cli.exits import CheckFailed, Refusal
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.cli.restore import Restoring
from gateway.clock import Clock
from gateway.delivery import outbox_summary
from gateway.evidence.entry import instant_text
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder
from gateway.store import Restored, Store, schema
from gateway.store.backup_sqlite import damage
from gateway.store.configured import open_store
from gateway.store.engine import FILE_IN_STATE_FOLDER, open_database
from gateway.store.evidence_configured import seal_copies
from gateway.store.evidence_sealer import lost_seal
from gateway.store.transfer import unreadable

app = new_app("The database of a system: its version, its soundness, copies of it.")

_PROGRESS_SECONDS = 2.0


@app.command(epilog="Example: juki-gateway db upgrade --state build/demo/131016-cs")
def upgrade(
    folder: State = None,
    *,
    nodes_stopped: Annotated[
        bool,
        typer.Option(
            "--nodes-stopped",
            help="No node runs: also do what programs of the present version cannot work beside.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what there is to do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the tables to this program's version, beside running nodes of the version before.

    'serve' does the same when it starts. Refused while the system runs, when its version could not work on.
    """
    output = Output(as_json)
    state, settings = open_state(folder)
    os.umask(0o077)
    database = open_database(settings.database_url or state.path, create=True)
    try:
        before = schema.version(database)
        beside = not before or schema.works_beside(before)
        if not beside and state.running_process() is not None:
            raise Refusal(
                f"programs of version {before} cannot work on the newer tables: stop the system first"
            )
        if not dry_run:
            schema.upgrade(database, breaking=nodes_stopped)
        after = schema.version(database)
    finally:
        database.close()
    output.document(
        {
            "before": before or None,
            "after": after or None,
            "program": schema.program(),
            "running_programs_may_go_on": beside,
            "serves": list(schema.served()),
        }
    )
    output.line(f"tables: {before or 'none'} before, {after or 'none'} now; this program: {schema.program()}")
    output.line(f"programs of version {before or 'none'} {'may go on' if beside else 'must be stopped'}")


@app.command(epilog="Example: juki-gateway db check --state build/demo/131016-cs")
def check(folder: State = None, as_json: AsJson = False) -> None:
    """Judge the database: sound, of this version, not older than the seals outside; tell of restores.

    The system may run. Exit status 1 when anything is wrong. 'evidence verify' judges every message.
    """
    output = Output(as_json)
    state, settings = open_state(folder)
    found = _damage(state, settings)
    problems = [f"damaged: {line}" for line in found]
    document: dict[str, Any] = {"sound": not found}
    if not found:
        with _opened(state, settings) as (store, clock):
            copies = seal_copies(settings, state.path)
            lost = None if copies is None else lost_seal(store.evidence_rows, copies)
            if lost is not None:
                problems.append(f"an older copy: seal {lost.number} outside is newer than all here")
            until = store.restores.open_until(clock.now())
            if until is not None:
                problems.append(
                    f"until {instant_text(until)} a retry of a message that a restore lost acts twice"
                )
            document |= {
                "version": schema.version(store.database),
                "unsealed": store.evidence_rows.unsealed(),
                "outbox": outbox_summary(store).document(),
                "restores": [_restored(one) for one in store.restores.all()],
            }
    output.document({"good": not problems, "problems": problems, **document})
    for problem in problems:
        output.line(problem)
    for one in document.get("restores", ()):
        output.line(f"restored {one['at']} from a backup of {one['backup_at']}: guard {one['guard']}")
    if problems:
        raise CheckFailed(f"{settings.system.id}: {len(problems)} things are wrong with the database")
    output.line("sound, and nothing is missing that a seal outside tells of")


@app.command(epilog="Example: juki-gateway db backup build/backup --state build/demo/131016-cs")
def backup(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the backup.")],
    folder: State = None,
    *,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Private keys, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the database as of one instant, settings, certificates, what else it needs, while the system runs.

    The folder is readable by its owner only: it holds people's data, and with --with-keys the keys.
    """
    output = Output(as_json)
    state, settings = open_state(folder)
    os.umask(0o077)
    with _opened(state, settings) as (store, clock):
        made = make_backup(
            out,
            state,
            settings,
            store,
            clock,
            keys=with_keys,
            progress=_Progress(output, "copied"),
        )
    output.document({"folder": str(out.absolute()), **made.document()})
    output.line(f"{made.system} as of {instant_text(made.at)}, {len(made.files)} files: {out.absolute()}")
    if not with_keys:
        output.line("Private keys are not in it: they need a safe of their own, or --with-keys.")


@app.command(epilog="Example: juki-gateway db restore build/backup --state build/restored")
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="Folder of the backup.")],
    folder: State = None,
    *,
    old: Annotated[
        str | None,
        typer.Option(
            "--old",
            metavar="FILE-or-URL",
            help="The database that is replaced; else the one that the settings name.",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL",
            help="Where it goes, which gateway.toml names from then on: an empty PostgreSQL "
            "(postgresql://…), or 'file' for the SQLite file in the state folder.",
        ),
    ] = None,
    accept_lost_guard: Annotated[
        bool,
        typer.Option(
            "--accept-lost-guard",
            help="Restore although the duplicate guard cannot be taken over: a retry would act twice.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the place of the database of a system that does not run, or make a system of it.

    Everything in it is verified first. A new chain of evidence begins, which names what is lost. What the
    duplicate guard of the database before knew is taken over. What the state folder has of other files stays.
    """
    output = Output(as_json)
    os.umask(0o077)
    restoring = Restoring(Backup.read(source), folder, output.progress, database)
    with restoring.taken() as state, state.running():
        done = restoring.run(old, accept_lost_guard=accept_lost_guard)
    output.document({**_restored(done.restored), **done.document()})
    for line in done.lines():
        output.line(line)


def _restored(one: Restored) -> dict[str, Any]:
    return {
        "at": instant_text(one.at),
        "backup_at": instant_text(one.backup_at),
        "lost_seal": one.lost_seal,
        "guard": one.guard,
        "taken_over": one.taken_over,
        "effects_lost": one.effects_lost,
        "retries_act_twice_until": None if one.window_until is None else instant_text(one.window_until),
    }


def _damage(state: StateFolder, settings: Settings) -> list[str]:
    if not settings.database_url.startswith("postgresql://"):
        return damage(state.path / FILE_IN_STATE_FOLDER)
    with closing(open_database(settings.database_url, on_fatal=lambda _reason: None)) as database:
        return unreadable(database)


@contextmanager
def _opened(state: StateFolder, settings: Settings) -> Iterator[tuple[Store, Clock]]:
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        yield store, clock
    finally:
        store.close()


class _Progress:
    """A line on standard error every two seconds."""

    def __init__(self, output: Output, what: str) -> None:
        self._output = output
        self._what = what
        self._told = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._told >= _PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._output.progress(f"{done:,} of {total:,} {self._what}")
