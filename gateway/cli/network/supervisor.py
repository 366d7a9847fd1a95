"""Starts the servers of a network as child processes, watches them, and ends them together.

They are forked from this process, which has read the program once for all of them. The kernel ends them with
it, so that none stays behind even when the supervisor is killed.
"""

from __future__ import annotations

import importlib
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.cli import main
from gateway.cli.exits import Refusal, Unreachable
from gateway.cli.network.forked import Forked
from gateway.cli.serve import SERVERS

READY_SECONDS = 30.0
"""Time in which every server must answer its health question."""

END_SECONDS = 30.0
"""Time that a server has to end by itself; the front lets running requests finish for 25 s."""

_RESTARTS = 5
_RESTART_WINDOW = 60.0


@dataclass(slots=True)
class Server:
    """One server of the network: its id, what it runs, and how to ask whether it is ready.

    ``left`` says whether processes of one that was killed still serve: they end by themselves, soon.
    """

    id: str
    run: Callable[[], None]
    console: Path
    ready: Callable[[], bool]
    left: Callable[[], bool] = lambda: False
    process: Forked | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start the process; what it writes outside its log goes to the console file."""
        self.starts.append(time.monotonic())
        self.process = Forked(self.run, self.console)

    def ended(self) -> int | None:
        """The exit status when the process ended, else None."""
        return self.process.poll() if self.process is not None else None

    def last_words(self) -> str:
        """The end of what the process wrote, for the report of its failure."""
        text = self.console.read_text(encoding="utf-8", errors="replace") if self.console.exists() else ""
        return "\n".join(text.strip().splitlines()[-5:])


def serving(folder: Path) -> Callable[[], None]:
    """What serves ``folder`` in a process of its own, as the command does; the program is read now."""
    for module in SERVERS.values():
        importlib.import_module(module)
    return lambda: main(["serve", str(folder)])


class Supervisor:
    """All servers of a network. Start and watch from one thread: the one whose end ends the children."""

    def __init__(self, servers: Sequence[Server], say: Callable[[str], None]) -> None:
        self._servers = servers
        self._say = say

    def start(self, stopped: Callable[[float], bool]) -> bool:
        """Start all and wait until each is ready; False when ``stopped`` said so meanwhile.

        ``stopped`` waits up to the given seconds. Raises Refusal when a server ends, Unreachable when one
        is not ready in time.
        """
        for server in self._servers:
            server.console.unlink(missing_ok=True)
            server.start()
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(self._servers)
        while waiting:
            for server in list(waiting):
                if server.ended() is not None:
                    raise Refusal(f"{server.id} ended with status {server.ended()}:\n{server.last_words()}")
                if server.ready():
                    waiting.remove(server)
                    self._say(f"{server.id} is ready")
            if waiting and time.monotonic() > deadline:
                names = ", ".join(server.id for server in waiting)
                raise Unreachable(f"not ready within {READY_SECONDS:.0f} s: {names}")
            if waiting and stopped(0.1):
                return False
        return True

    def watch(self) -> None:
        """Start again what ended by itself. Raises Refusal when a server keeps ending."""
        for server in self._servers:
            status = server.ended()
            if status is None or server.left():
                continue
            now = time.monotonic()
            server.starts = [start for start in server.starts if now - start < _RESTART_WINDOW]
            if len(server.starts) >= _RESTARTS:
                raise Refusal(f"{server.id} keeps ending (status {status}):\n{server.last_words()}")
            self._say(f"{server.id} ended with status {status} and is started again")
            server.start()

    def end(self) -> None:
        """End all: SIGTERM, then SIGKILL for those that do not go in time."""
        running = [server.process for server in self._servers if server.process is not None]
        for process in running:
            process.send(signal.SIGTERM)
        deadline = time.monotonic() + END_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            finally:  # Ctrl-C here means at once
                process.send(signal.SIGKILL)
                process.wait(END_SECONDS)
