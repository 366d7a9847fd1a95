"""Drives the HTTP front: a server in this process or in processes of its own, and raw exchanges with it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.errors import StateError
from gateway.transport.http import HttpAnswer, HttpRequest, Manner
from gateway.transport.limits import FrontLimits
from gateway.transport.server import Server
from gateway.transport.tls import TlsFiles

LARGE = b"x" * 8_000_000
ROOT = Path(__file__).resolve().parents[2]


def limits(scale: float, **changes: Any) -> FrontLimits:
    """The default limits with every deadline multiplied by ``scale``."""
    usual = FrontLimits()
    times = ("handshake", "headers", "body", "writing", "idle", "closing")
    scaled = {name: getattr(usual, name) * scale for name in times}
    return FrontLimits(**{**scaled, "sweep": min(0.05, usual.sweep * scale), "stopping": 5.0, **changes})


class EchoApplication:
    """Answers with what it was asked; some paths misbehave."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.release = threading.Event()
        self.closed = False
        self.periods = 0
        if os.environ.get("FRONT_TEST_BROKEN"):
            raise StateError("the register cannot be opened")
        self.periodic = ((0.05, self._period),)

    def _period(self) -> None:
        self.periods += 1
        if self.periods == 2:
            raise RuntimeError("a sweep that fails")

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        self.asked.append(request)
        if request.path == "/boom":
            raise KeyError("山田太郎")
        if request.path == "/split":
            return HttpAnswer(200, b"", headers=(("X-Split", "a\r\nSet-Cookie: b"),))
        if request.path == "/large":
            return HttpAnswer(200, LARGE)
        if request.path == "/hang-up":
            return HttpAnswer(200, b"a", manner=Manner.HANG_UP)
        if request.path == "/trickle":
            return HttpAnswer(200, b"a", manner=Manner.TRICKLE)
        if request.path == "/slow":
            time.sleep(float(request.query))
        if request.path == "/hold":
            self.release.wait(10)
        if request.path == "/who":
            der = request.peer_certificate or b""
            return HttpAnswer(200, json.dumps({"pid": os.getpid(), "certificate": der.hex()}).encode())
        return HttpAnswer(200, request.body)

    def close(self) -> None:
        self.closed = True


def refuse(rule: str) -> HttpAnswer:
    """What stands for the endpoint's SOAP fault of a step-1 rule."""
    return HttpAnswer({"method": 405, "body-too-large": 413}[rule], f"<fault>{rule}</fault>".encode())


def failure(reference: str) -> HttpAnswer:
    """What stands for the endpoint's SOAP fault of an unknown exception."""
    return HttpAnswer(500, f"<fault>{reference}</fault>".encode())


class InProcess:
    """A front in this process, with its application and its log at hand."""

    def __init__(self, front_limits: FrontLimits, tls: TlsFiles | None = None, threads: int = 4) -> None:
        self.application = EchoApplication()
        self.lines: list[dict[str, Any]] = []
        self.server = Server(
            host="127.0.0.1",
            port=0,
            tls=tls,
            limits=front_limits,
            workers=0,
            threads=threads,
            make_application=lambda: self.application,
            refuse=refuse,
            failure=failure,
            log=lambda event, **fields: self.lines.append({"event": event, **fields}),
            allow_plain=tls is None,
        )

    def __enter__(self) -> InProcess:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.application.release.set()
        self.server.stop()

    def connect(self, timeout: float = 10.0) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def exchange(self, raw: bytes) -> tuple[bytes, float]:
        """Send bytes, read until the server closes; what came and how long it took (seconds)."""
        started = time.monotonic()
        with self.connect() as connection:
            send_all(connection, raw)
            return read_to_end(connection), time.monotonic() - started


def send_all(connection: socket.socket, raw: bytes) -> None:
    """Send what the peer takes; it may close before all is sent."""
    with contextlib.suppress(ConnectionError):
        connection.sendall(raw)


