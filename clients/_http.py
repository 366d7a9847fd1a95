"""HTTP for calls to one counterpart: a total deadline, a bounded answer, one configured host.

A library's timeout is per read, which one byte a second defeats; here every connect, handshake, write and
read gets only what is left of the deadline. No redirect is followed, no proxy or other environment is
asked, no compression is offered.
"""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import CounterpartTimeout, CounterpartUnavailable

REUSE_SECONDS = 10.0  # an idle connection older than this is not used again; servers close after 15


_OVERHEAD = 65_536  # bytes of an answer beside its body and chunk sizes: head and trailers


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole HTTP answer."""

    status: int
    content_type: str
    body: bytes


class HttpCaller:
    """Asks one counterpart, over mutual TLS unless the URL is plain (loopback, development).

    ``tls`` may be a function: the context for each new connection, since our certificate may be renewed.

    ``check_server`` is given the server's certificate (DER) of each new connection and raises to refuse it.
    """

    def __init__(
        self,
        base_url: str,
        tls: ssl.SSLContext | Callable[[], ssl.SSLContext] | None,
        *,
        check_server: Callable[[bytes], None],
        answer_bytes: int,
    ) -> None:
        url = urlsplit(base_url)
        if (
            url.scheme not in {"http", "https"}
            or url.hostname is None
            or (url.scheme == "https") != bool(tls)
        ):
            raise ValueError("a counterpart's address is an http or https URL, with TLS for https only")
        self._host = url.hostname
        self._port = url.port or (443 if tls else 80)
        self._tls = tls
        self._check_server = check_server
        self._answer_bytes = answer_bytes
        self._idle: list[tuple[socket.socket, float]] = []
        self._lock = threading.Lock()

    def post(self, path: str, body: bytes, headers: Mapping[str, str], *, deadline: float) -> HttpReply:
        """The answer to one POST; ``deadline`` is an instant of ``time.monotonic``.

        Raises CounterpartTimeout when the deadline passes first, CounterpartUnavailable when there is no
        connection, or none that answers with HTTP within the bounds.
        """
        return self._ask("POST", path, body, headers, deadline)

    def get(self, path: str, *, deadline: float) -> HttpReply:
        """The answer to one GET, as ``post``."""
        return self._ask("GET", path, b"", {}, deadline)

    def _ask(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> HttpReply:
        request = self._head(method, path, len(body), headers) + body
        connection = None
        try:
            connection = self._take_idle() or self._connect(deadline)
            _send(connection, request, deadline)
            reader = _DeadlineReader(connection, deadline, 2 * self._answer_bytes + _OVERHEAD)
            response = http.client.HTTPResponse(_Readable(reader), method=method)  # type: ignore[arg-type] # only makefile is used
            response.begin()
            if reader.ended:
                raise CounterpartUnavailable("the answer was cut short")
            content = response.read(self._answer_bytes + 1)
            if len(content) > self._answer_bytes:
                raise CounterpartUnavailable("the answer is larger than allowed")
            if response.length not in {None, 0}:
                raise CounterpartUnavailable("the answer was cut short")
        except (CounterpartTimeout, CounterpartUnavailable):
            _close(connection)
            raise
        except TimeoutError:
            _close(connection)
            raise CounterpartTimeout("no whole answer before the deadline") from None
        except (OSError, http.client.HTTPException, ValueError) as error:  # the last of a malformed chunk
            _close(connection)
            raise CounterpartUnavailable(f"no answer: {type(error).__name__}") from error
        except BaseException:
            _close(connection)
            raise
        if response.will_close:
            _close(connection)
        else:
            with self._lock:
                self._idle.append((connection, time.monotonic()))
        return HttpReply(response.status, response.getheader("Content-Type") or "", content)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            _close(connection)

    def _take_idle(self) -> socket.socket | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection, since = self._idle.pop()
            if not _readable(connection) and time.monotonic() - since < REUSE_SECONDS:
                return connection
            _close(connection)

    def _connect(self, deadline: float) -> socket.socket:
        connection = socket.create_connection((self._host, self._port), timeout=_left(deadline))
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return connection
            connection.settimeout(_left(deadline))
            context = self._tls if isinstance(self._tls, ssl.SSLContext) else self._tls()
            # From here on the wrapped socket owns the connection, and is the one to close.
            connection = wrapped = context.wrap_socket(connection, server_hostname=self._host)
            self._check_server(wrapped.getpeercert(binary_form=True) or b"")
        except BaseException:
            _close(connection)
            raise
        return connection

    def _head(self, method: str, path: str, length: int, headers: Mapping[str, str]) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Content-Length: {length}",
            "Accept-Encoding: identity",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1:
            raise ValueError("a header value breaks the line")
        return (head + "\r\n\r\n").encode("latin-1")


class _Readable:
    """What HTTPResponse reads from."""

    def __init__(self, raw: _DeadlineReader) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._raw)


class _DeadlineReader(io.RawIOBase):
    """The socket, with the time that is left set before each read, and no more than ``most`` bytes in all.

    http.client bounds neither chunk extensions nor trailers, and takes a chunk of -1 for "all there is".
    """

    def __init__(self, connection: socket.socket, deadline: float, most: int) -> None:
        self._connection = connection
        self._deadline = deadline
        self._left = most
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._deadline))
        count = self._connection.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise CounterpartUnavailable("the answer is larger than allowed")
        self.ended = not count
        return count


def _readable(connection: socket.socket) -> bool:
    """Whether something came unasked: bytes, or the end. Not by select(), which ends at descriptor 1,023."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _send(connection: socket.socket, content: bytes, deadline: float) -> None:
    rest = memoryview(content)
    while rest:
        connection.settimeout(_left(deadline))
        rest = rest[connection.send(rest) :]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _close(connection: socket.socket | None) -> None:
    if connection is not None:
        connection.close()
