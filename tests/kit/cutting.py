"""Connections that are cut: a relay before a server, which breaks some of what it carries, by a seed.

A cut comes after a drawn number of octets in both directions together: in the handshake, in a request, in an
answer, or between two of them. Both ends are reset, so what was under way is lost.
"""

# ruff: noqa: S311 - seeded on purpose
from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from random import Random

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s: closed by RST


class Relay:
    """One listening port of 127.0.0.1 before another, in a thread of its own."""

    def __init__(self, behind: int, seed: str, *, share: float, octets: int = 60_000) -> None:
        """``share`` of the connections is cut after at most so many ``octets``."""
        self._behind = behind
        self._random = Random(seed)
        self._share = share
        self._octets = octets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cut = 0
        self.quiet = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"relay-{self.port}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        server = await asyncio.start_server(self._carry, sock=self._listener)
        await self._end.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await task

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_connection("127.0.0.1", self._behind)
        except OSError:
            writer.close()
            return
        cut = self._random.random() < self._share
        left = [self._random.randint(0, self._octets) if cut else None]
        ways = [asyncio.ensure_future(self._way(*ends, left)) for ends in ((reader, outer), (inner, writer))]
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (outer, writer):
                if left[0] is not None and left[0] < 0:
                    end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    end.transport.abort()
                end.close()

    async def _way(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: list[int | None]
    ) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(4096):
                if left[0] is not None and not self.quiet:
                    left[0] -= len(content)
                    if left[0] < 0:
                        self.cut += 1
                        return
                writer.write(content)
                await writer.drain()

    def close(self) -> None:
        """End all that it carries."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)


@contextlib.contextmanager
def relays(behind: dict[str, int], seed: int, *, share: float) -> Iterator[dict[str, Relay]]:
    """One relay before each of these ports by name, closed with the block."""
    made = {name: Relay(port, f"{seed}/{name}", share=share) for name, port in behind.items()}
    try:
        yield made
    finally:
        for one in made.values():
            one.close()