def read_to_end(connection: socket.socket) -> bytes:
    """Everything until the peer closes; a reset ends it as well."""
    received = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := connection.recv(65536):
            received += piece
    return received


def read_answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer from a connection that may stay open: status, headers (lower case), body.

    No byte beyond it is taken: the next answer may be there already.
    """
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        raw += _some(connection, 1, "before an answer")
    status, *lines = raw[:-4].decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body, size = b"", int(headers.get("content-length", 0))
    while len(body) < size:
        body += _some(connection, size - len(body), "within an answer")
    return int(status.split(" ")[1]), headers, body


def _some(connection: socket.socket, most: int, where: str) -> bytes:
    piece = connection.recv(most)
    if not piece:
        raise ConnectionError(f"closed {where}")
    return piece


def post(path: str, body: bytes = b"", *extra: str) -> bytes:
    """A good request."""
    head = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *extra)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class OwnProcesses:
    """The front with worker processes under a parent process; its log is read as JSON lines."""

    def __init__(self, front_limits: FrontLimits, tls: TlsFiles, workers: int = 2, threads: int = 4) -> None:
        parameters = {
            "limits": {
                item.name: getattr(front_limits, item.name)
                for item in dataclasses.fields(front_limits)
                if item.name != "body_bytes_by_path"
            },
            "tls": [str(tls.key), str(tls.certificate), [str(path) for path in tls.authorities], tls.tls12],
            "workers": workers,
            "threads": threads,
        }
        self.lines: list[dict[str, Any]] = []
        self._ended = False
        self._news = threading.Condition()
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.kit.front", json.dumps(parameters)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = int(self.wait_for("ready", ended_too=True)["port"])
        except AssertionError:
            self.stop()
            raise

    def _read(self) -> None:
        assert self.parent.stdout is not None
        for line in self.parent.stdout:
            with self._news:
                self.lines.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(
        self, event: str, count: int = 1, timeout: float = 20.0, *, ended_too: bool = False
    ) -> dict[str, Any]:
        """The count-th line of this event; ``ended_too``: or give up when the parent has ended."""

        def found() -> list[dict[str, Any]]:
            return [line for line in self.lines if line["event"] == event]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count or (ended_too and self._ended), timeout)
            assert len(found()) >= count, f"no {event}: {self.lines}"
            return found()[count - 1]

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        children = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children").read_text(
            encoding="ascii"
        )
        return [int(pid) for pid in children.split()]

    def stop(self) -> int:
        """SIGTERM to the parent; its exit status."""
        if self.parent.poll() is None:
            self.parent.send_signal(signal.SIGTERM)
        status = self.parent.wait(40)
        self._reader.join(5)
        if self.parent.stdout is not None:
            self.parent.stdout.close()
        return status


@contextlib.contextmanager
def own_processes(front_limits: FrontLimits, tls: TlsFiles, **parameters: int) -> Iterator[OwnProcesses]:
    """``OwnProcesses`` that are gone afterwards."""
    running = OwnProcesses(front_limits, tls, **parameters)
    try:
        yield running
    finally:
        running.stop()


def _say(event: str, **fields: object) -> None:
    os.write(1, json.dumps({"event": event, **fields}).encode() + b"\n")


def _main() -> None:
    parameters = json.loads(sys.argv[1])
    key, certificate, authorities, tls12 = parameters["tls"]
    server = Server(
        host="127.0.0.1",
        port=0,
        tls=TlsFiles(Path(key), Path(certificate), tuple(map(Path, authorities)), tls12),
        limits=FrontLimits(**parameters["limits"]),
        workers=parameters["workers"],
        threads=parameters["threads"],
        make_application=EchoApplication,
        refuse=refuse,
        failure=failure,
        log=_say,
        on_ready=lambda port: _say("ready", port=port),
    )
    try:
        server.run()
    except StateError as error:
        _say("failed", error=str(error))
        sys.exit(3)


if __name__ == "__main__":
    _main()
