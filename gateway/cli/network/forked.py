"""A child process that begins with what this process has read: no second reading of the whole program.

It is forked, never executed anew: whoever forks must have no other threads.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

_PR_SET_PDEATHSIG = 1  # prctl(2)
_POLL_SECONDS = 0.02


class Forked:
    """``run`` in a process of its own; what it writes to standard output and error goes to ``console``.

    The kernel sends it SIGTERM when its parent ends, however that ends. Ctrl-C reaches the parent only.
    """

    def __init__(self, run: Callable[[], None], console: Path) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        self._status: int | None = None
        if self.pid == 0:
            _live(run, console, parent)

    def poll(self) -> int | None:
        """The exit status, a signal's number being negative; None while it runs."""
        if self._status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = os.waitstatus_to_exitcode(status) if ended else None
        return self._status

    def wait(self, seconds: float) -> int | None:
        """As poll, once it has ended or so many seconds have passed."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return self._status

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)  # not reaped yet: the id is still its own


def _live(run: Callable[[], None], console: Path, parent: int) -> NoReturn:
    """The child's life; it never returns into the parent's code."""
    status = 1
    try:
        os.setsid()
        _take_console(console)
        # Locks and pipes are the parent's alone; its frames stay, so nothing closes these numbers again.
        os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() == parent:  # else it ended before the kernel was told
            run()
            status = 0
    except SystemExit as end:
        status = _status_of(end)
    except BaseException:  # noqa: BLE001 - nothing may unwind into the parent's frames
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _take_console(console: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(console, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for ours, theirs in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(ours, theirs)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they live as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as above
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115 - as above


def _status_of(end: SystemExit) -> int:
    """As the interpreter does it."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1
