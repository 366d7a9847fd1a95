"""Our command in a process of its own that need not read the program again: it is forked from one that has.

The process that forks them (multiprocessing's fork server) does nothing else. Its environment is that of
whichever test came first: each fork takes the environment of the test that asks for it instead. What the
command's own start does is for tests that start the command.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from gateway import kill_points
from gateway.cli import main
from gateway.cli.serve import SERVERS

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, "gateway.cli.network.commands", *SERVERS.values()])


class Forked:
    """A process that writes to ``console``; the methods are those of subprocess.Popen."""

    def __init__(self, run: Callable[..., None], *arguments: object, console: Path) -> None:
        self._process = _FORKS.Process(target=_live, args=(console, dict(os.environ), run, *arguments))
        self._process.start()
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """The exit status, a signal's number being negative; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, once it has ended; raises subprocess.TimeoutExpired after so many seconds."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired("juki-gateway", timeout or 0.0)
        return status

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def juki_gateway(*arguments: object, console: Path, kill_point: str | None = None) -> Forked:
    """The command with these arguments; ``kill_point`` is the variable's value."""
    return Forked(_command, [str(one) for one in arguments], kill_point, console=console)


def script(file: Path, *arguments: object, console: Path) -> Forked:
    """A Python file that is run as a program."""
    return Forked(_script, file, [str(one) for one in arguments], console=console)


def _live(
    console: Path, environment: Mapping[str, str], run: Callable[..., None], *arguments: object
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(console, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(written, standard)
    run(*arguments)


def _command(arguments: Sequence[str], kill_point: str | None) -> None:
    if kill_point is not None:
        os.environ[kill_points.VARIABLE] = kill_point
    if kill_points.armed_in(os.environ):
        kill_points.arm(os.environ[kill_points.VARIABLE])
    main(arguments)


def _script(file: Path, arguments: Sequence[str]) -> None:
    sys.argv = [str(file), *arguments]
    runpy.run_path(str(file), run_name="__main__")
