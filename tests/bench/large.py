"""Search, evidence, consistency and files of inquiries at full size: ``python -m tests.bench.large``.

Registers of synthetic people, 10,000 to 3,800,000 of them, are asked the same seeded mix of
questions (search_mix), each class apart. Questions with an exact item are judged against the logarithm of the
size; those of prefixes only, whose answers grow with the register, by the bound on every answer alone. Then
evidence of the size wanted (evidence), towns compared with a server and a file of inquiries (comparing), and
what a counter notices of a file (counter).
Takes long. Into ``--out`` goes large.json.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final

from gateway.clock import SystemClock
from gateway.domain.inquiry_file import MOST_LINES
from gateway.people import CardState, Places, make_people, person_of
from gateway.store import Newcomer, Store
from tests.kit.databases import location
from tests.kit.postgres import running_server

SIZES = (10_000, 100_000, 1_000_000, 3_800_000)
"""The last is the largest city."""
TOWNS = (100_000, 1_000_000, 3_800_000)
DIFFERENCES = (0, 10, 1_000)
LINES = 100_000
P99_MS: Final = 20.0
EXACT: Final = ("name_and_birth", "birth_and_address", "variants")
"""Classes whose questions each have an item that is compared exactly, and answers of a few people."""
NOISE: Final = 1.5
"""By so much a median may grow more than the logarithm says, for caches and the machine's other work."""
FLAT: Final = 1.25
"""By so much the memory of a searching process may grow from the smallest register to the largest."""
UNHINDERED: Final = 1.5
"""By so much an inquiry's p50 and p99 may grow while a file is answered."""
_SEED = 1
_COMPARING: Final = (sys.executable, "-m", "tests.bench.comparing")


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.large", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES), help="people on record")
    parser.add_argument("--questions", type=int, default=4_000, help="questions asked of each register")
    parser.add_argument("--evidence", type=int, default=1_000_000, help="entries of evidence; 0 for none")
    parser.add_argument("--towns", type=int, nargs="*", default=list(TOWNS), help="people compared")
    parser.add_argument("--lines", type=int, default=LINES, help="lines of the file of inquiries; 0: none")
    parser.add_argument(
        "--beside", type=int, default=MOST_LINES, help="lines of a file beside which a counter asks; 0: none"
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder of the report")
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="where the registers are"
    )
    parser.add_argument("--fill", type=int, nargs=1, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    wanted = parser.parse_args(arguments)
    if wanted.fill:
        sys.stdout.write(json.dumps(fill(location(wanted.folder), wanted.fill[0])) + "\n")
        return 0
    registers = [searched(size, wanted.questions, wanted.database) for size in sorted(wanted.sizes)]
    judged = judge(registers) if registers else {}
    report: dict[str, Any] = {"registers": registers, "judged": judged}
    if wanted.evidence:
        report["evidence"] = _lines([sys.executable, "-m", "tests.bench.evidence", str(wanted.evidence)])
    report["comparing"] = compared(wanted.towns, DIFFERENCES, wanted.lines)
    towns = report["comparing"]["towns"]
    if towns:
        judged["memory of a comparison is flat"] = flat(towns)
    if wanted.beside:
        report["counter"] = beside(wanted.beside)
        judged["a counter does not wait for a file"] = unhindered(report["counter"])
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "large.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _say(json.dumps(report["judged"], indent=2))
    return 0 if all(report["judged"].values()) else 1


def compared(towns: list[int], differences: Sequence[int], lines: int) -> dict[str, Any]:
    """Towns, each made once and compared in both ways, and a file of so many lines.

    Each measurement is a process of its own, so that the memory it tells is not that of the town's making.
    """
    found: dict[str, Any] = {"towns": [], "inquiries": None}
    for size in sorted(towns):
        with tempfile.TemporaryDirectory() as scratch:
            folder = f"{scratch}/town"
            made = json.loads(_lines([*_COMPARING, "town", folder, str(size)])[-1])
            _say(f"a town of {size:,} people: made in {made['seconds']} s, {made['megabytes']} MB")
            for some, mode in product(differences, ("complete", "digests")):
                wanted = str(min(some, size // 10))
                one = json.loads(_lines([*_COMPARING, "consistency", folder, wanted, mode])[-1])
                found["towns"].append(one)
                _say(
                    f"{size:,} people, {wanted} differences, {mode}: {one['seconds']} s, "
                    f"{one['megabytes']} MB sent, {one['memory_mb']} MB; "
                    f"reading and hashing {one['read_and_hash_seconds']} s"
                )
    if lines:
        found["inquiries"] = json.loads(_lines([*_COMPARING, "inquiries", str(lines)])[-1])
        _say(f"{lines:,} inquiries in a file: {found['inquiries']['lines_per_second']:,} a second")
    return found


def beside(lines: int) -> dict[str, Any]:
    """What a counter notices of a file of so many lines."""
    found: dict[str, Any] = json.loads(_lines([sys.executable, "-m", "tests.bench.counter", str(lines)])[-1])
    _say(f"a counter's inquiries: alone {found['alone']}, beside a file of {lines:,} lines {found['beside']}")
    return found


def unhindered(counter: dict[str, Any]) -> bool:
    """Whether an inquiry takes no more than half as long again while a file is answered."""
    return all(counter["beside"][name] <= counter["alone"][name] * UNHINDERED for name in counter["alone"])


def flat(towns: Sequence[dict[str, Any]]) -> bool:
    """Whether memory does not grow with the town: by mode and differences, the largest against the least."""
    alike: dict[tuple[str, int], list[int]] = {}
    for one in towns:
        alike.setdefault((one["mode"], one["differences"]), []).append(one["memory_mb"])
    return all(max(some) <= min(some) * FLAT for some in alike.values())


def fill(folder: Path | str, size: int) -> dict[str, float]:
    """A register of ``size`` people in a new folder or an empty PostgreSQL; rate and peak of memory."""
    began = time.perf_counter()
    store = Store.open(folder, clock=SystemClock(), upgrade=True)
    people = (person_of(made.row._asdict()) for made in make_people(size, seed=_SEED, places=Places.choose()))
    newcomers = (
        Newcomer(one.versions(), None if one.card_state is CardState.NONE else one.card_state.value)
        for one in people
    )
    store.loader.load(newcomers, source=f"bench {size}", recorded_at=datetime.now(UTC))
    store.close()
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": round(seconds, 1),
        "people_per_second": round(size / seconds),
        "memory_mb": round(memory),
    }


@contextmanager
def place(database: str) -> Iterator[str]:
    """A new folder, or the URL of an empty database."""
    if database == "postgresql":
        with running_server({"shared_buffers": "256MB"}) as server:
            yield server.create()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield folder


def searched(size: int, questions: int, database: str) -> dict[str, Any]:
    """One register, filled and asked in processes of their own."""
    with place(database) as folder:
        command = [sys.executable, "-m", "tests.bench.large", "--folder", folder, "--fill", str(size)]
        filled = json.loads(_lines(command)[-1])
        _say(f"{size:,} people: made and loaded in {filled['seconds']} s, {filled['memory_mb']} MB")
        *classes, memory = map(
            json.loads,
            _lines([sys.executable, "-m", "tests.bench.search_mix", folder, str(_SEED), str(questions)]),
        )
    for one in classes:
        _say(f"    {one['class']:24} p50 {one['p50']:8.3f} ms   p99 {one['p99']:8.3f} ms   of {one['count']}")
    _say(f"    memory {memory['memory_mb']} MB")
    return {
        "people": size,
        "database": database,
        "filled": filled,
        "classes": {one.pop("class"): one for one in classes},
        "memory_mb": memory["memory_mb"],
    }


def judge(registers: list[dict[str, Any]]) -> dict[str, bool]:
    """Each goal by name, and whether it is met."""
    largest = registers[-1]
    found = {
        f"{kind}: p99 under {P99_MS:.0f} ms": figures["p99"] < P99_MS
        for kind, figures in largest["classes"].items()
    }
    for smaller, larger in pairwise(registers):
        growth = math.log(larger["people"]) / math.log(smaller["people"])
        for kind in EXACT:
            before, after = (one["classes"][kind]["p50"] for one in (smaller, larger))
            told = f"{kind}: no faster growth than the logarithm, to {larger['people']:,}"
            found[told] = after <= before * growth * NOISE
    found["memory is flat"] = largest["memory_mb"] <= registers[0]["memory_mb"] * FLAT
    return found


def _lines(command: list[str]) -> list[str]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=7200)
    return done.stdout.splitlines()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
