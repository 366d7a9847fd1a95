"""Tries random inputs and says what came of them; exit status 1 when anything was found.

    python -m tests.fuzz --count 10000000            a new seed, which is printed first
    python -m tests.fuzz --seed S --count N          an earlier run again
    python -m tests.fuzz --seed S --only NUMBER      one input of it, with the whole traceback

What is found goes to ``--out``; once mended, it belongs into ``tests/fuzz/corpus``.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.run import Inputs, Tried, run

COUNT = 10_000_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--only", type=int, default=None, help="the number of one input")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where findings go")
    asked = parser.parse_args()
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    say(f"seed {seed}")
    if asked.only is not None:
        return one(seed, asked.only)
    begun = time.monotonic()

    def tell(done: int) -> None:
        sys.stderr.write(f"\r{done} of {asked.count}, {done / (time.monotonic() - begun):.0f} a second ")

    tried = run(seed, asked.count, asked.processes, tell)
    sys.stderr.write("\n")
    say(report(tried, time.monotonic() - begun))
    asked.out.mkdir(parents=True, exist_ok=True)
    for finding in tried.findings:
        file = asked.out / f"{finding.target}-{seed}-{finding.number}"
        file.write_bytes(finding.raw)
        say(f"FOUND: {file}\n{finding.text}")
    return 1 if tried.findings or tried.count < asked.count else 0


def one(seed: int, number: int) -> int:
    """Try one input; whatever it raises goes through."""
    with tempfile.TemporaryDirectory() as folder:
        name, target, raw = Inputs(seed, Path(folder)).made(number)
        say(f"{name}: {len(raw)} bytes\n{target.judge(raw)}")
    return 0


def report(tried: Tried, seconds: float) -> str:
    """What came of them, by target and outcome."""
    lines = [f"{tried.count} inputs in {seconds:.0f} s, {len(tried.findings)} findings"]
    lines += [f"{count:>10}  {name}: {end}" for (name, end), count in sorted(tried.ends.items())]
    return "\n".join(lines)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
