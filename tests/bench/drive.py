"""Drives the load at a running gateway, from the last core of the machine, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from gateway.state import StateFolder
from tests.bench.load import Job, write_frames
from tests.bench.machine import environment, pinned
from tests.bench.ready import Request
from tests.bench.rig import Rig, Served

SAMPLES = "samples.bin"


def drive(
    rig: Rig,
    folder: Path,
    served: Served,
    requests: list[Request],
    *,
    state: StateFolder,
    connections: int,
    warm: int,
    count: int,
) -> dict[str, Any]:
    """What was measured of ``requests``, sent by the system of ``state``; some answers are in SAMPLES.

    Raises RuntimeError when an answer is none.
    """
    write_frames(folder / "requests.bin", (request.http() for request in requests))
    job = Job(
        port=served.port,
        connections=connections,
        warm=warm,
        count=count,
        requests=str(folder / "requests.bin"),
        authorities=tuple(map(str, rig.authorities)),
        key=str(state.keys / "tls.key.pem"),
        certificate=str(state.certificates / "tls.pem"),
        processes=served.processes,
        result=str(folder / "result.json"),
        samples=str(folder / SAMPLES),
    )
    file = folder / "job.json"
    job.write(file)
    subprocess.run(
        [sys.executable, "-m", "tests.bench.load", str(file)],
        check=True,
        env=environment(masked=False),
        preexec_fn=pinned([load_core()]),
        timeout=300,
    )
    result: dict[str, Any] = json.loads(Path(job.result).read_text(encoding="utf-8"))
    if set(result["statuses"]) != {"200"}:
        raise RuntimeError(f"answers that are no answers: {result['statuses']}")
    return result


def server_cores(count: int) -> list[int]:
    """The first cores that this process may use."""
    return sorted(os.sched_getaffinity(0))[:count]


def load_core() -> int:
    """The last one, which a server on one core leaves free."""
    return max(os.sched_getaffinity(0))
