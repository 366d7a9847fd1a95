"""One connection: one request at a time, each phase under one deadline.

    HEADERS -> BODY -> WORK -> WRITE -> IDLE -> HEADERS …     any of them -> CLOSING -> gone

Deadlines are kept by the process's sweep, which calls ``expire``. A connection that is refused gets its
answer; then what it still sends is read and dropped for a moment (CLOSING), so that the answer is not
lost to a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import math
import socket
import struct
import termios
from enum import Enum
from typing import TYPE_CHECKING, cast

from gateway.transport.framing import Rejected
from gateway.transport.http import HttpRequest, Manner, date_line
from gateway.transport.reader import RequestReader
from gateway.transport.workers import Job

if TYPE_CHECKING:
    from gateway.transport.process import Front

_HARD = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close resets and forgets what was not sent
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_DRAINED = 4194304  # bytes read and dropped after a refusal before patience ends


class Phase(Enum):
    """Where a connection stands."""

    HEADERS = 1
    BODY = 2
    WORK = 3
    WRITE = 4
    IDLE = 5
    CLOSING = 6


class Connection(asyncio.Protocol):
    """The asyncio protocol of one accepted connection, after the TLS handshake."""

    __slots__ = (
        "_answered_at", "_born", "_buffered", "_close", "_drained", "_front", "_paused", "_reader", "_socket",
        "_transport", "address", "bucket", "certificate", "deadline", "gone", "phase",
    )  # fmt: skip

    def __init__(self, front: Front, client: socket.socket, address: str) -> None:
        self._front = front
        self._socket = client
        self._transport: asyncio.Transport
        self._reader = RequestReader(front.limits)
        self._answered_at = self._born = 0.0
        self._buffered = self._drained = 0
        self._close: bool = False
        self._paused: bool = False
        self.address = address
        self.bucket: int | None = None
        self.certificate: bytes | None = None
        self.deadline = math.inf
        self.gone: bool = True
        self.phase = Phase.HEADERS

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is over (or there is none)."""
        self._transport = cast(asyncio.Transport, transport)
        self._born = self._front.now()
        self.deadline = self._born + self._front.limits.headers
        # high=1, not 0: with 0 a TLS transport pauses on an empty buffer and never resumes.
        self._transport.set_write_buffer_limits(high=1)
        if self._front.secure:
            tls = transport.get_extra_info("ssl_object")
            self.certificate = None if tls is None else tls.getpeercert(True)
            if self.certificate is None:
                # The context demands a certificate; this stands in case a later change of it does not.
                self.abort()
                return
        self.gone = False
        self._front.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, whoever ended it."""
        if not self.gone:
            self.gone = True
            self._unbuffer()
            self._front.left(self)
        self._reader.end()

    def eof_received(self) -> bool:
        """The peer has ended its side: a request cut off is told so; an answer may still be on its way."""
        if self.phase is Phase.BODY or (self.phase is Phase.HEADERS and self._reader.head_raw):
            self._refuse(Rejected(400, "the request is cut off"))
            return False
        return self.phase in {Phase.WORK, Phase.WRITE} and not self._front.secure

    def pause_writing(self) -> None:
        """Not everything is sent yet."""
        self._paused = True

    def resume_writing(self) -> None:
        """Everything is sent (or lies in the kernel)."""
        self._paused = False
        if self.phase is Phase.WRITE:
            self._written()

    def data_received(self, data: bytes) -> None:
        """Bytes, decrypted; up to 256 KB at once."""
        if self.phase is Phase.HEADERS or self.phase is Phase.BODY:
            self._read(data)
        elif self.phase is Phase.IDLE:
            self.phase = Phase.HEADERS
            self.deadline = self._front.now() + self._front.limits.headers
            self._read(data)
        elif self.phase is Phase.CLOSING:
            self._drained += len(data)
            if self._drained > _DRAINED:
                self.abort()
        else:
            self._reader.pipelined = True

    # One request.

    def _read(self, data: bytes) -> None:
        reader = self._reader
        try:
            reader.feed(data)
            if self.phase is Phase.HEADERS and reader.head is not None:
                self.phase = Phase.BODY
                self.deadline = self._front.now() + self._front.limits.body
                if reader.head.expects_continue and not reader.size and not reader.whole:
                    self._transport.write(_CONTINUE)
            more = reader.size - self._buffered
            self._buffered += more
            if not self._front.buffer(more):
                raise Rejected(503, "busy")
        except Rejected as rejected:
            self._refuse(rejected)
        else:
            if reader.whole:
                self._hand_over()

    def _hand_over(self) -> None:
        reader = self._reader
        head = reader.head
        if head is None:
            raise RuntimeError("a whole request without a head")
        self._transport.pause_reading()
        self.phase = Phase.WORK
        self.deadline = math.inf
        request = HttpRequest(
            method=head.method,
            path=head.path,
            query=head.query,
            headers=tuple(reader.headers),
            body=reader.body(),
            peer_certificate=self.certificate,
            peer_address=self.address,
        )
        self._buffered = 0  # the job accounts for the body from here on
        if not self._front.work(Job(self, request, self.bucket)):
            self.answered(*self._front.refusal(Rejected(503, "busy")))

    def answered(self, head: bytes, body: bytes, manner: Manner = Manner.WHOLE) -> None:
        """Send the application's answer. Whether the connection closes is decided here, not before."""
        if self.gone or self.phase is not Phase.WORK:
            return
        if manner is Manner.HANG_UP:
            self.abort()
            return
        now = self._front.now()
        reader = self._reader
        close = (
            reader.pipelined
            or not reader.keep_alive
            or self._front.stopping
            or now >= self._born + self._front.limits.age
        )
        if manner is Manner.TRICKLE:
            self.phase = Phase.WRITE
            self.deadline = now + self._front.limits.writing
            self._trickle(b"".join((head, date_line(), b"\r\n", body)))
            return
        if manner is Manner.CUT:
            self._send(head, body[: len(body) // 2], close=True, now=now)
            return
        self._send(head, body, close=close, now=now)

    def _trickle(self, rest: bytes) -> None:
        """One byte now, the next in a second; the deadline for writing ends it."""
        if not self.gone and self.phase is Phase.WRITE:
            self._transport.write(rest[:1])
            self._front.after(1.0, self._trickle, rest[1:])

    def _send(self, head: bytes, body: bytes, *, close: bool, now: float) -> None:
        """In one write: two would cost 44 ms where the peer delays its acknowledgement."""
        line = b"Connection: close\r\n\r\n" if close else b"Connection: keep-alive\r\n\r\n"
        self._close = close
        self._answered_at = now
        self.phase = Phase.WRITE
        self.deadline = now + self._front.limits.writing
        self._transport.write(b"".join((head, date_line(), line, body)))
        if not self._paused:
            self._written()

    def _written(self) -> None:
        """The answer has left our buffer: wait for the next request, or close."""
        if self._close or self._front.stopping:
            self._linger()
            return
        self.phase = Phase.IDLE
        limits = self._front.limits
        self.deadline = min(self._front.now() + limits.idle, self._born + limits.age)
        self._reader.begin()
        self._transport.resume_reading()

    def _refuse(self, rejected: Rejected) -> None:
        """Answer what cannot be read, and close."""
        self._unbuffer()
        self._front.refused(self, rejected)
        head, body = self._front.refusal(rejected)
        self._send(head, b"" if self._reader.bodiless else body, close=True, now=self._front.now())
        self._reader.begin()  # lets go of what was read

    def _unbuffer(self) -> None:
        self._front.unbuffer(self._buffered)
        self._buffered = 0

    # Ending.

    def _linger(self) -> None:
        """Close when the peer has taken the answer: no more is sent, what comes is dropped."""
        self.phase = Phase.CLOSING
        self.deadline = self._front.now() + self._front.limits.closing
        if self._front.secure:
            self._transport.close()  # sends close_notify, then reads until the peer's, or the deadline
        elif not self._transport.is_closing():
            self._transport.resume_reading()
            self._transport.write_eof()

    def expire(self, now: float) -> None:
        """The deadline of this phase has passed."""
        if self.phase is Phase.BODY:
            self._refuse(Rejected(408, "the body took too long"))
        elif self.phase in {Phase.IDLE, Phase.CLOSING} and self._unsent():
            # The answer stands in the kernel's buffer, or behind TLS in front of it: the peer is not reading.
            self.deadline = self._answered_at + self._front.limits.writing
            if now >= self.deadline:
                self.abort()
        elif self.phase is Phase.IDLE:
            self._linger()
        elif self.phase is Phase.CLOSING:
            self._transport.abort()
        else:
            self.abort()

    def stop(self) -> None:
        """The server stops: a connection with no request in it closes."""
        if self.phase is Phase.IDLE or (self.phase is Phase.HEADERS and not self._reader.head_raw):
            self._linger()

    @property
    def waits(self) -> bool:
        """Whether there is no whole request in it."""
        return self.phase in {Phase.HEADERS, Phase.BODY, Phase.IDLE}

    @property
    def idles(self) -> bool:
        """Whether it stands between two requests."""
        return self.phase is Phase.IDLE

    def _unsent(self) -> bool:
        """Whether the peer has not taken all that was sent.

        Our own buffer does not tell: behind TLS up to 64 KB stand between it and the kernel.
        """
        try:
            left = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        except (OSError, ValueError):
            return False
        return any(left)

    def abort(self) -> None:
        """End it now, without a word, and keep nothing of it in the kernel."""
        with contextlib.suppress(OSError):  # already closed
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD)
        self._transport.abort()
