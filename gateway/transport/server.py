"""The public entry of the front: one listening socket, worker processes that share it, and their parent.

The parent binds, builds the TLS context (so that a bad file is found early), forks, and then only waits: it
starts a dead worker again, hands on SIGHUP (take up the TLS files anew) and, on SIGTERM or SIGINT, stops
them. It must have no other threads, for it forks again whenever a worker dies. A worker that loses its
parent stops by itself.
"""

from __future__ import annotations

import ipaddress
import os
import selectors
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from gateway.companion import Companion
from gateway.errors import GatewayError, StateError
from gateway.transport.counts import SharedCounts
from gateway.transport.http import Application, Log
from gateway.transport.lifecycle import Alone, Parts, work_until_stopped
from gateway.transport.limits import FrontLimits
from gateway.transport.process import Failure, Refuse
from gateway.transport.tallies import Tallies
from gateway.transport.tls import TlsFiles, build_context
from gateway.transport.workers import frames

_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD})
_START = 60.0  # s, for a worker to say that it is ready
_BACK_OFF = (0.1, 10.0)  # s, shortest and longest wait before a worker that keeps dying is started again
_STEADY = 30.0  # s of life after which a worker's death is no longer counted with the one before


class Server:
    """HTTP/1.1 over mutual TLS in ``workers`` processes of ``threads`` threads each.

    ``make_application`` is called once in each worker process, after the fork. What it returns is called
    with requests, in threads; it may have ``batching`` (http.Batching, used instead of the plain call),
    ``close()``, called at the end, and ``periodic``, a sequence of (seconds, function) called in a thread of
    their own. ``refuse`` and ``failure`` make the SOAP faults of requests that the front answers itself.
    ``tls`` may be a function that names the files of this instant: when it names others, they are taken up as
    on SIGHUP. ``tls=None`` is plain HTTP: on loopback only, and only
    with ``allow_plain``.

    ``run()`` blocks in the main thread until SIGTERM or SIGINT. With ``workers=0`` everything runs in this
    process (``start()`` and ``stop()``, for tests). ``on_ready`` is told the port once every worker takes
    connections. ``companions`` are further processes, started and ended with the workers and started again
    like them; without workers there are none. In ``tallies`` the workers count what they do. ``name_of``
    names each process by its number, workers first, as the system's list of processes shows it.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: TlsFiles | Callable[[], TlsFiles] | None,
        limits: FrontLimits,
        workers: int,
        threads: int,
        make_application: Callable[[], Application],
        refuse: Refuse,
        failure: Failure,
        log: Log,
        on_ready: Callable[[int], None] | None = None,
        allow_plain: bool = False,
        companions: Sequence[Companion] = (),
        tallies: Tallies | None = None,
    ) -> None:
        if workers < 0 or threads < 1:
            raise ValueError("workers must not be negative, threads must be at least 1")
        if tls is None and not allow_plain:
            raise StateError("plain HTTP is not switched on")
        self._host = host
        self._port = port
        self._tls = (lambda: tls) if isinstance(tls, TlsFiles) else tls
        self._files: TlsFiles | None = None  # those of self._context
        self._workers = workers
        self._companions = companions
        self._log = log
        self._on_ready = on_ready
        self._listener: socket.socket | None = None
        self._context: ssl.SSLContext | None = None
        self._parts = Parts(
            tls=self._tls,
            limits=limits,
            threads=threads,
            make_application=make_application,
            refuse=refuse,
            failure=failure,
            log=log,
            processes=max(1, workers),
            counts=(SharedCounts(max(1, workers)), SharedCounts(max(1, workers))),
            tallies=tallies or Tallies(max(1, workers), threads),
        )
        self._children: dict[int, _Child] = {}
        self._alone: Alone | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; raises ``StateError`` before ``bind``."""
        return int(self._bound().getsockname()[1])

    def name_of(self, number: int) -> str:
        """What the process of this number is: a worker, or a companion by its name."""
        return f"worker {number}" if number < self._workers else self._companions[number - self._workers].name

    def bind(self) -> None:
        """Read the TLS files and take the port; raises ``StateError`` when either cannot be had."""
        if self._listener is not None:
            return
        if self._tls is not None:
            self._files = self._tls()
            self._context = build_context(self._files)
        self._listener = _listen(self._host, self._port, plain=self._tls is None)
        self._port = self.port

    def _bound(self) -> socket.socket:
        if self._listener is None:
            raise StateError("the server has no port yet")
        return self._listener

    # In this process: workers=0.

    def start(self) -> None:
        """Serve from a thread of this process; returns when it takes connections."""
        self.bind()
        self._alone = Alone(self._parts, self._bound(), self._context)
        self._alone.start()
        if self._on_ready is not None:
            self._on_ready(self.port)

    def reload(self) -> None:
        """Take up the TLS files anew, as SIGHUP does; only after ``start``."""
        if self._alone is not None:
            self._alone.reload()

    def stop(self) -> None:
        """Stop what ``start`` started; requests in flight are answered."""
        if self._alone is not None:
            self._alone.stop()
            self._alone = None
        self._close()

    # In processes of its own.

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; raises ``StateError`` when the workers cannot be started."""
        self.bind()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            if self._workers == 0:
                self._run_alone()
            else:
                self._run_workers()
        finally:
            self._close()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _run_alone(self) -> None:
        self.start()
        while (number := _next_signal(1.0)) not in {signal.SIGTERM, signal.SIGINT}:
            if number == signal.SIGHUP or self._is_renewed():
                self.reload()
        self.stop()

    def _run_workers(self) -> None:
        try:
            for number in range(self._workers + len(self._companions)):
                self._fork(number, _BACK_OFF[0])
            self._await_ready()
            self._log("front-listening", port=self.port, workers=self._workers)
            if self._on_ready is not None:
                self._on_ready(self.port)
            self._supervise()
        finally:
            self._stop_workers()

    def _await_ready(self) -> None:
        """Wait until each worker has said that it takes connections."""
        deadline = time.monotonic() + _START
        with selectors.DefaultSelector() as waiting:
            for child in self._children.values():
                waiting.register(child.ready, selectors.EVENT_READ)
            while waiting.get_map():
                if _next_signal(0.0) in {signal.SIGTERM, signal.SIGINT}:
                    os.kill(os.getpid(), signal.SIGTERM)  # for the supervision, which ends at once
                    return
                for key, _ in waiting.select(0.2):
                    waiting.unregister(key.fd)
                    if not os.read(key.fd, 1):
                        raise StateError("a worker process could not start; its reason is in the log")
                if time.monotonic() > deadline:
                    raise StateError(f"the worker processes were not ready within {_START:.0f} s")

    def _supervise(self) -> None:
        due: list[tuple[float, int, float]] = []
        while True:
            number = _next_signal(0.2 if due else 1.0)
            if number in {signal.SIGTERM, signal.SIGINT}:
                return
            if number == signal.SIGHUP or self._is_renewed():
                self._reload_workers()
            now = time.monotonic()
            for child in self._reap():
                shortest, longest = _BACK_OFF
                wait = shortest if now - child.started > _STEADY else min(child.back_off * 2, longest)
                self._log("worker-died", worker=child.number, pid=child.pid, status=child.status)
                due.append((now + wait, child.number, wait))
            for item in [item for item in due if item[0] <= now]:
                due.remove(item)
                self._fork(item[1], item[2])

    def _reload_workers(self) -> None:
        """Judge the files here first: a worker that is started later begins with what is good here."""
        if self._tls is None:
            return
        self._files = self._tls()
        try:
            self._context = build_context(self._files)
        except StateError as error:
            self._log("tls-reload-failed", error=str(error))
            return
        self._signal_workers(signal.SIGHUP)

    def _is_renewed(self) -> bool:
        """Whether other TLS files are named than those in use; told once."""
        if self._tls is None or (files := self._tls()) == self._files:
            return False
        self._files = files
        return True

    def _fork(self, number: int, back_off: float) -> None:
        for counts in self._parts.counts if number < self._workers else ():
            counts.clear(number)
        ready, say_ready = os.pipe()
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            for sibling in self._children.values():
                sibling.close()
            self._work(number, parent, say_ready)
        os.close(say_ready)
        self._children[pid] = _Child(number, pid, ready, time.monotonic(), back_off)

    def _work(self, number: int, parent: int, say_ready: int) -> NoReturn:
        """The life of a worker process; it never returns into the parent's code."""
        status = 1
        _call_this_process(self.name_of(number))
        try:
            if number < self._workers:
                work_until_stopped(
                    self._parts,
                    self._bound(),
                    self._context,
                    number=number,
                    parent=parent,
                    say_ready=say_ready,
                )
            else:
                self._close()  # connections are not this process's to take
                self._companions[number - self._workers].live(parent, lambda: _say(say_ready))
            status = 0
        except GatewayError as error:
            self._log("worker-failed", worker=number, error=str(error), where=frames(error))
        except BaseException as error:  # noqa: BLE001 - nothing may unwind into the parent's frames
            self._log("worker-failed", worker=number, error=type(error).__name__, where=frames(error))
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)

    def _reap(self) -> list[_Child]:
        """The workers that have ended since the last look. Other children of this process are not touched."""
        ended = []
        for pid, child in list(self._children.items()):
            try:
                found, status = os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                found, status = pid, -1
            if found:
                child.status = os.waitstatus_to_exitcode(status) if status >= 0 else -1
                child.close()
                del self._children[pid]
                ended.append(child)
        return ended

    def _signal_workers(self, number: int) -> None:
        for pid in self._children:
            os.kill(pid, number)  # not reaped yet: the id is still theirs

    def _stop_workers(self) -> None:
        self._close()
        self._reap()
        self._signal_workers(signal.SIGTERM)
        deadline = time.monotonic() + self._parts.limits.stopping + 2
        while self._children and time.monotonic() < deadline:
            _next_signal(0.1)
            self._reap()
        self._signal_workers(signal.SIGKILL)
        while self._children:
            self._reap()
            time.sleep(0.01)

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()


