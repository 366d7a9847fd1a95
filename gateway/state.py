"""The state folder of one system: everything it owns, and nothing outside it.

    DIR/gateway.toml     settings
    DIR/keys/            private keys
    DIR/certificates/    certificates and revocation lists
    DIR/data/            the database and what belongs to it
    DIR/log/             log files
    DIR/run/             process id, port and what else holds only while the system runs

Folders are 0700 and files 0600, so that nobody but the owner reads keys or people's data. Copying
the folder of a stopped system moves the system.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import StateError

FOLDER_MODE = 0o700
FILE_MODE = 0o600
PORT, MONITORING_PORT = "port", "monitoring-port"
"""Files in run/ that remember a port each."""
_FOLDERS = ("keys", "certificates", "data", "log", "run")


class StateBusy(StateError):
    """Another process runs on this folder."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    """One system's folder; make it with ``create``, or take one that exists with ``open``."""

    path: Path

    @classmethod
    def create(cls, path: Path, settings_text: str) -> StateFolder:
        """Make the folder with ``settings_text`` as its gateway.toml.

        Raises StateError when something stands there already, or the folder cannot be made.
        """
        path = path.absolute()
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StateError(f"{path}: is not empty; a new state folder needs a name of its own")
        state = cls(path)
        try:
            for folder in (path, *(path / name for name in _FOLDERS)):
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                folder.chmod(FOLDER_MODE)
        except OSError as error:
            raise StateError(f"{path}: cannot be made ({error.strerror})") from error
        state.write_settings(settings_text)
        return state

    @classmethod
    def open(cls, path: Path, *, restoring: bool = False) -> StateFolder:
        """Take an existing folder. Raises StateError that says what is missing.

        One in which a restore was interrupted is taken with ``restoring`` only.
        """
        path = path.absolute()
        if not path.is_dir():
            raise StateError(f"{path}: there is no such state folder ('juki-gateway init {path}' makes one)")
        if not (path / "gateway.toml").is_file():
            raise StateError(f"{path}: is no state folder, gateway.toml is missing")
        if not restoring and cls(path).restoring.exists():
            raise StateError(f"{path}: a restore was interrupted: give the same 'db restore' again")
        missing = [name for name in _FOLDERS if not (path / name).is_dir()]
        if missing:
            raise StateError(f"{path}: the folders {', '.join(missing)} are missing")
        return cls(path)

    @property
    def settings_file(self) -> Path:
        """gateway.toml."""
        return self.path / "gateway.toml"

    @property
    def keys(self) -> Path:
        """Private keys, 0600 each."""
        return self.path / "keys"

    @property
    def certificates(self) -> Path:
        """Certificates and revocation lists."""
        return self.path / "certificates"

    @property
    def data(self) -> Path:
        """The database and what belongs to it."""
        return self.path / "data"

    @property
    def restoring(self) -> Path:
        """Stands while a restored database is being put in the place of another."""
        return self.data / "restoring.json"

    @property
    def log(self) -> Path:
        """Log files."""
        return self.path / "log"

    @property
    def run(self) -> Path:
        """What holds while the system runs."""
        return self.path / "run"

    def resolve(self, path: Path) -> Path:
        """The absolute form of a path in the settings."""
        return self.path / path

    def write_settings(self, text: str) -> None:
        """Replace gateway.toml."""
        write_atomically(self.settings_file, text.encode())

    def remembered_port(self, use: str = PORT) -> int | None:
        """The port on which the system was last served; None before the first time.

        ``use`` is PORT, or MONITORING_PORT for the one of health and metrics.
        """
        try:
            text = (self.run / use).read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
            return None
        return int(text)

    def remember_port(self, port: int, use: str = PORT) -> None:
        """Keep the port for the next start."""
        write_atomically(self.run / use, f"{port}\n".encode())

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the folder as its one running system. Raises StateBusy when another process does."""
        with process_lock(self.run / "serve.pid", f"{self.path}: is already served"):
            yield

    def running_process(self) -> int | None:
        """The process id of the system that runs on this folder; None when none does."""
        return lock_holder(self.run / "serve.pid")


def write_atomically(file: Path, content: bytes, mode: int = FILE_MODE) -> None:
    """Replace ``file`` in one step, so that a reader sees the old or the new content, never a part.

    Raises StateError when it cannot be written.
    """
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(file)
        except OSError:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StateError(f"{file}: cannot be written ({error.strerror})") from error


@contextmanager
def process_lock(file: Path, refusal: str) -> Iterator[None]:
    """Hold ``file`` as a lock that names this process, until the block or the process ends.

    The kernel frees the lock with the last process that inherited it, so a stale file locks nobody
    out. Raises StateBusy with the text ``refusal`` and the holder's process id.
    """
    # Inherited by worker processes: while one of them still serves, the folder is not free.
    try:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise StateError(f"{file}: cannot be written ({error.strerror})") from error
    try:
        _take(handle, refusal)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int, refusal: str) -> None:
    # lock_holder takes a shared lock for an instant: one refused try proves nothing yet.
    for attempt in range(5):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if attempt == 4:
                raise StateBusy(f"{refusal} (process {_process_id(handle) or 'unknown'})") from error
            time.sleep(0.02)
        else:
            return


def lock_holder(file: Path) -> int | None:
    """The process id in a lock that is held; None when nobody holds it."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process_id(handle)
    finally:
        os.close(handle)
    return None


def _process_id(handle: int) -> int | None:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else None
