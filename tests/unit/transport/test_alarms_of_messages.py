"""Alarms that messages raise: a guard that cannot decide, refusals that are no longer kept one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.telemetry import Alarms
from tests.kit.door import Door, question, signer_of, tls_of

SENT = "terminal-1"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    opened = Door.open(tmp_path)
    yield opened
    opened.close()


def active(folder: Path) -> list[tuple[str, str]]:
    return sorted((alarm.code, alarm.about) for alarm in Alarms(folder).active())


def test_the_guard_cannot_decide(door: Door, tmp_path: Path) -> None:
    with door.store.unit_of_work() as work:
        mark = (
            "INSERT INTO clock_marks VALUES (?, 4000000000000000) ON CONFLICT DO UPDATE SET at = excluded.at"
        )
        work.connection.exec_driver_sql(mark, (door.store.node,))
    draft = question()
    door.refused(door.post(draft.raw(), tls_of(SENT)), "guard-undecided", "juki:Busy", request=draft)
    assert active(tmp_path) == [("guard-undecided", "")]


def test_more_refusals_than_are_kept(door: Door, tmp_path: Path) -> None:
    for _ in range(100):
        door.post(b"<no-soap/>", tls_of(SENT))
    assert active(tmp_path) == []
    door.post(b"<no-soap/>", tls_of(SENT))
    assert active(tmp_path) == [("refusals-sampled", SENT)]


def test_strangers_make_one_alarm_together(door: Door, tmp_path: Path) -> None:
    for peer in ("127.0.0.2", "127.0.0.3"):
        for _ in range(101):
            door.post(b"<no-soap/>", signer_of("nobody"), peer_address=peer)
    assert active(tmp_path) == [("refusals-sampled", "unknown peers")]
