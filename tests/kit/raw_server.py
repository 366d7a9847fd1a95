"""A raw socket server: reads a request of HTTP, and then does whatever a test says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable

Behaviour = Callable[[socket.socket], None]


class RawServer:
    """Accepts connections and does with each, once its request is read, what the test says."""

    def __init__(
        self, behaviour: Behaviour, tls: ssl.SSLContext | None = None, *, reads: bool = True
    ) -> None:
        self.behaviour = behaviour
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls = tls
        self._reads = reads
        self._stop = threading.Event()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            connection.settimeout(3)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
                stack.callback(connection.close)
            while not self._stop.is_set():
                if self._reads:
                    self.requests.append(_request(connection))
                self.behaviour(connection)

    def stop(self) -> None:
        """End every connection and every thread."""
        self._stop.set()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def sends(raw: bytes, *, then_close: bool = False) -> Behaviour:
    """Sends these bytes at once."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(raw)
        if then_close:
            connection.close()

    return behave


def answer(body: bytes = b"<b/>", *headers: str, status: str = "200 OK") -> bytes:
    """A good answer with a length."""
    head = (
        f"HTTP/1.1 {status}",
        "Content-Type: text/xml; charset=utf-8",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def trickles(before: bytes, rest: bytes, pause: float = 0.1) -> Behaviour:
    """Sends ``before`` at once and the rest byte by byte: each read of a byte is quick."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(before)
        for at in range(len(rest)):
            time.sleep(pause)
            connection.sendall(rest[at : at + 1])

    return behave


def silent(connection: socket.socket) -> None:
    """Keeps the connection and says nothing."""
    while connection.recv(65536):
        pass
    raise ConnectionError
