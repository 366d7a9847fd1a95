"""A development network from start to end: ``with running_network(…) as network``."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from gateway.cli.exits import Refusal
from gateway.cli.network.document import network_document
from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.health import is_ready, probe_context
from gateway.cli.network.moving import ahead, keep_together
from gateway.cli.network.plan import Plan
from gateway.cli.network.revocation import RevocationLists
from gateway.cli.network.supervisor import END_SECONDS, Server, Supervisor, serving
from gateway.state import StateFolder, process_lock, write_atomically

DOCUMENT = "network.json"
LOCK = "run/network.pid"


class Stop:
    """Hears SIGINT and SIGTERM. ``asked`` waits for one; a second SIGINT interrupts at once."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        self.heard: signal.Signals | None = None
        self._before = {name: signal.signal(name, self._hear) for name in (signal.SIGINT, signal.SIGTERM)}

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.heard is signal.SIGINT and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.heard = signal.Signals(number)
        os.write(self._writing, b"!")

    def asked(self, seconds: float) -> bool:
        """Wait up to ``seconds``; whether a signal came, now or earlier."""
        return bool(select.select([self._reading], [], [], seconds)[0])

    def close(self) -> None:
        """Give the signals back."""
        for name, handler in self._before.items():
            signal.signal(name, handler)
        os.close(self._reading)
        os.close(self._writing)


@dataclass(frozen=True, slots=True)
class Network:
    """A running network, every server ready."""

    made: Made
    document: dict[str, Any]
    supervisor: Supervisor
    lists: RevocationLists

    def tend(self) -> None:
        """What a running network needs every now and then: fresh lists, servers that run."""
        self.lists.refresh()
        self.supervisor.watch()


@contextmanager
def running_network(
    folder: Path, plan: Plan, *, maker: str, say: Callable[[str], None], stopped: Callable[[float], bool]
) -> Iterator[Network | None]:
    """Make or complete the network in ``folder``, start it, and end it with the block.

    Yields None when ``stopped`` was asked for before all was ready. Raises UsageError for a folder that is
    not ours, StateBusy when a network runs in it, and as Supervisor.start does.
    """
    folder = folder.absolute()
    os.umask(0o077)  # whatever is written from here on is the owner's only
    take_folder(folder, maker)
    with process_lock(folder / LOCK, f"{folder}: a network runs here already"):
        (folder / DOCUMENT).unlink(missing_ok=True)  # of a supervisor that was killed
        _await_leftovers(folder, plan)
        made = make_network(folder, plan, say)
        states = made.states.values()
        keep_together(states)
        document = network_document(made, say)
        lists = RevocationLists(made.authority, states, ahead=lambda: ahead(states))
        lists.refresh()
        supervisor = Supervisor([_server(made, name) for name in made.ports], say)
        try:
            if supervisor.start(stopped):
                write_atomically(
                    folder / DOCUMENT, json.dumps(document, ensure_ascii=False, indent=2).encode()
                )
                yield Network(made, document, supervisor, lists)
            else:
                yield None
        finally:
            (folder / DOCUMENT).unlink(missing_ok=True)
            supervisor.end()


def _await_leftovers(folder: Path, plan: Plan) -> None:
    """Servers of a supervisor that was killed end by themselves; wait for them, so that ports stay."""
    deadline = time.monotonic() + END_SECONDS
    further = () if plan.shared is None else range(2, plan.shared.nodes + 1)
    names = [system.id for system in plan.served]
    names += [f"{plan.shared.system}-{number}" for number in further if plan.shared is not None]
    for name in names:
        while (process := StateFolder(folder / name).running_process()) is not None:
            if time.monotonic() > deadline:
                raise Refusal(f"{name} is still served by process {process}, which is not ours to end")
            time.sleep(0.05)


def _server(made: Made, name: str) -> Server:
    state, port = made.states[name], made.ports[name]
    context = probe_context(
        [made.authority.root_pem, made.authority.issuing_pem],
        state.certificates / "tls.pem",
        state.keys / "tls.key.pem",
    )
    return Server(
        id=name,
        run=serving(state.path),
        console=state.log / "console.log",
        ready=lambda: is_ready("127.0.0.1", port, context),
        left=lambda: state.running_process() is not None,
    )