class _Child:
    """What the parent knows of a worker process; ``back_off``: seconds waited before it was started."""

    def __init__(self, number: int, pid: int, ready: int, started: float, back_off: float) -> None:
        self.number = number
        self.pid = pid
        self.ready = ready
        self.started = started
        self.back_off = back_off
        self.status = 0

    def close(self) -> None:
        """Close the parent's end of the pipe on which it says that it is ready."""
        if self.ready >= 0:
            os.close(self.ready)
            self.ready = -1


def _call_this_process(name: str) -> None:
    """For whoever looks at processes; where there is no such file they see the program's name."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name[:15], encoding="ascii")


def _say(ready: int) -> None:
    os.write(ready, b"1")
    os.close(ready)


def _next_signal(seconds: float) -> int | None:
    """The next of our signals, all of which are blocked, or None after so many seconds."""
    found = signal.sigtimedwait(_SIGNALS, seconds)
    return None if found is None else found.si_signo


def _listen(host: str, port: int, *, plain: bool) -> socket.socket:
    """A listening TCP socket; raises ``StateError``."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if plain and not ipaddress.ip_address(address[0]).is_loopback:
            raise StateError("plain HTTP is served on loopback only")
        # The protocol is named: with 0 asyncio would not set TCP_NODELAY on what is accepted.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise StateError(f"the address {host} cannot be used ({error.strerror})") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # What a dead peer has not taken is forgotten after 20 s (in ms); inherited by what is accepted.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20000)
        listener.bind(address)
        listener.listen(1024)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise StateError(f"{host} port {port} cannot be listened on ({error.strerror})") from None
    return listener
