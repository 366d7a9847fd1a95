"""Two hundred slow connections in each phase, and a good client that must not notice.

The deadlines are two fifths of the real ones for handshake and headers and a fifth for the rest. Each slow
connection must be closed by the deadline of its phase in all, however it drips.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.kit.front import OwnProcesses, limits, own_processes, post, read_answer
from tests.kit.tls import TestAuthority

_LIMITS = limits(0.2, handshake=2.0, headers=2.0)
_SLACK = 1.5  # s, for a machine that does other things too
_HELLO = b"\x16\x03\x01"
_HEAD = b"POST /terminal/1 HTTP/1.1\r\nHost: a\r\n"


@dataclass
class GoodClient:
    """A new connection and a request every quarter of a second; what each took, in seconds."""

    port: int
    context: ssl.SSLContext
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> GoodClient:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.25):
            started = time.monotonic()
            try:
                with connect(self.port, self.context) as connection:
                    connection.sendall(post("/terminal/1", b"a" * 6000))
                    if read_answer(connection)[0] != 200:
                        self.failures.append("not 200")
            except OSError as error:
                self.failures.append(repr(error))
            self.seconds.append(time.monotonic() - started)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def context(authority: TestAuthority) -> ssl.SSLContext:
    return authority.client(authority.issue("client"))


@pytest.fixture(scope="module")
def front(authority: TestAuthority) -> Iterator[OwnProcesses]:
    with own_processes(_LIMITS, authority.files(authority.issue("server", server=True))) as running:
        yield running


def connect(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(raw, server_hostname="127.0.0.1")


def _silent(port: int, context: ssl.SSLContext) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def _three_bytes(port: int, context: ssl.SSLContext) -> socket.socket:
    connection = _silent(port, context)
    connection.sendall(_HELLO)
    return connection


def _sending(start: bytes) -> Callable[[int, ssl.SSLContext], socket.socket]:
    def open_one(port: int, context: ssl.SSLContext) -> socket.socket:
        connection = connect(port, context)
        connection.sendall(start)
        return connection

    return open_one


@dataclass
class _Slow:
    connection: socket.socket
    opened: float
    counts_from: float  # s, when it was opened, or when its answer was seen to begin
    closed: float = 0.0


_PHASES = {
    # how it begins, what it drips every half second, how many, seconds until it must be closed
    "TCP silent": (_silent, b"", 200, _LIMITS.handshake),
    "three bytes of ClientHello": (_three_bytes, b"", 200, _LIMITS.handshake),
    "partial headers": (_sending(_HEAD), b"", 200, _LIMITS.headers),
    "dripping headers": (_sending(_HEAD), b"X", 200, _LIMITS.headers),
    "dripping body": (_sending(post("/", b"a" * 1000)[:-1000]), b"a", 200, _LIMITS.body + _LIMITS.closing),
    "answer not read": (_sending(post("/large")), b"", 60, _LIMITS.writing),
}


@pytest.mark.parametrize("phase", _PHASES)
def test_a_good_client_is_answered_within_two_seconds(
    front: OwnProcesses, context: ssl.SSLContext, phase: str
) -> None:
    begin, drip, count, deadline = _PHASES[phase]
    with GoodClient(front.port, context) as good:
        slow = []
        watch = _Watch(reads=phase != "answer not read")
        for _ in range(count):
            connection = begin(front.port, context)
            now = time.monotonic()
            slow.append(_Slow(connection, now, now))
            watch.add(slow[-1])
            watch.look(0)  # the first may end while the last are still being opened
        watch.until_all_ended(drip, deadline)
    for one in slow:
        one.connection.close()
    assert good.failures == []
    assert len(good.seconds) >= 4
    assert max(good.seconds) < 2
    assert max(one.closed - one.counts_from for one in slow) < deadline + _SLACK
    assert min(one.closed - one.opened for one in slow) > deadline * 0.8


class _Watch:
    """Notes for each connection when the server has ended it.

    One that does not read its answer sees the end as an error only: it is reset. Its time runs from the
    beginning of the answer.
    """

    def __init__(self, *, reads: bool) -> None:
        self._reads = reads
        self._poll = select.poll()
        self._by_fd: dict[int, _Slow] = {}

    def add(self, one: _Slow) -> None:
        self._by_fd[one.connection.fileno()] = one
        self._poll.register(one.connection, select.POLLIN)

    def look(self, milliseconds: int) -> None:
        for fd, event in self._poll.poll(milliseconds):
            if not self._reads and event == select.POLLIN:
                self._by_fd[fd].counts_from = time.monotonic()
                self._poll.modify(fd, 0)
            elif event & (select.POLLERR | select.POLLHUP) or _at_end(self._by_fd[fd].connection):
                self._by_fd.pop(fd).closed = time.monotonic()
                self._poll.unregister(fd)

    def until_all_ended(self, drip: bytes, deadline: float) -> None:
        """Drip meanwhile."""
        last = time.monotonic() + deadline + 10
        next_drip = time.monotonic() + 0.5
        while self._by_fd:
            assert time.monotonic() < last, f"{len(self._by_fd)} connections are still open"
            self.look(100)
            if drip and time.monotonic() > next_drip:
                next_drip += 0.5
                for one in self._by_fd.values():
                    _send(one.connection, drip)


def _at_end(connection: socket.socket) -> bool:
    """Whether the peer has closed; alerts and answers on the way are dropped."""
    connection.setblocking(False)
    try:
        # Below TLS: the end of the TCP connection is what counts.
        return socket.socket.recv(connection, 65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _send(connection: socket.socket, drip: bytes) -> None:
    connection.setblocking(False)
    try:
        connection.send(drip)
    except OSError:
        return
