"""One run: arithmetic before and after, and between them the load on a freshly started gateway."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.bench.answers import verify
from tests.bench.load import Job, frames, write_frames
from tests.bench.machine import arithmetic_us, environment, pinned
from tests.bench.ready import Request, sign_requests
from tests.bench.rig import Rig


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    warm: int = 400
    count: int = 3000  # answers counted in a run, for each core
    connections: int = 32
    arithmetic_seconds: float = 0.7
    rounds: int = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What one run found; times in µs of CPU unless named otherwise."""

    arithmetic: float  # one signature and one verification
    limit_per_second: float  # what the cores could sign and verify, and nothing else
    load: dict[str, Any]

    @property
    def ratio(self) -> float:
        """Signed round trips a second, to those that the arithmetic alone would allow."""
        return float(self.load["per_second"] / self.limit_per_second)

    @property
    def ratio_cpu(self) -> float:
        """The arithmetic's share of the server's CPU; the load's own CPU plays no part in it."""
        return float(self.arithmetic / self.load["cpu_us"])

    @property
    def overhead(self) -> float:
        """CPU of a round trip beyond the arithmetic."""
        return float(self.load["cpu_us"] - self.arithmetic)


def one_run(rig: Rig, folder: Path, *, cores: Sequence[int], masked: bool, size: Size) -> Result:
    """Serve on ``cores``, load from the last core of the machine, verify a sample of the answers."""
    count = size.count * len(cores)
    requests = sign_requests(rig, size.warm + count)
    files = {name: folder / f"{name}.bin" for name in ("requests", "samples")}
    write_frames(files["requests"], (request.http() for request in requests))
    state = rig.gateway
    key, certificate = state.keys / "signing.key.pem", state.certificates / "signing.pem"

    def arithmetic() -> list[float]:
        return arithmetic_us(key, certificate, cores=cores, masked=masked, seconds=size.arithmetic_seconds)

    before = arithmetic()
    with rig.served(cores=cores, masked=masked) as served:
        job = Job(
            port=served.port,
            connections=size.connections,
            warm=size.warm,
            count=count,
            requests=str(files["requests"]),
            authorities=tuple(map(str, rig.authorities)),
            key=str(rig.terminal.keys / "tls.key.pem"),
            certificate=str(rig.terminal.certificates / "tls.pem"),
            processes=served.processes,
            result=str(folder / "result.json"),
            samples=str(files["samples"]),
        )
        load = _load(job, folder)
    figures = [min(pair) for pair in zip(before, arithmetic(), strict=True)]
    _judge(files["samples"], requests, certificate)
    return Result(statistics.mean(figures), sum(1e6 / one for one in figures), load)


def _load(job: Job, folder: Path) -> dict[str, Any]:
    file = folder / "job.json"
    job.write(file)
    # The last core is the one that a server on one core leaves free.
    last = max(_cores())
    subprocess.run(
        [sys.executable, "-m", "tests.bench.load", str(file)],
        check=True,
        env=environment(masked=False),
        preexec_fn=pinned([last]),
        timeout=300,
    )
    result: dict[str, Any] = json.loads(Path(job.result).read_text(encoding="utf-8"))
    if set(result["statuses"]) != {"200"}:
        raise RuntimeError(f"answers that are no answers: {result['statuses']}")
    return result


def _cores() -> list[int]:
    import os

    return sorted(os.sched_getaffinity(0))


def _judge(samples: Path, requests: Sequence[Request], certificate: Path) -> None:
    signer = x509.load_pem_x509_certificate(certificate.read_bytes())
    parts = frames(samples)
    for number, raw in zip(parts[::2], parts[1::2], strict=True):
        verify(raw, requests[int(number)], signer)
