"""Copies of an SQLite database: taken while it is worked on, checked, and put in the place of another.

A copy is of one instant, whatever is committed meanwhile: SQLite's backup API reads within one transaction,
which stops no writer; the write-ahead log grows for as long as it lasts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pysqlite3.dbapi2 as driver

from gateway.errors import StoreError
from gateway.state import FILE_MODE, StateFolder, write_atomically
from gateway.store.engine import FILE_IN_STATE_FOLDER

_PAGES: Final = 4_096  # copied in one step
_BESIDE: Final = ("-wal", "-shm", "")  # the file itself last: without it the others mean nothing
_NEW: Final = FILE_IN_STATE_FOLDER.with_name(".restored.sqlite")

Progress = Callable[[int, int], None]
"""Told how many pages are done, and how many there are."""


def copy_database(source: Path, target: Path, progress: Progress = lambda _done, _all: None) -> None:
    """Copy a database that may be in use to a new file, 0600, synced. Raises StoreError."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
        with (
            closing(driver.connect(f"file:{source}?mode=rw", uri=True, isolation_level=None)) as reading,
            closing(driver.connect(target)) as writing,
        ):
            reading.execute("PRAGMA query_only = 1")
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the snapshot begins here
            reading.backup(
                writing, pages=_PAGES, progress=lambda _status, left, total: progress(total - left, total)
            )
        _sync(target)
    except (OSError, driver.Error) as error:
        raise StoreError(f"{source} cannot be copied to {target}: {error}") from None


def damage(database: Path, tables: Sequence[str] = ()) -> list[str]:
    """What SQLite's own integrity check finds, of some tables or of the whole; nothing for a sound file."""
    try:
        with closing(driver.connect(f"file:{database}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA query_only = 1")
            found: list[str] = []
            for what in tables or ("10",):  # ten lines of the whole
                found += [str(line) for (line,) in connection.execute(f"PRAGMA integrity_check({what})")]
    except driver.Error as error:
        return [str(error)]
    return [line for line in found if line != "ok"]


def prepared(state: StateFolder) -> Path:
    """Where a database is made ready before it takes the place of the system's own."""
    return state.path / _NEW


def begin_swap(state: StateFolder, replaced: Path) -> None:
    """From here on the prepared database is the system's, and the one before goes to the folder ``replaced``.

    Nothing works on the folder until finish_swap() was done.
    """
    content = {"replaced": str(replaced.relative_to(state.path))}
    write_atomically(state.restoring, json.dumps(content).encode("ascii"))


def begin_filling(state: StateFolder, database: str) -> None:
    """From here on the prepared database's rows go into another, of this URL, in one transaction."""
    write_atomically(state.restoring, json.dumps({"database": database}).encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Begun:
    """A restore that is not finished: into the PostgreSQL of this URL, or by changing places."""

    database: str | None


def begun_restore(state: StateFolder) -> Begun | None:
    """What stands in the folder of a restore; None when none was begun."""
    if not state.restoring.exists():
        return None
    return Begun(json.loads(state.restoring.read_bytes()).get("database"))


def finish_swap(state: StateFolder) -> Path:
    """Put the prepared database in its place; gives where the one before is. Good to repeat after a crash."""
    replaced = state.path / str(json.loads(state.restoring.read_bytes())["replaced"])
    new, place = prepared(state), state.path / FILE_IN_STATE_FOLDER
    try:
        if new.exists():
            for suffix in _BESIDE:
                old = place.with_name(place.name + suffix)
                if old.exists():
                    replaced.mkdir(mode=0o700, exist_ok=True)
                    old.replace(replaced / old.name)
            new.replace(place)
            _sync(place.parent)
        state.restoring.unlink()
        _sync(place.parent)
    except OSError as error:
        raise StoreError(f"{place}: the restored database cannot be put there ({error.strerror})") from None
    return replaced


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
