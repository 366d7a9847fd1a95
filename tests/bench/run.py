"""One run: arithmetic before and after, and between them the load on a freshly started gateway."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.bench.answers import verify
from tests.bench.drive import SAMPLES, drive, load_core
from tests.bench.load import frames
from tests.bench.machine import arithmetic_us
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
    long: int = 12_000  # answers of the run whose memory is watched
    staged: int = 1600  # answers that are measured stage by stage
    people: int = 200
    lone: int = 600  # answers of the run with one request at a time
    changes: int = 1200  # changes accepted in a run
    clients: tuple[int, ...] = (1, 8, 64)  # who report them, a run for each


@dataclass(frozen=True, slots=True)
class Result:
    """What one run found; times in µs of CPU unless named otherwise."""

    arithmetic: float  # one signature and one verification
    limit_per_second: float  # what the cores could sign and verify in the time that the load left them
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
    state = rig.gateway
    key, certificate = state.keys / "signing.key.pem", state.certificates / "signing.pem"

    def arithmetic() -> list[float]:
        return arithmetic_us(key, certificate, cores=cores, masked=masked, seconds=size.arithmetic_seconds)

    before = arithmetic()
    with rig.served(cores=cores, masked=masked) as served:
        load = drive(
            rig,
            folder,
            served,
            requests,
            state=rig.terminal,
            connections=size.connections,
            warm=size.warm,
            count=count,
        )
    figures = [min(pair) for pair in zip(before, arithmetic(), strict=True)]
    _judge(folder / SAMPLES, requests, certificate)
    # Where the machine has no core left for the load, it takes its part of one of the server's.
    taken = load["load_busy"] if load_core() in cores else 0.0
    arithmetic_mean = statistics.mean(figures)
    limit = sum(1e6 / one for one in figures) - taken * 1e6 / arithmetic_mean
    return Result(arithmetic_mean, limit, load)


def _judge(samples: Path, requests: Sequence[Request], certificate: Path) -> None:
    signer = x509.load_pem_x509_certificate(certificate.read_bytes())
    parts = frames(samples)
    for number, raw in zip(parts[::2], parts[1::2], strict=True):
        verify(raw, requests[int(number)], signer)
