"""Tries inputs by their numbers, in processes that are watched: a crash or a hang is a finding too.

The input of a number depends on the seed and the number only (and on keys drawn in the run, for structures
that are changed before they are signed), so that each one can be tried again alone.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.fuzz.targets import Target, targets

HANG_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 1.0
_MOST_FINDINGS: Final = 20  # of a process, which then stops


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that did what none may do."""

    number: int
    target: str
    text: str
    raw: bytes


@dataclass(slots=True)
class Tried:
    """How many inputs ended how, by target and outcome, and what was found."""

    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many inputs were tried."""
        return self.ends.total() + len(self.findings)


Make = Callable[[Path], dict[str, tuple[Target, int]]]
"""Makes the targets, which may use a folder."""


class Inputs:
    """The inputs of a seed by their numbers."""

    def __init__(self, seed: int, folder: Path, made: Make = targets) -> None:
        self._seed = seed
        self._targets = made(folder)
        self._names = [name for name, (_, share) in self._targets.items() for _ in range(share)]

    def made(self, number: int) -> tuple[str, Target, bytes]:
        """The number's target by its name, the target, and the input."""
        draw = random.Random(f"{self._seed} {number}")  # noqa: S311 - a seed that replays, no secret
        name = draw.choice(self._names)
        target = self._targets[name][0]
        return name, target, target.make(draw)

    def tried(self, number: int, into: Tried) -> None:
        """Try one."""
        name, target, raw = self.made(number)
        try:
            into.ends[name, target.judge(raw)] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            into.findings.append(Finding(number, name, traceback.format_exc(limit=-4), raw))


def run(
    seed: int,
    count: int,
    processes: int,
    tell: Callable[[int], object],
    made: Make = targets,
    hang_seconds: float = HANG_SECONDS,
) -> Tried:
    """Try the first ``count`` inputs of a seed; ``tell`` hears now and then how many are done."""
    context = multiprocessing.get_context("fork")
    whole = Tried()
    with tempfile.TemporaryDirectory() as folder:
        workers = [
            _Worker(context, Path(folder), seed, range(at, count, processes), made, hang_seconds)
            for at in range(processes)
        ]
        try:
            while sum(worker.watched() for worker in workers):  # of each of them, in each turn
                tell(sum(worker.done for worker in workers))
        finally:
            for worker in workers:
                worker.end()
        for worker in workers:
            whole.ends.update(worker.tried.ends)
            whole.findings += worker.tried.findings
    return whole


class _Worker:
    """One process, and what it has told so far."""

    def __init__(
        self, context: Any, folder: Path, seed: int, numbers: range, made: Make, hang_seconds: float
    ) -> None:
        self.tried = Tried()
        self._numbers, self._hang_seconds = numbers, hang_seconds
        self._inputs = lambda own: Inputs(seed, own, made)
        self._folder = folder
        self._at = context.Value("q", 0, lock=False)  # how many of the numbers are begun
        self._seen, self._since, self._over = 0, time.monotonic(), False
        self._ours, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(self._inputs, folder, numbers, self._at, theirs))
        self._process.start()
        theirs.close()

    @property
    def done(self) -> int:
        """How many inputs were begun."""
        return int(self._at.value)

    def watched(self) -> bool:
        """Wait a little for its report; False when there is no more to wait for."""
        if self._over:
            return False
        if self._ours.poll(_LOOK_SECONDS):
            self._over = True
            try:
                self.tried = self._ours.recv()
            except EOFError:
                self._process.join()
                self._lost(f"the process ended with status {self._process.exitcode}")
        elif self.done != self._seen:
            self._seen, self._since = self.done, time.monotonic()
        elif time.monotonic() - self._since > self._hang_seconds:
            self._over = True
            self._lost(f"no end after {self._hang_seconds:.0f} s")
        return not self._over

    def end(self) -> None:
        """End the process, if it still runs."""
        self._process.kill()
        self._process.join()

    def _lost(self, text: str) -> None:
        number = self._numbers[max(0, self.done - 1)]
        name, _, raw = self._inputs(self._folder).made(number)
        self.tried.findings.append(Finding(number, name, text, raw))


def _work(made: Callable[[Path], Inputs], folder: Path, numbers: range, at: Any, report: Any) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        inputs, tried = made(Path(own)), Tried()
        for number in numbers:
            at.value += 1
            inputs.tried(number, tried)
            if len(tried.findings) >= _MOST_FINDINGS:
                break
        report.send(tried)
