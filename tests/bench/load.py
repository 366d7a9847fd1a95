"""Makes the load: requests made before, sent on kept connections as fast as they are answered.

    python -m tests.bench.load JOB      JOB: a JSON file as ``Job`` writes it; the result goes where it says

Nothing is signed, read or verified here while time is taken: an answer is over when its last byte is there.
Each connection has one request in flight. The first ``warm`` answers are not counted.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from tests.bench.rig import cpu_seconds, resident_mb

_LENGTH = b"\r\nContent-Length: "
_SAMPLES = 50


@dataclass(frozen=True, slots=True)
class Job:
    """What to do. ``requests`` is a file of whole HTTP requests, each behind its length in four bytes."""

    port: int
    connections: int
    warm: int
    count: int
    requests: str
    authorities: tuple[str, ...]
    key: str
    certificate: str
    processes: tuple[int, ...]
    result: str
    samples: str  # a file: number of the request and the answer's body, one after another

    def write(self, file: Path) -> None:
        """Write it down for the program."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def frames(file: Path) -> list[bytes]:
    """Byte strings, each behind its length."""
    data, at, found = memoryview(file.read_bytes()), 0, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(bytes(data[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


def write_frames(file: Path, parts: Iterator[bytes]) -> None:
    """The other way round."""
    with file.open("wb") as out:
        for part in parts:
            out.write(len(part).to_bytes(4, "big") + part)


class _Run:
    """Requests in their order, and what is noted of the answers."""

    def __init__(self, job: Job, requests: list[bytes], over: asyncio.Future[None]) -> None:
        self._job = job
        self._requests = requests
        self._over = over
        self._next = 0
        self._answers = 0
        self._every = max(1, job.count // _SAMPLES)
        self.latencies: list[float] = []
        self.samples: list[bytes] = []
        self.statuses: dict[str, int] = {}
        self.bytes_out = 0
        self.began: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}

    def take(self) -> tuple[int, bytes] | None:
        """The next request."""
        if self._next >= len(self._requests):
            return None
        self._next += 1
        return self._next - 1, self._requests[self._next - 1]

    def answered(self, number: int, head: bytes, body: bytes, seconds: float) -> None:
        """An answer is whole."""
        self._answers += 1
        status = head[9:12].decode("ascii")
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if self._answers == self._job.warm:
            self.began = self._read()
        elif self._job.warm < self._answers <= self._job.warm + self._job.count:
            self.latencies.append(seconds)
            self.bytes_out = len(body)
            if self._answers % self._every == 0:
                self.samples += [str(number).encode("ascii"), body]
        if self._answers == self._job.warm + self._job.count:
            self.ended = self._read()
        if self._answers == len(self._requests) and not self._over.done():
            self._over.set_result(None)

    def failed(self, why: str) -> None:
        """A connection ended that should not."""
        if not self._over.done():
            self._over.set_exception(RuntimeError(why))

    def _read(self) -> dict[str, Any]:
        return {
            "at": time.perf_counter(),
            "own_cpu": time.process_time(),
            "cpu": {str(process): cpu_seconds(process) for process in self._job.processes},
            "memory": self.memory(),
        }

    def memory(self) -> dict[str, float]:
        """Resident memory of each process of the server."""
        return {str(process): resident_mb(process) for process in self._job.processes}


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._parts: list[bytes] = []
        self._size = self._have = self._number = 0
        self._sent = 0.0
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.send()

    def send(self) -> None:
        taken = self._run.take()
        if taken is None:
            return
        self._number, request = taken
        self._parts, self._size, self._have = [], 0, 0
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        self._have += len(data)
        if not self._size:
            self._size = _whole(b"".join(self._parts))
        if self._size and self._have >= self._size:
            head, _, body = b"".join(self._parts).partition(b"\r\n\r\n")
            self._run.answered(self._number, head, body, time.perf_counter() - self._sent)
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._parts is not None and self._size == 0:
            self._run.failed(f"a connection ended before its answer: {exc}")


def _whole(data: bytes) -> int:
    """The size of the answer that begins here, head included; 0 while the head is not there."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return 0
    at = data.index(_LENGTH) + len(_LENGTH)
    return end + 4 + int(data[at : data.index(b"\r\n", at)])


async def _drive(job: Job) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    for file in job.authorities:
        context.load_verify_locations(cafile=file)
    context.load_cert_chain(job.certificate, job.key)
    over: asyncio.Future[None] = loop.create_future()
    run = _Run(job, frames(Path(job.requests)), over)
    for _ in range(job.connections):
        await loop.create_connection(lambda: _Connection(run), "127.0.0.1", job.port, ssl=context)
    over_time, begin = [(0.0, run.memory())], time.perf_counter()
    while not over.done():
        await asyncio.wait([over], timeout=0.25)
        over_time.append((time.perf_counter() - begin, run.memory()))
    over.result()
    highest = {process: max(now[process] for _, now in over_time) for process in run.memory()}
    write_frames(Path(job.samples), iter(run.samples))
    seconds = run.ended["at"] - run.began["at"]
    cpu = sum(run.ended["cpu"].values()) - sum(run.began["cpu"].values())
    ordered = sorted(run.latencies)
    return {
        "count": job.count,
        "seconds": seconds,
        "per_second": job.count / seconds,
        "cpu_us": cpu / job.count * 1e6,
        "p50_ms": ordered[len(ordered) // 2] * 1000,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1000,
        "load_busy": (run.ended["own_cpu"] - run.began["own_cpu"]) / seconds,
        "statuses": run.statuses,
        "answer_bytes": run.bytes_out,
        "memory_mb": {
            "before": run.began["memory"],
            "after": run.ended["memory"],
            "highest": highest,
            "over_time": over_time,
        },
    }


def main() -> None:
    """Run the job that the file says."""
    content = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    content["authorities"], content["processes"] = tuple(content["authorities"]), tuple(content["processes"])
    job = Job(**content)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(_drive(job))
    Path(job.result).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
