"""What a benchmark found, as a document: report.json, and the same as tables in Markdown.

ratio.KEY.CORES          signed round trips a second, to those that the arithmetic alone allows
overhead_us.KEY.CORES    CPU of a round trip beyond the arithmetic, µs
masked.…                 the same with the IFMA instructions masked, where the processor has them
lone                     one request at a time: latency, and what of it is beyond the arithmetic
changes.accepted.N       changes a second with N clients, durable, to plain durable inserts of the same bytes
changes.delivery         changes a second that arrive at the prefectural server
cpu.model, cpu.ifma      the processor, and whether it has them
"""

from __future__ import annotations

import os
import platform
import ssl
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cryptography
import pysqlite3.dbapi2 as sqlite
from cryptography.hazmat.backends.openssl import backend
from lxml import etree

from tests.bench.machine import cpu_model, has_ifma
from tests.bench.run import Result

GOAL_US: Final = 700
"""Overhead at most, RSA-2048, one core, 32 in flight."""
GOAL_LONE_MS: Final = 2.0
"""Latency of a lone request beyond the arithmetic at most."""
GOAL_MB: Final = 200
CORES: Final = {1: "one_core", 2: "two_cores"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What is measured with one kind of key only."""

    key: str
    stages: dict[str, float]
    lone: Result
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One run and how it was made."""

    key: str
    cores: int
    masked: bool
    result: Result

    def document(self) -> dict[str, Any]:
        """All figures of it, memory over time left out."""
        load = {name: value for name, value in self.result.load.items() if name != "memory_mb"}
        memory = self.result.load["memory_mb"]
        return {
            "key": self.key,
            "cores": self.cores,
            "ifma_masked": self.masked,
            "arithmetic_us": round(self.result.arithmetic, 1),
            "overhead_us": round(self.result.overhead, 1),
            "ratio": round(self.result.ratio, 3),
            "ratio_cpu": round(self.result.ratio_cpu, 3),
            **load,
            "memory_mb": {name: memory[name] for name in ("before", "after", "highest")},
        }


def document(runs: Sequence[Run], parts: Parts, memory: dict[str, Any]) -> dict[str, Any]:
    """The report of all runs; of several runs alike the median counts."""
    found: dict[str, Any] = {
        "cpu": {"model": cpu_model(), "ifma": has_ifma(), "cores": os.cpu_count()},
        "machine": {"load_average": [round(one, 2) for one in os.getloadavg()], **_versions()},
        "goal": {"overhead_us": GOAL_US, "lone_ms": GOAL_LONE_MS, "memory_mb": GOAL_MB},
        **_figures([run for run in runs if not run.masked]),
    }
    masked = [run for run in runs if run.masked]
    if masked:
        found["masked"] = _figures(masked)
    return found | {
        "stages": {"key": parts.key, "us": _rounded(parts.stages, 1)},
        "lone": _lone(parts.key, parts.lone),
        "changes": _rounded(parts.changes, 3),
        "memory_mb": memory,
        "runs": [run.document() for run in runs],
    }


def _rounded(figures: Any, digits: int) -> Any:
    if isinstance(figures, dict):
        return {name: _rounded(value, digits) for name, value in figures.items()}
    return round(figures, digits)


def _lone(key: str, result: Result) -> dict[str, Any]:
    return {
        "key": key,
        "p50_ms": round(result.load["p50_ms"], 3),
        "p99_ms": round(result.load["p99_ms"], 3),
        "arithmetic_us": round(result.arithmetic, 1),
        "beyond_arithmetic_ms": round(result.load["p50_ms"] - result.arithmetic / 1000, 3),
        "overhead_us": round(result.overhead, 1),
    }


def _figures(runs: Sequence[Run]) -> dict[str, Any]:
    def of(figure: Callable[[Result], float], digits: int) -> dict[str, dict[str, float]]:
        found: dict[str, dict[str, float]] = {}
        for run in runs:
            alike = [one.result for one in runs if (one.key, one.cores) == (run.key, run.cores)]
            value = round(statistics.median(map(figure, alike)), digits)
            found.setdefault(run.key, {})[CORES[run.cores]] = value
        return found

    return {
        "ratio": of(lambda one: one.ratio, 3),
        "ratio_cpu": of(lambda one: one.ratio_cpu, 3),
        "overhead_us": of(lambda one: one.overhead, 1),
        "arithmetic_us": of(lambda one: one.arithmetic, 1),
        "per_second": of(lambda one: float(one.load["per_second"]), 1),
        "p50_ms": of(lambda one: float(one.load["p50_ms"]), 2),
        "p99_ms": of(lambda one: float(one.load["p99_ms"]), 2),
    }


def memory_of(result: Result) -> dict[str, Any]:
    """Resident memory of each process in a long run, MB: at its beginning, its end and its highest."""
    memory = result.load["memory_mb"]
    highest = max(memory["highest"].values())
    growth = max(memory["after"][process] - memory["before"][process] for process in memory["after"])
    return {
        "round_trips": result.load["count"],
        "highest": round(highest, 1),
        "growth": round(growth, 1),
        "over_time": [
            [round(at, 2), {process: round(mb, 1) for process, mb in now.items()}]
            for at, now in memory["over_time"]
        ],
    }


def markdown(report: dict[str, Any]) -> str:
    """The report to be read."""
    cpu, machine = report["cpu"], report["machine"]
    ifma = "with IFMA" if cpu["ifma"] else "without IFMA"
    lines = [
        "# What a signed round trip costs",
        "",
        f"{cpu['model']}, {ifma}, {cpu['cores']} cores, load {machine['load_average'][0]} when it ended.",
        ", ".join(f"{name} {version}" for name, version in machine["versions"].items()) + ".",
        "",
        "A round trip: a signed search over mutual TLS, verified, answered from the register at hand,",
        "evidence kept, the answer signed. Overhead is its CPU beyond one signature and one verification",
        "of the same run; the ratio is the throughput to that of these two alone.",
        "",
        *_table(report, "IFMA used" if cpu["ifma"] else "as it is"),
    ]
    if "masked" in report:
        lines += ["", *_table(report["masked"], "IFMA masked")]
    overhead = report["overhead_us"].get("RSA-2048", {}).get("one_core")
    if overhead is not None:
        met = "reached" if overhead <= GOAL_US else "not reached"
        lines += ["", f"Goal: at most {GOAL_US} µs overhead at RSA-2048 on one core: {met}."]
    lines += [
        "",
        "## Where the time goes",
        "",
        f"CPU by stage in one process without the front, {report['stages']['key']}, stopwatch included:",
        "",
        "| stage | µs |",
        "|---|--:|",
        *(f"| {stage} | {value:.0f} |" for stage, value in report["stages"]["us"].items()),
        "",
        *_lone_lines(report["lone"]),
        "",
        *_change_lines(report["changes"]),
        "",
        "## Memory",
        "",
        f"{report['memory_mb']['round_trips']:,} round trips: highest of a process"
        f" {report['memory_mb']['highest']} MB (goal {GOAL_MB}), growth {report['memory_mb']['growth']} MB.",
        "",
        "![overhead](overhead.svg) ![stages](stages.svg) ![memory](memory.svg)",
    ]
    return "\n".join(lines) + "\n"


def _lone_lines(lone: dict[str, Any]) -> list[str]:
    met = "reached" if lone["beyond_arithmetic_ms"] <= GOAL_LONE_MS else "not reached"
    return [
        "## One request at a time",
        "",
        f"{lone['key']}, a commit of its own: p50 {lone['p50_ms']} ms, p99 {lone['p99_ms']} ms, CPU"
        f" {lone['overhead_us']:.0f} µs beyond the arithmetic. Goal: p50 at most {GOAL_LONE_MS} ms beyond the"
        f" arithmetic, found {lone['beyond_arithmetic_ms']} ms: {met}.",
    ]


def _change_lines(changes: dict[str, Any]) -> list[str]:
    delivery, parts = changes["delivery"], changes["accepted"]["8"]["parts_ms"]
    return [
        "## Changes",
        "",
        "One change a message, acknowledged when it is durable with its notice and evidence, on one core;",
        "beside it rows of as many bytes, one synced commit each, by the same SQLite in the same run:",
        "",
        "| clients | changes per s | inserts per s | ratio | p50 ms | p99 ms | CPU µs |",
        "|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {clients} | {one['per_second']:.0f} | {one['inserts_per_second']:.0f} | {one['ratio']:.2f}"
            f" | {one['p50_ms']:.1f} | {one['p99_ms']:.1f} | {one['cpu_us']:.0f} |"
            for clients, one in changes["accepted"].items()
        ),
        "",
        f"Delivered to the prefectural server on the same core while they are accepted: "
        f"{delivery['per_second']:.0f} a second, {delivery['behind_when_all_were_accepted']:.0f} behind when"
        " the last was accepted.",
        "",
        "Where the time of a change goes with 8 clients, median ms by its log line: "
        + ", ".join(f"{part} {value}" for part, value in parts.items())
        + ".",
    ]


def _table(figures: dict[str, Any], title: str) -> list[str]:
    rows = [
        f"| {key} | {cores.replace('_', ' ')} | {figures['arithmetic_us'][key][cores]:.0f}"
        f" | {overhead:.0f} | {figures['ratio'][key][cores]:.2f} | {figures['ratio_cpu'][key][cores]:.2f}"
        f" | {figures['per_second'][key][cores]:.0f} | {figures['p50_ms'][key][cores]:.0f}"
        f" | {figures['p99_ms'][key][cores]:.0f} |"
        for key, by_cores in figures["overhead_us"].items()
        for cores, overhead in by_cores.items()
    ]
    return [
        f"| {title} | server on | arithmetic µs | overhead µs | ratio | by CPU | per s | p50 ms | p99 ms |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
        *rows,
    ]


def _versions() -> dict[str, Any]:
    return {
        "versions": {
            "Python": platform.python_version(),
            "lxml": etree.__version__,
            "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
            "cryptography": cryptography.__version__,
            "its OpenSSL": backend.openssl_version_text().split()[1],
            "TLS": ssl.OPENSSL_VERSION.split()[1],
            "SQLite": sqlite.sqlite_version,
        }
    }
