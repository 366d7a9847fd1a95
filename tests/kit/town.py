"""A municipal CS and the servers that it tells, as processes of the test's own, to be killed.

No supervisor stands above them: whoever kills the first process of a server starts it again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.cli.network.folders import Made
from gateway.cli.network.health import is_ready, probe_context
from gateway.cli.network.nodes import shared_by
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.revocation import RevocationLists
from gateway.settings import load_settings, render_settings
from gateway.state import StateFolder
from tests.kit.delivery import children, gone, is_dispatcher, listens, wait
from tests.kit.forked import Forked, juki_gateway
from tests.kit.made import copied_network
from tests.kit.registry import CARDS, GATEWAY, NATION, PREFECTURE, SYSTEM

SERVED = (NATION, PREFECTURE, CARDS, GATEWAY)
_PLAN = DEVELOPMENT.only({*SERVED, SYSTEM})
_PATIENT = {"deadline_seconds": 3.0}
_QUICK = {
    "lease_seconds": 0.5,
    "retry_seconds": 0.05,
    "longest_retry_seconds": 0.3,
    "breaker_seconds": 0.1,
    "longest_breaker_seconds": 0.3,
    "poll_seconds": 0.02,
}


@dataclass
class Town:
    """The network in ``folder``; ``processes`` are the first processes of the servers that run."""

    folder: Path
    made: Made
    processes: dict[str, Forked | subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, *, workers: int = 1, database: str | None = None, nodes: int = 1) -> Town:
        """Everything in a new folder, nothing started; the gateway in so many nodes on a PostgreSQL."""
        made = copied_network(folder, shared_by(_PLAN, database, nodes))
        RevocationLists(made.authority, made.states.values()).refresh()
        for state in made.states.values():
            _hasten(state, workers)
        return cls(folder, made)

    @property
    def served(self) -> tuple[str, ...]:
        """Every server, further nodes behind."""
        return (*SERVED, *(node.state.path.name for node in self.made.nodes[1:]))

    def through(self, relays: Mapping[str, int]) -> None:
        """Let whoever calls one of these servers call a port before it; for their next start."""
        for system, port in relays.items():
            own, before = (f"https://127.0.0.1:{one}/" for one in (self.made.ports[system], port))
            state = self.made.states[system]
            settings = load_settings(state.settings_file)
            listen = settings.listen.model_copy(update={"addresses": (own, before)})
            state.write_settings(render_settings(settings.model_copy(update={"listen": listen})))
            for caller in self.made.states.values():
                settings = load_settings(caller.settings_file)
                called = tuple(
                    one.model_copy(update={"url": before}) if one.id == system else one
                    for one in settings.destinations
                )
                changed = settings.model_copy(update={"destinations": called})
                caller.write_settings(render_settings(changed))

    def start(self, system: str, kill_point: str | None = None, seconds: float = 120.0) -> None:
        """Start a server; returns when it answers. ``kill_point`` is the variable's value."""
        log = self.made.states[system].log / "gateway.jsonl"
        before = log.stat().st_size if log.exists() else 0
        self.processes[system] = juki_gateway(
            "serve", self.folder / system, console=self.folder / f"{system}.err", kill_point=kill_point
        )
        wait(lambda: self.is_ready(system) and self._listens(system, log, before), seconds)

    def _listens(self, system: str, log: Path, before: int) -> bool:
        """Whether all its processes run: one that is killed sooner ends the start, as is right."""
        if not log.exists():
            return False
        with log.open("rb") as lines:
            lines.seek(before)
            told = [json.loads(line) for line in lines.read().splitlines(keepends=True) if line[-1:] == b"\n"]
        process = self.processes[system].pid
        return any(line["event"] == "front-listening" and line["process"] == process for line in told)

    def is_ready(self, system: str) -> bool:
        """Whether a server answers its health question. Raises RuntimeError when it has ended."""
        if self.processes[system].poll() is not None:
            raise RuntimeError((self.folder / f"{system}.err").read_text()[-2000:])
        state, authority = self.made.states[system], self.made.authority
        context = probe_context(
            [authority.root_pem, authority.issuing_pem],
            state.certificates / "tls.pem",
            state.keys / "tls.key.pem",
        )
        return is_ready("127.0.0.1", self.made.ports[system], context)

    def main(self, system: str) -> list[int]:
        """The first process of a server, if it runs."""
        process = self.processes.get(system)
        return [process.pid] if process is not None and process.poll() is None else []

    def workers(self, system: str) -> list[int]:
        """The processes of a server that take connections."""
        return [child for child in self._children(system) if _holds(child, self.made.ports[system])]

    def dispatchers(self, system: str) -> list[int]:
        """The processes of a server that deliver."""
        return [child for child in self._children(system) if is_dispatcher(child) and not gone(child)]

    def _children(self, system: str) -> list[int]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return [child for main in self.main(system) for child in children(main)]
        return []

    def finish(self, system: str, left: list[int]) -> None:
        """After the first process of a server was killed: kill what it left, and wait until all are gone."""
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        process = self.processes.pop(system)
        process.wait()
        wait(lambda: all(map(gone, left)) and self.made.states[system].running_process() is None, 120)

    def restart(self, system: str, kill_point: str | None = None) -> None:
        """Kill a server with all its processes, and start it again."""
        left = [*self.workers(system), *self.dispatchers(system)]
        for process in self.main(system):
            os.kill(process, signal.SIGKILL)
        self.finish(system, left)
        self.start(system, kill_point)

    def end(self, system: str) -> int:
        """End a server as an operator does; gives its exit status."""
        process = self.processes.pop(system)
        process.send_signal(signal.SIGTERM)
        return process.wait(40)

    def close(self) -> None:
        """End all that runs."""
        for system in list(self.processes):
            with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
                self.end(system)


@contextlib.contextmanager
def town(folder: Path, *, started: bool = True, **changes: Any) -> Iterator[Town]:
    """A town in a new folder, ended with the block."""
    made = Town.make(folder, **changes)
    try:
        if started:
            for system in made.served:
                made.start(system)
        yield made
    finally:
        made.close()


def until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came to hold within so many seconds."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def _hasten(state: StateFolder, workers: int) -> None:
    """Settings of somebody in a hurry."""
    settings = load_settings(state.settings_file)
    update: dict[str, Any] = {
        "listen": settings.listen.model_copy(update={"workers": workers}),
        "outbox": settings.outbox.model_copy(update=_QUICK),
        "addressees": settings.addressees.model_copy(update={"erase_seconds": 0.5}),
        "destinations": tuple(one.model_copy(update=_PATIENT) for one in settings.destinations),
    }
    state.write_settings(render_settings(settings.model_copy(update=update)))


def _holds(process: int, port: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        return not gone(process) and listens(process, port)
    return False
