"""From start to end of one worker, in a forked process or in a thread of this one."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import uvloop

from gateway.errors import StateError
from gateway.transport.counts import SharedCounts
from gateway.transport.http import Application, Log
from gateway.transport.limits import FrontLimits
from gateway.transport.periodic import Housekeeping
from gateway.transport.process import Failure, Front, Refuse
from gateway.transport.tallies import Tallies
from gateway.transport.tls import TlsFiles

_PARENT_LOOKS = 1.0  # s between two looks whether the parent is still there


@dataclass(frozen=True, slots=True)
class Parts:
    """What every worker is made from."""

    tls: Callable[[], TlsFiles] | None
    limits: FrontLimits
    threads: int
    make_application: Callable[[], Application]
    refuse: Refuse
    failure: Failure
    log: Log
    processes: int
    counts: tuple[SharedCounts, SharedCounts]
    tallies: Tallies


class Worker:
    """An application, its housekeeping, and the front that asks it, in one event loop."""

    def __init__(
        self, parts: Parts, listener: socket.socket, context: ssl.SSLContext | None, number: int = 0
    ) -> None:
        self.loop = uvloop.new_event_loop()
        self._within = parts.limits.closing
        parts.tallies.begin(number)
        self.application = parts.make_application()
        self._housekeeping = Housekeeping(getattr(self.application, "periodic", ()), parts.log)
        self.front = Front(
            self.loop,
            listener,
            context,
            tls=parts.tls,
            limits=parts.limits,
            application=self.application,
            batching=getattr(self.application, "batching", None),
            threads=parts.threads,
            refuse=parts.refuse,
            failure=parts.failure,
            log=parts.log,
            number=number,
            processes=parts.processes,
            counts=parts.counts,
            tallies=parts.tallies,
        )

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until the front is stopped, then close the application."""
        self._housekeeping.start()
        try:
            self.loop.run_until_complete(self.front.serve(ready))
        finally:
            self._housekeeping.stop(self._within)
            close = getattr(self.application, "close", None)
            if close is not None:
                close()
            self.loop.close()


def work_until_stopped(
    parts: Parts,
    listener: socket.socket,
    context: ssl.SSLContext | None,
    *,
    number: int,
    parent: int,
    say_ready: int,
) -> None:
    """The whole life of a forked worker, until SIGTERM or the parent's death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group: the parent says when
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _raise_open_files(parts.limits.connections)
    worker = Worker(parts, listener, context, number)
    worker.loop.add_signal_handler(signal.SIGTERM, worker.front.stop)
    worker.loop.add_signal_handler(signal.SIGHUP, worker.front.reload)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
    limit = parts.limits.stopping + 2
    threading.Thread(target=_guard, args=(worker, parent, limit), name="front-guard", daemon=True).start()
    calm_collector()

    def ready() -> None:
        os.write(say_ready, b"1")
        os.close(say_ready)

    worker.run(ready)


def calm_collector() -> None:
    """What is here now stays: the collector need not look at it again, and its pages stay shared.

    After that it looks once in 50,000 new objects, not in 700: a message makes hundreds, few in cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def _guard(worker: Worker, parent: int, limit: float) -> None:
    """Stop the worker when its parent is gone, and end the process if stopping takes longer than it may."""
    while os.getppid() == parent:
        time.sleep(_PARENT_LOOKS)
    try:
        worker.loop.call_soon_threadsafe(worker.front.stop)
    except RuntimeError:
        return  # already at its end
    time.sleep(limit)
    os._exit(1)


def _raise_open_files(connections: int) -> None:
    """Let this process open as many files as it may have connections, and some for its own."""
    wanted = connections + 256
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        best = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (best, hard))


class Alone:
    """One worker in a thread of this process, for tests and for tools that serve beside other work."""

    def __init__(self, parts: Parts, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        self._worker = Worker(parts, listener, context)
        self._limit = parts.limits.stopping + parts.limits.closing + 5
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="front", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self._worker.loop)
        self._worker.run(self._ready.set)

    def start(self) -> None:
        """Returns when connections are taken; raises ``StateError`` when that does not come about."""
        self._thread.start()
        if not self._ready.wait(10):
            raise StateError("the server did not start")

    def reload(self) -> None:
        """Take up the TLS files anew."""
        self._worker.loop.call_soon_threadsafe(self._worker.front.reload)

    def stop(self) -> None:
        """Stop; requests in flight are answered first."""
        try:
            self._worker.loop.call_soon_threadsafe(self._worker.front.stop)
        except RuntimeError:
            return  # it has ended by itself
        self._thread.join(self._limit)
