"""What speaks against sending messages here, as health question and as alarm, until it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.clock import FixedClock
from gateway.errors import StoreError
from gateway.telemetry import Alarms
from gateway.transport.readiness import Readiness
from tests.kit.forge import AT, DAY, Forge

HOUR = timedelta(hours=1)


class Store:
    """The store's stand-in: says how far its newest entry lies ahead, or fails."""

    def __init__(self) -> None:
        self.behind = timedelta(0)
        self.error: StoreError | None = None

    def clock_behind(self) -> timedelta:
        if self.error is not None:
            raise self.error
        return self.behind


class Bench:
    """One Readiness over real lists, certificates, clock and folder."""

    def __init__(self, folder: Path) -> None:
        self.forge = Forge(folder)
        self.clock = FixedClock(AT)
        self.alarms = Alarms(folder)
        self.store = Store()
        self.own = folder / "signing.pem"
        self.put(end=AT + 40 * DAY)
        self.floor = 0
        self.trust = self.forge.store()
        self.readiness = self.make()

    def make(self, **changes: Any) -> Readiness:
        store: Any = self.store
        return Readiness(
            store,
            self.trust,
            self.clock,
            self.own.parent,
            self.alarms,
            skew=timedelta(seconds=60),
            floor=changes.get("floor", 0),
            own={"signing": lambda: self.own},
        )

    def put(self, **changes: Any) -> None:
        self.own.write_bytes(self.forge.leaf(**changes).public_bytes(Encoding.PEM))

    def active(self) -> list[tuple[str, str]]:
        return [(alarm.code, alarm.about) for alarm in self.alarms.active()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_all_is_well(bench: Bench) -> None:
    assert (bench.readiness.reasons(), bench.readiness.stops(), bench.active()) == ((), False, [])


@pytest.mark.parametrize(
    ("spoil", "mend", "code", "stops"),
    [
        (
            lambda bench: bench.clock.advance(timedelta(seconds=61)),
            lambda bench: bench.clock.advance(-timedelta(seconds=61)),
            "clock-moved",
            True,
        ),
        (
            lambda bench: setattr(bench.store, "behind", timedelta(seconds=61)),
            lambda bench: setattr(bench.store, "behind", timedelta(0)),
            "clock-moved",
            True,
        ),
        (
            lambda bench: setattr(bench.store, "error", StoreError("no")),
            lambda bench: setattr(bench.store, "error", None),
            "store-failed",
            True,
        ),
        (
            lambda bench: bench.forge.put("issuing", b"no list"),
            lambda bench: bench.forge.write_crl("issuing"),
            "crl-unreadable",
            False,
        ),
    ],
)
def test_found_told_and_over(
    bench: Bench, spoil: Callable[[Bench], None], mend: Callable[[Bench], None], code: str, stops: bool
) -> None:
    spoil(bench)
    bench.trust.reload()
    bench.readiness.look()
    assert [found for found, _ in bench.active()] == [code]
    assert bench.readiness.stops() is stops
    assert len(bench.readiness.reasons()) == 1
    mend(bench)
    bench.trust.reload()
    bench.readiness.look()
    assert (bench.readiness.reasons(), bench.readiness.stops(), bench.active()) == ((), False, [])


def test_the_disk_is_nearly_full(bench: Bench) -> None:
    full = bench.make(floor=1 << 62)
    assert (full.stops(), bench.active()) == (True, [("disk-low", "")])


def test_lists_that_nobody_renews(bench: Bench) -> None:
    bench.clock.advance(300 * DAY)
    late = bench.make()
    assert {code for code, _ in bench.active()} >= {"crl-expires"}
    assert not late.stops()
    assert late.reasons()


def test_a_certificate_that_ends_soon_turns_nothing_away(bench: Bench) -> None:
    bench.put(end=AT + 30 * DAY)
    bench.readiness.look()
    assert bench.active() == []
    bench.put(end=AT + 30 * DAY - HOUR)
    bench.readiness.look()
    assert bench.active() == [("certificate-expires", "signing")]
    assert (bench.readiness.reasons(), bench.readiness.stops()) == ((), False)
    bench.own.unlink()  # another matter, which is told of elsewhere
    bench.readiness.look()
    assert bench.active() == []


def test_so_is_an_anchor(bench: Bench) -> None:
    bench.clock.advance(480 * DAY)
    bench.make()
    assert ("certificate-expires", "anchor forge") in bench.active()
