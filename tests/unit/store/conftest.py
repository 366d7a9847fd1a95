"""A store in a fresh state folder, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.clock import FixedClock
from gateway.store import Store


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


@pytest.fixture
def store(database: Path | str, clock: FixedClock) -> Iterator[Store]:
    store = Store.open(database, clock=clock, upgrade=True, lock_timeout_seconds=0.3)
    yield store
    store.close()
