"""Kill points: only where the environment names one, once, at the n-th time; never in production."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import kill_points
from gateway.errors import StateError
from gateway.kill_points import NAMES, VARIABLE, KillPoint, parse

_PROGRAM = """
from gateway.kill_points import reach
for number in range(5):
    print(number, flush=True)
    reach("before-commit")
    reach("after-claim")
"""


def run(value: str | None) -> tuple[int, str]:
    environment = {name: text for name, text in os.environ.items() if name != VARIABLE}
    if value is not None:
        environment[VARIABLE] = value
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.returncode, "".join(done.stdout.split())


def test_nothing_happens_without_the_variable() -> None:
    assert run(None) == (0, "01234")
    assert kill_points._armed is None


def test_killed_at_the_named_place_and_time() -> None:
    assert run("after-claim") == (-signal.SIGKILL, "0")
    assert run("before-commit:3") == (-signal.SIGKILL, "012")
    assert run("after-commit") == (0, "01234")


def test_killed_once_over_all_processes(tmp_path: Path) -> None:
    value = f"after-claim:2@{tmp_path / 'once'}"
    assert run(value) == (-signal.SIGKILL, "01")
    assert run(value) == (0, "01234")


def test_a_name_that_does_not_exist_is_an_error() -> None:
    for text in ("", "nowhere", "after-claim:0", "after-claim:", "after-claim@relative", "After-Claim"):
        with pytest.raises(StateError, match="kill point"):
            parse(text)
    assert parse("after-claim") == KillPoint("after-claim", 1, None)
    assert parse("after-claim:7@/x y") == KillPoint("after-claim", 7, Path("/x y"))
    assert all(parse(name).name == name for name in NAMES)
