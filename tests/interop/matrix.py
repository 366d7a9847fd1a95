"""``python -m tests.interop.matrix`` (``make interop``): every stack, service and algorithm; docs/interop.md.

Exit status 1 when a stack that is there fails; one whose tool cannot be had stands in the page as not run.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.interop.networks import ALGORITHMS, check, signing_with, write_case
from tests.interop.stacks import STACKS, Stack
from tests.kit.network import Network

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interop.md"
DIRECTIONS = ("they sign, we verify", "we sign, they verify", "a spoilt message")
_HEAD = """\
# Interoperability

Written by `make interop`, never by hand. Each stack is a client program under `tests/interop`, with no code
of ours: it reads `network.json`, asks a running network over mutual TLS with Japanese text, verifies the
signed answer with its own code, and notices a changed letter in it. A message of its own that is spoilt after
signing gets a signed fault, which it verifies as well. All signing keys of the network are of the algorithm's
kind. A part of this runs in every `make test`.

| stack | version | direction | service | algorithm | result |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the page."""

    stack: str
    version: str
    direction: str
    service: str
    algorithm: str
    result: str

    def line(self) -> str:
        cells = (self.stack, self.version, self.direction, self.service, self.algorithm, self.result)
        return f"| {' | '.join(cells)} |\n"


def rows(network: Network, stack: Stack, service: str, algorithm: str, folder: Path) -> list[Row]:
    """Ask once; three rows, one for each direction."""

    def row(version: str, direction: str, result: str) -> Row:
        return Row(stack.name, version, direction, service, algorithm, result)

    if stack.missing:
        return [row("", "", stack.missing)]
    if algorithm not in stack.algorithms:
        return [row("", "", f"not tried: {stack.without}")]
    try:
        report = stack.ask(network.folder / "network.json", write_case(network, service, folder))
        check(report, service)
    except AssertionError as error:
        sys.stderr.write(f"{error}\n")
        return [row("", "", "failed")]
    good, bad = report["good"], report["spoilt"]
    results = (good["answer"], "verified, a changed letter noticed", f"{bad['fault']}, verified")
    return [row(report["version"], way, result) for way, result in zip(DIRECTIONS, results, strict=True)]


def main() -> int:
    """Run all, write the page."""
    made: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        for algorithm in ALGORITHMS:
            with signing_with(algorithm, Path(folder, algorithm)) as network:
                for stack in STACKS:
                    for service in stack.services:
                        made += rows(network, stack, service, algorithm, Path(folder))
                        sys.stdout.write(made[-1].line())
    made.sort(key=lambda row: [stack.name for stack in STACKS].index(row.stack))
    PAGE.write_text(_HEAD + "".join(row.line() for row in made), encoding="utf-8")
    return int(any(row.result == "failed" for row in made))


if __name__ == "__main__":
    sys.exit(main())
