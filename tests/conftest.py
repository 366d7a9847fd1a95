"""How much every run tries, and what is tested on every database.

Property tests take few examples, and others each time; all with THOROUGH=1. How long an example takes to draw
says more about what else the machine does than about the test.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.kit.examples import examples

os.environ.setdefault("TESTS_SEED", str(secrets.randbelow(1_000_000)))  # test processes of a run inherit it

settings.register_profile(
    "here", max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("here")


def pytest_report_header() -> str:
    """What chose the tests of this run."""
    return f"TESTS_SEED={os.environ['TESTS_SEED']}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a store is opened: a state folder without a database (SQLite), or the URL of an empty one."""
    if request.param == "sqlite":
        yield tmp_path
        return
    from tests.kit.postgres import server

    with server().fresh() as url:
        yield url
