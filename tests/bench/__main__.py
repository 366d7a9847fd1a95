"""What a signed round trip costs beside the arithmetic of the same run: ``python -m tests.bench``.

A gateway is served as always, over mutual TLS, and asked signed searches for people in its own register, 32
at a time. For each kind of key, on one core and on two, with the IFMA instructions used and masked; then
stage by stage; one request at a time; changes, accepted and delivered (tests.bench.changes); and a long run
for its memory. Five to fifteen minutes; ``--quick`` leaves out all but one core and one kind of key.
``--out`` gets report.json, report.md and plots.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.changes import changes
from tests.bench.drive import server_cores
from tests.bench.large import beside, compared
from tests.bench.load import write_frames
from tests.bench.machine import environment, has_ifma, pinned
from tests.bench.plots import lines, stacked_bars
from tests.bench.processes import markdown_of, processes
from tests.bench.ready import sign_requests
from tests.bench.report import Parts, Run, document, markdown, memory_of
from tests.bench.rig import Rig
from tests.bench.run import Result, Size, one_run

KEYS = ("RSA-2048", "RSA-3072", "P-256")
FULL = Size()
SMOKE = Size(
    warm=20,
    count=60,
    connections=8,
    arithmetic_seconds=0.05,
    rounds=1,
    long=100,
    staged=60,
    people=60,
    lone=20,
    changes=20,
    clients=(8,),
)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder of the report")
    parser.add_argument("--key", action="append", choices=KEYS, help="only this kind (may be repeated)")
    parser.add_argument("--rounds", type=int, help=f"runs of each kind, {FULL.rounds} unless given")
    parser.add_argument(
        "--quick", action="store_true", help="RSA-2048 on one core, IFMA not masked, no memory"
    )
    parser.add_argument("--smoke", action="store_true", help="a few requests: whether it runs at all")
    wanted = parser.parse_args(arguments)
    size = SMOKE if wanted.smoke else FULL
    if wanted.rounds:
        size = replace(size, rounds=wanted.rounds)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rig = Rig(folder / "network", people=size.people)
        keys = tuple(wanted.key or (KEYS[:1] if wanted.quick else KEYS))
        report = measure(rig, folder, keys, size, whole=not (wanted.smoke or wanted.quick))
        if not (wanted.quick or wanted.smoke):
            report["comparing"] = compared([20_000], (0, 10), 2_000)
            report["counter"] = beside(8_000)
            report["processes"] = processes(rig, folder, warm=size.warm // 4, count=size.changes)
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    text = markdown(report)
    if "processes" in report:
        text += markdown_of(report["processes"])
    (wanted.out / "report.md").write_text(text, encoding="utf-8")
    for name, plot in plots(report).items():
        (wanted.out / name).write_text(plot, encoding="utf-8")
    sys.stdout.write("\n" + text)
    return 0


def measure(rig: Rig, folder: Path, keys: tuple[str, ...], size: Size, *, whole: bool) -> dict[str, Any]:
    """Everything that the report tells."""
    runs: list[Run] = []
    for key in keys:
        rig.use_key(key)
        for masked in (False, True) if has_ifma() and whole else (False,):
            for count in (1, 2) if whole else (1,):
                for _ in range(1 if masked else size.rounds):
                    result = one_run(rig, folder, cores=server_cores(count), masked=masked, size=size)
                    runs.append(Run(key, count, masked, result))
                    _tell(runs[-1])
    rig.use_key(keys[0])
    core = server_cores(1)
    parts = Parts(
        key=keys[0],
        stages=staged(rig, folder, size),
        lone=one_run(
            rig, folder, cores=core, masked=False, size=replace(size, connections=1, count=size.lone)
        ),
        changes=changes(
            rig, folder, cores=core, warm=size.warm // 4, count=size.changes, clients=size.clients
        ),
    )
    last = runs[-1].result
    if whole:
        rig.use_key("P-256")
        last = one_run(rig, folder, cores=core, masked=False, size=replace(size, count=size.long))
    return document(runs, parts, memory_of(last))


def staged(rig: Rig, folder: Path, size: Size) -> dict[str, float]:
    """CPU µs by stage, measured in a process of its own (tests.bench.stages)."""
    rig.begin_anew(processes=1)
    requests = folder / "staged.bin"
    write_frames(requests, (request.http() for request in sign_requests(rig, size.warm + size.staged)))
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.stages", str(rig.gateway.path), str(requests), str(size.warm)],
        check=True,
        capture_output=True,
        env=environment(masked=False),
        preexec_fn=pinned(server_cores(1)),
        timeout=300,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def plots(report: dict[str, Any]) -> dict[str, str]:
    """Files of the report that are pictures."""
    bars = []
    for title, figures in (("", report), (", masked", report.get("masked"))):
        for key, by_cores in (figures["overhead_us"] if figures else {}).items():
            for cores, overhead in by_cores.items():
                arithmetic = figures["arithmetic_us"][key][cores]
                label = f"{key}, {cores.replace('_', ' ')}{title}"
                bars.append((label, {"arithmetic": arithmetic, "overhead": overhead}))
    stages = [(stage, {"CPU": value}) for stage, value in report["stages"]["us"].items() if stage != "whole"]
    over_time = report["memory_mb"]["over_time"]
    memory = {
        f"process {number}": [(at, now[process]) for at, now in over_time]
        for number, process in enumerate(over_time[0][1], start=1)
    }
    return {
        "overhead.svg": stacked_bars("CPU of a signed round trip", "µs", bars),
        "stages.svg": stacked_bars("Where the time goes, without the front", "µs", stages),
        "memory.svg": lines("Resident memory under load", "MB", memory),
    }


def _tell(run: Run) -> None:
    result: Result = run.result
    sys.stdout.write(
        f"{run.key}, {run.cores} core(s){', IFMA masked' if run.masked else ''}:"
        f" arithmetic {result.arithmetic:.0f} µs, overhead {result.overhead:.0f} µs, ratio {result.ratio:.2f}"
        f" (by CPU {result.ratio_cpu:.2f}), {result.load['per_second']:.0f} a second,"
        f" load {result.load['load_busy']:.0%} of a core\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
