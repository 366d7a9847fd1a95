"""One worker process of the front: its accept loop, its connections and their deadlines, its threads.

``Front`` lives in one event loop and its thread. What is shared with the other processes is the listening
socket and the counts per counterpart; nothing else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from typing import Any

from gateway.errors import StateError
from gateway.transport.connection import Connection
from gateway.transport.counts import SharedCounts
from gateway.transport.framing import METHODS, Rejected
from gateway.transport.http import Application, Batching, HttpAnswer, Log, head_of, plain_answer
from gateway.transport.limits import FrontLimits
from gateway.transport.periodic import Sampled
from gateway.transport.tallies import Tallies
from gateway.transport.tls import TlsFiles, build_context
from gateway.transport.workers import Job, Pool, frames

Refuse = Callable[[str], HttpAnswer]
"""The SOAP fault of a step-1 rule (``method``, ``body-too-large``), for what the front does not read."""

Failure = Callable[[str], HttpAnswer]
"""The SOAP fault for an unknown exception; its argument is the reference that is in the log too."""


class Front:
    """The server inside one process. All methods are called in the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listener: socket.socket,
        context: ssl.SSLContext | None,
        *,
        tls: Callable[[], TlsFiles] | None,
        limits: FrontLimits,
        application: Application,
        batching: Batching | None,
        threads: int,
        refuse: Refuse,
        failure: Failure,
        log: Log,
        number: int,
        processes: int,
        counts: tuple[SharedCounts, SharedCounts],
        tallies: Tallies,
    ) -> None:
        self.limits = limits
        self.secure = context is not None
        self.stopping = False
        self.now = loop.time
        self._loop = loop
        self.after = loop.call_later
        self._listener = listener
        self._context = context
        self._tls = tls
        self._refuse = refuse
        self._log = log
        self._tallies = tallies
        self._sampled = Sampled(log, count=tallies.turned_away)
        self._number = number
        self._open, self._working = counts
        self._most = max(1, limits.connections // processes)
        self._connections: set[Connection] = set()
        self._of: dict[int, dict[Connection, None]] = {}
        self._handshakes: dict[asyncio.Task[None], tuple[float, str]] = {}
        self._buffered = 0
        self._room = asyncio.Event()
        self._stopped = asyncio.Event()
        self._accepting: asyncio.Task[None] | None = None
        self._pool = Pool(
            loop,
            application,
            threads=threads,
            queue=limits.queue,
            failure=failure,
            log=log,
            done=self._worked,
            batching=batching,
        )

    # Life of the process.

    async def serve(self, ready: Callable[[], None]) -> None:
        """Serve until ``stop``; returns when every connection is gone or the time to stop is over."""
        self._loop.set_exception_handler(self._unexpected)
        self._pool.start()
        self._tallies.beat(0)
        self._accepting = self._loop.create_task(self._accept())
        self._loop.call_later(self.limits.sweep, self._sweep)
        ready()
        await self._stopped.wait()
        for connection in tuple(self._connections):
            connection.abort()
        self._pool.stop()
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Take no more connections, answer what is being worked on, then end."""
        if self.stopping:
            return
        self.stopping = True
        if self._accepting is not None:
            self._accepting.cancel()
        for task in self._handshakes:
            task.cancel()
        for connection in tuple(self._connections):
            connection.stop()
        self._loop.call_later(self.limits.stopping, self._stopped.set)
        self._stopped_if_empty()

    def _stopped_if_empty(self) -> None:
        if self.stopping and not self._connections:
            self._stopped.set()

    def reload(self) -> None:
        """Take up the TLS files anew for the handshakes that begin from now on; bad files change nothing."""
        if self._tls is None:
            return
        try:
            self._context = build_context(self._tls())
        except StateError as error:
            self._log("tls-reload-failed", worker=self._number, error=str(error))
        else:
            self._log("tls-reloaded", worker=self._number)

    def _sweep(self) -> None:
        now = self._loop.time()
        for connection in tuple(self._connections):
            if connection.deadline <= now:
                connection.expire(now)
        self._tallies.beat(self._pool.held)
        self._loop.call_later(self.limits.sweep, self._sweep)

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError):
            return  # a peer that went away, or bytes that are no TLS
        name = type(error).__name__ if error is not None else ""
        where = frames(error) if error is not None else ""
        self._log(
            "front-error", worker=self._number, what=context.get("message", ""), error=name, where=where
        )
        connection = context.get("protocol")
        if isinstance(connection, Connection):
            connection.abort()

    # Taking connections in.

    async def _accept(self) -> None:
        """One connection a turn of the loop: so the processes share them fairly."""
        try:
            while True:
                while len(self._connections) + len(self._handshakes) >= self._most:
                    await self._make_room()
                await self._accept_one()
        finally:
            self._listener.close()

    async def _accept_one(self) -> None:
        try:
            client, address = await self._loop.sock_accept(self._listener)
        except OSError as error:
            # Out of file descriptors or memory: what is open goes on, what waits stays in the kernel.
            self._sampled("accept-failed", worker=self._number, error=error.strerror or "")
            await asyncio.sleep(0.1)
            return
        host = str(address[0])
        self._spare(host)
        task = self._loop.create_task(self._connect(client, host))
        self._handshakes[task] = (self._loop.time(), host)
        task.add_done_callback(self._shaken)

    async def _make_room(self) -> None:
        """Wait for a free place. A handshake past a fifth of its time gives way, or who idles longest."""
        oldest = next(iter(self._handshakes.items()), None)
        if oldest is not None and self._loop.time() - oldest[1][0] > self.limits.handshake / 5:
            self._sampled("handshake-gave-way", worker=self._number, peer=oldest[1][1])
            oldest[0].cancel()
        elif idle := [connection for connection in self._connections if connection.idles]:
            longest = min(idle, key=lambda connection: connection.deadline)
            self._sampled("connection-gave-way", worker=self._number, peer=longest.address)
            longest.abort()
        self._room.clear()
        try:
            async with asyncio.timeout(self.limits.sweep):
                await self._room.wait()
        except TimeoutError:
            return

    def _spare(self, host: str) -> None:
        """Let the oldest handshake from an address that has too many give way."""
        if (
            len(self._handshakes) < self.limits.handshakes_per_address
            or ipaddress.ip_address(host).is_loopback
        ):
            return
        same = [task for task, (_, other) in self._handshakes.items() if other == host]
        if len(same) >= self.limits.handshakes_per_address:
            self._sampled("handshake-gave-way", worker=self._number, peer=host)
            same[0].cancel()

    async def _connect(self, client: socket.socket, host: str) -> None:
        connection = Connection(self, client, host)
        try:
            if self._context is None:
                await self._loop.connect_accepted_socket(lambda: connection, client)
            else:
                await self._loop.connect_accepted_socket(
                    lambda: connection,
                    client,
                    ssl=self._context,
                    ssl_handshake_timeout=self.limits.handshake,
                    ssl_shutdown_timeout=self.limits.writing + self.limits.closing,
                )
        except (OSError, EOFError) as error:
            reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
            self._sampled("handshake-failed", worker=self._number, peer=host, reason=reason)

    def _shaken(self, task: asyncio.Task[None]) -> None:
        del self._handshakes[task]
        self._room.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            name = type(error).__name__
            self._log("front-error", worker=self._number, what="connect", error=name, where=frames(error))

    # What connections call.

    def joined(self, connection: Connection) -> None:
        """A connection has come through its handshake."""
        self._connections.add(connection)
        if connection.certificate is not None:
            connection.bucket = bucket = self._open.bucket(connection.certificate)
            ours = self._of.setdefault(bucket, {})
            if self._open.add(self._number, bucket) > self.limits.connections_per_counterpart:
                oldest = next((other for other in ours if other.waits), None)
                if oldest is not None:
                    self._sampled("connection-gave-way", worker=self._number, peer=oldest.address)
                    oldest.abort()
            ours[connection] = None
        if self.stopping:
            connection.stop()

    def left(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self._room.set()
        bucket = connection.bucket
        if bucket is not None:
            self._open.remove(self._number, bucket)
            ours = self._of[bucket]
            del ours[connection]
            if not ours:
                del self._of[bucket]
        self._stopped_if_empty()

    def buffer(self, size: int) -> bool:
        """Account for bytes of a body; False when there are too many in this process."""
        self._buffered += size
        return self._buffered <= self.limits.buffered_bytes

    def unbuffer(self, size: int) -> None:
        """Bytes of a body are gone."""
        self._buffered -= size

    def work(self, job: Job) -> bool:
        """Hand a whole request to the threads; False when its counterpart or the process has too many."""
        bucket = job.bucket
        if (
            bucket is not None
            and self._working.add(self._number, bucket) > self.limits.working_per_counterpart
        ):
            self._sampled("counterpart-busy", worker=self._number, peer=job.request.peer_address)
        elif self._pool.submit(job):
            return True
        else:
            self._sampled("queue-full", worker=self._number, peer=job.request.peer_address)
        self._worked(job)
        return False

    def _worked(self, job: Job) -> None:
        self.unbuffer(len(job.request.body))
        if job.bucket is not None:
            self._working.remove(self._number, job.bucket)

    def refused(self, connection: Connection, rejected: Rejected) -> None:
        """Note a request that could not be read."""
        self._sampled(
            "http-refused",
            worker=self._number,
            peer=connection.address,
            status=rejected.status,
            why=rejected.why,
        )

    def refusal(self, rejected: Rejected) -> tuple[bytes, bytes]:
        """Head and body of the answer to a request that is not worked on."""
        if rejected.rule is not None:
            try:
                answer = self._refuse(rejected.rule)
                head = head_of(answer)
            except Exception as error:  # noqa: BLE001 - whoever asked is answered all the same
                self._log("refusal-answer-failed", error=type(error).__name__, where=frames(error))
                answer = plain_answer(rejected.status)
                head = head_of(answer)
        else:
            answer = plain_answer(rejected.status, rejected.why)
            head = head_of(answer)
        if answer.status == 405 and b"\r\nAllow: " not in head:
            head += f"Allow: {', '.join(METHODS)}\r\n".encode("ascii")
        if answer.status == 503:
            head += f"Retry-After: {self.limits.retry_after}\r\n".encode("ascii")
        return head, answer.body
