"""The dispatcher's life as a process of its own: forked by the server beside its workers.

SIGTERM lets the calls under way end; so does the end of the parent, however that ended.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

from gateway.outbox.dispatcher import Dispatcher


def dispatch_until_stopped(
    make: Callable[[], Dispatcher], *, parent: int, ready: Callable[[], None], drain_seconds: float
) -> None:
    """Run what ``make`` gives, made here after the fork, until SIGTERM or until ``parent`` is gone."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    # Ctrl-C goes to the whole group and SIGHUP is about TLS files: the parent says when to end.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, ask)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
    dispatcher = make()
    ready()
    dispatcher.run(lambda: bool(asked) or os.getppid() != parent, drain_seconds=drain_seconds)
