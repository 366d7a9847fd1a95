"""The benchmarks run, and their reports have the shape that is promised. No figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench import large


def run(*arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_report_of_a_round_trip(tmp_path: Path) -> None:
    run("tests.bench", "--smoke", "--key", "P-256", "--out", tmp_path)
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert isinstance(report["cpu"]["model"], str)
    assert isinstance(report["cpu"]["ifma"], bool)
    assert 0 < report["ratio"]["P-256"]["one_core"] < 1
    assert report["overhead_us"]["P-256"]["one_core"] > 0
    assert 0 < report["memory_mb"]["highest"] < report["goal"]["memory_mb"]
    stages = report["stages"]["us"]
    assert stages["whole"] > 0
    # A stage without time is one whose functions were renamed.
    assert [stage for stage, value in stages.items() if value <= 0] == []
    assert report["lone"]["beyond_arithmetic_ms"] > 0
    accepted = report["changes"]["accepted"]["8"]
    assert accepted["ratio"] == pytest.approx(
        accepted["per_second"] / accepted["inserts_per_second"], abs=0.01
    )
    assert {"guard", "flow", "sign", "commit", "total"} <= accepted["parts_ms"].keys()
    assert report["changes"]["delivery"]["per_second"] > 0
    (one,) = report["runs"]
    assert one["statuses"] == {"200": 80}
    assert "| P-256 | one core |" in (tmp_path / "report.md").read_text(encoding="utf-8")
    for name in ("overhead.svg", "stages.svg", "memory.svg"):
        assert ElementTree.parse(tmp_path / name).getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314


def test_the_report_of_a_large_register(tmp_path: Path) -> None:
    arguments = ["--sizes", "1200", "--questions", "100", "--evidence", "2000", "--out", str(tmp_path)]
    arguments += ["--towns", "200", "--lines", "50", "--beside", "0"]
    assert large.main(arguments) in {0, 1}
    report = json.loads((tmp_path / "large.json").read_text(encoding="utf-8"))
    (register,) = report["registers"]
    assert register["people"] == 1200
    assert set(large.EXACT) | {"all", "too_many"} <= register["classes"].keys()
    assert report["evidence"][0].startswith("append and seal")
    towns, inquiries = report["comparing"]["towns"], report["comparing"]["inquiries"]
    assert [one["differences"] for one in towns] == [0, 0, 10, 10, 20, 20]
    assert all(one["read_and_hash_seconds"] >= 0 < one["memory_mb"] for one in towns)
    assert inquiries["lines"] == 50


def test_memory_is_judged_by_the_size_of_the_town() -> None:
    small = {"mode": "digests", "differences": 0, "memory_mb": 100}
    assert large.flat([small, {**small, "memory_mb": 125}])
    assert large.flat([small, {**small, "differences": 1000, "memory_mb": 200}])
    assert not large.flat([small, {**small, "memory_mb": 126}])
