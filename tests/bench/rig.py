"""What is measured: a gateway in a folder of its own, with people in its register, served as always.

Only keys and the number of processes change between runs; the database is new for each. A terminal's
credentials are there too, for whoever makes the load.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.revocation import RevocationLists
from gateway.clock import SystemClock
from gateway.contract import SERVICES, Service
from gateway.domain.identity_record import IdentityRecord
from gateway.settings import Settings, load_settings, render_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store
from gateway.store.register_load import Newcomer
from tests.bench.machine import environment, pinned
from tests.kit.made import sign_with
from tests.kit.towns import people_of

GATEWAY, TERMINAL = "131016-cs", "131016-terminal-1"
REGISTRY, PREFECTURE = "131016-registry", "13-prefectural-server"
SERVICE = SERVICES["terminal"]
_READY_SECONDS, _END_SECONDS = 60.0, 40.0
_KEYS = {"RSA-2048", "RSA-3072", "P-256"}


@dataclass(frozen=True, slots=True)
class Served:
    """A running gateway: every process that belongs to it, and where it listens."""

    processes: tuple[int, ...]
    port: int


class Rig:
    """The folder, its people and its keys."""

    def __init__(self, folder: Path, *, people: int) -> None:
        take_folder(folder, "network")
        self._made: Made = make_network(folder, DEVELOPMENT, lambda _text: None)
        RevocationLists(self._made.authority, self._made.states.values()).refresh()
        home = people_of(("131016",), people, seed=4)
        self.people: list[IdentityRecord] = [person.record for person in home]

    @property
    def gateway(self) -> StateFolder:
        """The gateway's state folder."""
        return self._made.states[GATEWAY]

    @property
    def terminal(self) -> StateFolder:
        """The terminal's state folder."""
        return self._made.states[TERMINAL]

    @property
    def authorities(self) -> tuple[Path, ...]:
        """Certificates that a TLS client trusts."""
        return (self._made.authority.root_pem, self._made.authority.issuing_pem)

    def state(self, system: str) -> StateFolder:
        """The state folder of any system of the network."""
        return self._made.states[system]

    def url(self, service: Service) -> str:
        """wsa:To of a service of the gateway."""
        return self._made.address(DEVELOPMENT.system(GATEWAY)).rstrip("/") + service.path

    def use_key(self, kind: str) -> None:
        """New signing credentials of this kind for the gateway and those who ask it."""
        if kind not in _KEYS:
            raise ValueError(kind)
        for system in map(DEVELOPMENT.system, (GATEWAY, TERMINAL, REGISTRY)):
            sign_with(self._made, system, kind)

    def begin_anew(self, *, processes: int) -> None:
        """An empty database with the people in it, an empty log, and so many worker processes."""
        for folder in (self.gateway.data, self.gateway.log):
            _empty(folder)
        settings = self.settings()
        listen = settings.listen.model_copy(update={"workers": processes})
        self.gateway.write_settings(render_settings(settings.model_copy(update={"listen": listen})))
        store = open_store(self.gateway.path, self.settings(), clock=SystemClock(), upgrade=True)
        try:
            newcomers = (Newcomer((person,)) for person in self.people)
            store.loader.load(newcomers, source="bench", recorded_at=datetime.now(UTC))
        finally:
            store.close()

    def use_database(self, url: str) -> None:
        """Let the gateway keep what it keeps there; empty is the file in its state folder."""
        settings = self.settings().model_copy(update={"database_url": url})
        self.gateway.write_settings(render_settings(settings))

    def settings(self) -> Settings:
        """The gateway's settings."""
        return load_settings(self.gateway.settings_file)

    @contextlib.contextmanager
    def served(self, *, cores: Sequence[int], masked: bool) -> Iterator[Served]:
        """The gateway as ``juki-gateway serve`` runs it, one worker process for each core, on these cores."""
        self.begin_anew(processes=len(cores))
        with _serving(self.gateway, cores=cores, masked=masked) as process:
            yield Served(tuple(_family(process.pid)), self.gateway.remembered_port() or 0)

    @contextlib.contextmanager
    def counterpart(self, system: str, *, cores: Sequence[int]) -> Iterator[None]:
        """Another system of the network, beside it, with a database that knows its first stock only."""
        state = self.state(system)
        for file in state.data.glob("*.sqlite*"):
            file.unlink()
        _empty(state.log)
        with _serving(state, cores=cores, masked=False):
            yield


def _empty(folder: Path) -> None:
    for file in folder.iterdir() if folder.is_dir() else ():
        if file.is_file():
            file.unlink()


@contextlib.contextmanager
def _serving(state: StateFolder, *, cores: Sequence[int], masked: bool) -> Iterator[subprocess.Popen[bytes]]:
    """The process that serves a system, from when it listens on."""
    ready = state.log / "gateway.jsonl"
    with (state.log / "console.log").open("wb") as console:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "serve", str(state.path)],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            env=environment(masked=masked),
            preexec_fn=pinned(cores),  # noqa: PLW1509 - this process has no threads
        )
    try:
        deadline = time.monotonic() + _READY_SECONDS
        while not (ready.exists() and b'"front-listening"' in ready.read_bytes()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((state.log / "console.log").read_text(encoding="utf-8"))
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _family(process: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield process
    for thread in Path(f"/proc/{process}/task").iterdir():
        for child in (thread / "children").read_text(encoding="ascii").split():
            yield from _family(int(child))


_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(process: int) -> float:
    """User and system time that a process has taken, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_mb(process: int) -> float:
    """Resident memory, shared pages included."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
