"""``python -m tests.fuzz.guided TARGET``: libFuzzer, by atheris, looks for inputs that reach new code.

The same targets and the same judgement as ``make fuzz``; the inputs begin with those that it makes. It is run
by the ``atheris`` of ``make tools``. Ends at the first finding, whose input lies in ``--out``.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

TARGETS: Final = ("messages", "structures", "inquiry-files", "change-files")
"""Those whose input is the bytes alone."""
_FIRST: Final = 200  # inputs to begin with
_LONGEST: Final = 16_384


def main(arguments: list[str] | None = None) -> None:
    """Try what the command line asks for; the process ends here, with status 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60, help="at most so long")
    parser.add_argument("--runs", type=int, default=-1, help="so many inputs; without it as many as can be")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where a finding goes")
    wanted = parser.parse_args(arguments)
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["gateway"]):
        targets = importlib.import_module("tests.fuzz.targets").targets
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        corpus = Path(scratch) / "corpus"
        corpus.mkdir()
        target = targets(Path(scratch))[wanted.target][0]
        draw = random.Random(wanted.seed)  # noqa: S311 - a seed that replays, no secret
        for number in range(_FIRST):
            (corpus / str(number)).write_bytes(target.make(draw))
        options = {
            "max_total_time": wanted.seconds,
            "runs": wanted.runs,
            "seed": wanted.seed,
            "max_len": _LONGEST,
            "timeout": 60,
            "artifact_prefix": f"{wanted.out}/{wanted.target}--",
        }
        atheris.Setup(
            [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)], target.judge
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
