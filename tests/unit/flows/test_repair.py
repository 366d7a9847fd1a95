"""A consistency check's repair: what is sent again, why anything is not, and what the servers make of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.checking.repairing import hindrance, repair_change
from gateway.domain.change import ChangeResult
from gateway.domain.consistency import Finding, FindingKind
from gateway.store import FoundDifference
from tests.kit.changes import HOME, code, entry, move, record, report
from tests.kit.intake import Office

TODAY = dt.date(2026, 11, 25)


STRUCK = "the server knows the person and has no record now: it was told to strike it"


def found(
    kind: FindingKind, *, in_flight: bool = False, repaired: bool = False, number: int | None = None
) -> FoundDifference:
    return FoundDifference(1, Finding(kind, code(1), number_there=number), in_flight, repaired)


@pytest.mark.parametrize(
    ("difference", "missing", "reason"),
    [
        (found(FindingKind.DIFFERS), False, None),
        (found(FindingKind.DIFFERS, in_flight=True), False, "a change of it is on its way"),
        (found(FindingKind.DIFFERS, repaired=True), True, "it was sent again before"),
        (found(FindingKind.MISSING_THERE), False, "the server never heard of the person: --missing sends it"),
        (found(FindingKind.MISSING_THERE), True, None),
        (found(FindingKind.MISSING_THERE, in_flight=True), True, "a change of it is on its way"),
        (found(FindingKind.MISSING_THERE, number=3), True, STRUCK),
        (found(FindingKind.MISSING_HERE), True, "there is no record here to send"),
    ],
)
def test_why_a_record_is_not_sent_again(
    difference: FoundDifference, missing: bool, reason: str | None
) -> None:
    assert hindrance(difference, missing=missing) == reason


@pytest.fixture
def offices(tmp_path: Path) -> Iterator[tuple[Office, Office, Office]]:
    """Town, prefecture and nation."""
    onward = (("13-prefectural-server", "prefectural"), ("national-server", "national"), None)
    with ExitStack() as stack:
        opened = [Office.open(tmp_path / str(at), following) for at, following in enumerate(onward)]
        for office in opened:
            stack.callback(office.store.close)
        town, prefecture, nation = opened
        yield town, prefecture, nation


def known(office: Office) -> tuple[int, str]:
    """The number of the person's last change, and the address."""
    standing = office.store.changes.standing(code(1), HOME)
    if standing.person is None or standing.version is None:
        raise LookupError("nobody")
    return standing.last, office.store.changes.record(standing.person, standing.version).address.inline


def test_who_was_lost_at_every_server_is_entered_by_the_repair(
    offices: tuple[Office, Office, Office],
) -> None:
    """The correction has the next number of the town's count; the servers count on from it."""
    town, prefecture, nation = offices
    town.report(report(entry(1)))
    town.report(report(move(1, 2, "東京都千代田区神田1番2号")))
    lost = len(town.waiting())
    town.report(report(repair_change(record(1, "東京都千代田区神田1番2号"), 3, TODAY)))
    (repair,) = town.waiting()[lost:]
    assert prefecture.notify(repair) == [ChangeResult.ACCEPTED]
    assert nation.notify(*prefecture.waiting()) == [ChangeResult.ACCEPTED]
    assert known(nation) == known(prefecture) == known(town) == (3, "東京都千代田区神田1番2号")
    town.report(report(move(1, 4, "東京都千代田区神田3番")))
    assert prefecture.notify(town.waiting()[-1]) == [ChangeResult.ACCEPTED]
    assert nation.notify(prefecture.waiting()[-1]) == [ChangeResult.ACCEPTED]
    assert known(nation) == known(prefecture) == known(town) == (4, "東京都千代田区神田3番")
