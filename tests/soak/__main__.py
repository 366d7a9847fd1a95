"""Runs the soak and says what it found; exit status 1 when anything."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.soak.delivery import soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run, to run it again")
    parser.add_argument("--kills", type=int, default=100, help="of dispatchers, and of gateways")
    asked = parser.parse_args()
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    sys.stdout.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        result = soak(
            Path(folder) / "net",
            seed=seed,
            dispatchers=asked.kills,
            gateways=asked.kills,
            say=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201 - progress
        )
    sys.stdout.write(f"seed {seed}: {result}\n")
    return 0 if result.judgement.good else 1


if __name__ == "__main__":
    sys.exit(main())
