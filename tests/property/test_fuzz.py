"""A short run of the fuzzing, other inputs in each; what it found before; and that it finds what there is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.guided import TARGETS
from tests.fuzz.run import Inputs, Tried, run
from tests.fuzz.targets import Target, targets
from tests.kit.databases import SEED
from tests.kit.examples import examples
from tests.tools import find, not_run

CORPUS = Path(__file__).parents[1] / "fuzz" / "corpus"


def test_a_short_run(tmp_path: Path) -> None:
    """``make fuzz`` runs the long one; TESTS_SEED chooses the same inputs again."""
    inputs, tried = Inputs(SEED, tmp_path), Tried()
    for number in range(examples(12_000)):
        inputs.tried(number, tried)
    assert not tried.findings, tried.findings[0].text
    steps = Counter(end for (_, end), count in tried.ends.items() for _ in range(count))
    assert {f"refused at {step}" for step in range(2, 9)} | {"accepted"} <= set(steps)
    assert {target for target, _ in tried.ends} == set(targets(tmp_path))


def test_a_guided_run(tmp_path: Path) -> None:
    """By coverage: another target with each seed."""
    atheris = find("atheris")
    if atheris is None:
        pytest.skip(not_run("atheris"))
    target = TARGETS[SEED % len(TARGETS)]
    command = [atheris, "-m", "tests.fuzz.guided", target, "--runs", "800", "--seed", str(SEED % 1_000)]
    done = subprocess.run(
        [*command, "--out", tmp_path], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "DONE" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*")), ids=lambda file: file.name)
def test_what_was_found_is_mended(file: Path, tmp_path: Path) -> None:
    """``TARGET--what-it-was``: the input's bytes."""
    target, _ = targets(tmp_path)[file.name.partition("--")[0]]
    target.judge(file.read_bytes())


class Broken:
    """A target with one input in twenty that does what none may do."""

    def __init__(self, how: str) -> None:
        self._how = how

    def make(self, draw: random.Random) -> bytes:
        return bytes([draw.randrange(20)])

    def judge(self, raw: bytes) -> str:
        if raw == b"\7":
            {"raises": self.fail, "ends": self.end, "hangs": lambda: time.sleep(600)}[self._how]()
        return "good"

    @staticmethod
    def end() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    @staticmethod
    def fail() -> None:
        raise KeyError("nobody foresaw it")


@pytest.mark.parametrize(
    ("how", "told"), [("raises", "nobody foresaw it"), ("ends", "status -9"), ("hangs", "no end after")]
)
def test_a_finding_is_found(how: str, told: str) -> None:
    broken: Target = Broken(how)
    tried = run(1, 60, 2, lambda _: None, lambda _: {"broken": (broken, 1)}, hang_seconds=1.0)
    assert tried.findings
    assert {finding.raw for finding in tried.findings} == {b"\7"}
    assert all(told in finding.text for finding in tried.findings)
