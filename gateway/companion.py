"""The life of a process that the server forks beside its workers: a dispatcher, an inquirer, a monitor.

SIGTERM lets the calls under way end; so does the end of the parent, however that ended.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple, Protocol


class Companion(NamedTuple):
    """A further process beside a server's workers.

    ``live`` is its life: its arguments are the parent's process id and what says that it is ready. It returns
    on SIGTERM and when the parent is gone, within the time that the server may take to stop.
    """

    name: str
    live: Callable[[int, Callable[[], None]], None]


class Runs(Protocol):
    """What such a process does."""

    def run(self, stopped: Callable[[], bool], *, drain_seconds: float) -> None:
        """Work until ``stopped`` says so; what is under way then may take so long."""
        ...


def run_until_stopped(
    make: Callable[[], Runs], *, parent: int, ready: Callable[[], None], drain_seconds: float
) -> None:
    """Run what ``make`` gives, made here after the fork, until SIGTERM or until ``parent`` is gone."""
    stopping = stopping_of(parent)
    running = make()
    ready()
    running.run(stopping, drain_seconds=drain_seconds)


def stopping_of(parent: int) -> Callable[[], bool]:
    """In a process that was forked by ``parent``: whether it was told to end, or is left alone."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    # Ctrl-C goes to the whole group and SIGHUP is about TLS files: the parent says when to end.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, ask)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
    return lambda: bool(asked) or os.getppid() != parent
