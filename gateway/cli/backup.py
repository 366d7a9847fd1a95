"""A backup: a folder with a copy of the database, the other files that a system needs, and backup.json.

OUT/data/gateway.sqlite    the database as of one instant: an SQLite file, of a PostgreSQL too
OUT/gateway.toml, certificates/, data/people.csv, …, keys/ only if asked for
OUT/backup.json            whose it is, of when, the digest of every file; without it
                               (written last) there is no backup
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gateway.clock import Clock
from gateway.errors import StateError, UsageError
from gateway.evidence.entry import instant_text, read_instant
from gateway.settings import Settings
from gateway.state import FOLDER_MODE, StateFolder, write_atomically
from gateway.store import Store, schema
from gateway.store.backup_sqlite import Progress, copy_database, damage
from gateway.store.engine import FILE_IN_STATE_FOLDER
from gateway.store.evidence_configured import sealer_of
from gateway.store.transfer import copy_out
from gateway.trust.configured import signer

MANIFEST: Final = "backup.json"
VERSION: Final = 1
_BLOCK: Final = 1 << 20
_NOT_COPIED: Final = frozenset({"exchanges"})
"""In data/: what a development network keeps for the demo's page."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is whole: every file is there with the digest that it was made with."""

    folder: Path
    system: str
    at: datetime
    schema: str
    product: str
    newest_seal: int | None
    files: Mapping[str, str]
    """Path in the folder to SHA-256 in hex."""

    @property
    def database(self) -> Path:
        """The copy of the database."""
        return self.folder / FILE_IN_STATE_FOLDER

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "version": VERSION,
            "system": self.system,
            "at": instant_text(self.at),
            "schema": self.schema,
            "product": self.product,
            "newest_seal": self.newest_seal,
            "keys": any(name.startswith("keys/") for name in self.files),
            "files": dict(self.files),
        }

    @classmethod
    def read(cls, folder: Path) -> Backup:
        """The backup in a folder. Raises UsageError when it is none, or not as it was made."""
        file = folder / MANIFEST
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            if values["version"] != VERSION:
                raise UsageError(f"{file}: is of version {values['version']}, wanted {VERSION}")
            backup = cls(
                folder.absolute(),
                str(values["system"]),
                read_instant(values["at"]),
                str(values["schema"]),
                str(values["product"]),
                values["newest_seal"],
                {str(name): str(digest) for name, digest in values["files"].items()},
            )
        except OSError as error:
            raise UsageError(f"{folder}: is no backup: {MANIFEST}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"{file}: is not what a backup has") from None
        if str(FILE_IN_STATE_FOLDER) not in backup.files:
            raise UsageError(f"{file}: names no database")
        for name, digest in backup.files.items():
            if Path(name).is_absolute() or ".." in Path(name).parts:
                raise UsageError(f"{file}: names a file outside its folder")
            if _digest(folder / name) != digest:
                raise UsageError(f"{folder / name}: is not as it was when the backup was made")
        return backup


def make_backup(
    out: Path,
    state: StateFolder,
    settings: Settings,
    store: Store,
    clock: Clock,
    *,
    keys: bool,
    progress: Progress = lambda _done, _all: None,
) -> Backup:
    """Back a system up, which may run. Raises UsageError, StateError, StoreError."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: is not empty; a backup needs a folder of its own")
    # Sealed first: then the copy holds a seal over all that came before.
    sealer = sealer_of(settings, state.path, store, signer(settings, state.path), clock, notes=False)
    sealer.seal()
    sealer.copy()
    at = clock.now()  # whatever is not in the copy came later
    target = out / FILE_IN_STATE_FOLDER
    try:
        target.parent.mkdir(mode=FOLDER_MODE, parents=True)
        out.chmod(FOLDER_MODE)
        if store.database.dialect.concurrent:
            copy_out(store.database, target, progress)
        else:
            copy_database(state.path / FILE_IN_STATE_FOLDER, target, progress)
        found = damage(target)
        if found:
            raise StateError(f"{state.path}: the database is damaged: {found[0]}")
        for name in sorted({*_needed(state, settings, keys=keys)}):
            (out / name).parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            write_atomically(out / name, (state.path / name).read_bytes())
    except OSError as error:
        raise StateError(f"{error.filename}: {error.strerror}") from error
    seal = store.evidence_rows.newest_seal()
    backup = Backup(
        out.absolute(),
        settings.system.id,
        at,
        schema.version(store.database),
        importlib.metadata.version("juki-gateway"),
        None if seal is None else seal.number,
        {str(path.relative_to(out)): _digest(path) for path in sorted(out.rglob("*")) if path.is_file()},
    )
    write_atomically(out / MANIFEST, json.dumps(backup.document(), indent=2).encode("ascii"))
    return backup


def _needed(state: StateFolder, settings: Settings, *, keys: bool) -> Iterator[Path]:
    """Files beside the database that a system cannot do without, relative to the state folder."""
    secret = {settings.credentials.signing_key, settings.credentials.tls_key}
    for path in _there(state, settings, keys=keys):
        if keys or path not in secret:
            yield path


def _there(state: StateFolder, settings: Settings, *, keys: bool) -> Iterator[Path]:
    yield Path("gateway.toml")
    for anchor in settings.anchors:  # they may lie anywhere in the folder
        for named in (anchor.certificate, *anchor.intermediates, *anchor.crls):
            if not named.is_absolute() and ".." not in named.parts and (state.path / named).is_file():
                yield named
    if (state.run / "port").exists():
        yield Path("run/port")
    for folder in (state.certificates, state.data, *((state.keys,) if keys else ())):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            hidden = any(part.startswith(".") for part in inside.parts)
            other = folder == state.data and (inside.parts[0] in _NOT_COPIED or _is_database(inside))
            if path.is_file() and not hidden and not other:
                yield path.relative_to(state.path)


def _is_database(inside: Path) -> bool:
    """In data/: the database, what is beside it, and databases that a restore has put aside."""
    return ".sqlite" in inside.name or inside.parts[0].startswith("replaced-")


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    return digest.hexdigest()
