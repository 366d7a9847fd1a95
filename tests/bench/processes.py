"""Changes accepted a second by 1, 2 and 4 processes of one gateway, on SQLite and on PostgreSQL.

The processes share the machine's cores but the last, which makes the load; PostgreSQL runs beside them on
all. On a machine of two cores the figures tell what sharing a database costs, not what more cores would give.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from tests.bench.changes import requests_of
from tests.bench.drive import drive, server_cores
from tests.bench.rig import REGISTRY, Rig
from tests.kit.postgres import running_server

PROCESSES: Final = (1, 2, 4)
_CONNECTIONS: Final = 32


def processes(rig: Rig, folder: Path, *, warm: int, count: int) -> dict[str, dict[str, Any]]:
    """By database and number of processes: changes a second, CPU µs of the gateway for each, p50 and p99."""
    cores = server_cores(max(1, len(os.sched_getaffinity(0)) - 1))
    found: dict[str, dict[str, Any]] = {}
    with running_server() as server:
        for database in ("sqlite", "postgresql"):
            for number in PROCESSES:
                rig.use_database(server.create() if database == "postgresql" else "")
                asked = requests_of(rig, warm + count)
                with rig.served(cores=(cores * number)[:number], masked=False) as served:
                    load = drive(
                        rig,
                        folder,
                        served,
                        asked,
                        state=rig.state(REGISTRY),
                        connections=_CONNECTIONS,
                        warm=warm,
                        count=count,
                    )
                found.setdefault(database, {})[str(number)] = {
                    key: load[key] for key in ("per_second", "cpu_us", "p50_ms", "p99_ms")
                }
    rig.use_database("")
    return found


def markdown_of(found: dict[str, dict[str, Any]]) -> str:
    """The table of the report."""
    lines = [
        "",
        "## Changes a second by processes and database",
        "",
        "| database | processes | accepted a second | CPU µs | p50 ms | p99 ms |",
        "|---|---|---|---|---|---|",
    ]
    for database, by_number in found.items():
        for number, load in by_number.items():
            figures = " | ".join(f"{load[key]:.0f}" for key in ("per_second", "cpu_us", "p50_ms", "p99_ms"))
            lines.append(f"| {database} | {number} | {figures} |")
    return "\n".join(lines) + "\n"
