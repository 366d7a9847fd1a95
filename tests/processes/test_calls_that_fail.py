"""Writes, syncs and socket calls of one whole change that fail: a few here, all in ``make soak``.

Also a file that may not grow (RLIMIT_FSIZE), and that the sync comes before the answer's first byte.
"""

from __future__ import annotations

import contextlib
import itertools
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.change_report import ChangeReport
from gateway.errors import CounterpartError
from gateway.telemetry import Alarms
from gateway.wss.sign import new_message_id
from tests.kit.changes import clerk, code, entry
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, registry, taken, undelivered
from tests.kit.syscalls import STRACE, Call, read_calls, traced
from tests.kit.town import Town, town, until
from tests.soak.calls import one_change
from tests.tools import not_run

_people = itertools.count(8_600_000)
_WAL = "gateway.sqlite-wal"
_SYNCS, _WRITES = {"fdatasync", "fsync"}, {"write", "writev", "sendto", "sendmsg"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town") / "net") as made:
        yield made


@pytest.mark.skipif(STRACE is None, reason=not_run("strace"))
@pytest.mark.parametrize(
    ("target", "failure", "nth"),
    [
        ((GATEWAY, "workers"), ("pwrite64", "ENOSPC"), 3),
        ((GATEWAY, "workers"), ("fdatasync,fsync", "EIO"), 1),
        ((GATEWAY, "workers"), ("write,writev,sendto,sendmsg", "EPIPE"), 2),
        ((GATEWAY, "dispatchers"), ("pwrite64", "EIO"), 2),
        ((GATEWAY, "dispatchers"), ("read,recvfrom,recvmsg", "ECONNRESET"), 2),
        ((PREFECTURE, "workers"), ("fdatasync,fsync", "EIO"), 1),
    ],
)
def test_the_nth_call_fails(
    place: Town, tmp_path: Path, target: tuple[str, str], failure: tuple[str, str], nth: int
) -> None:
    injected, findings = one_change(place, tmp_path / "trace", target, failure, nth)
    assert not findings
    assert injected


def reported(place: Town, *people: int) -> bool:
    name = new_message_id()
    with contextlib.suppress(CounterpartError), registry(place.folder) as client:
        receipt = client.report_changes(ChangeReport(clerk(), tuple(map(entry, people))), message_id=name)
        return all(outcome.result.is_on_record for outcome in receipt.outcomes)
    return False


def test_a_file_that_may_not_grow(place: Town) -> None:
    """Nothing is acknowledged while nothing can be written, and all is well when it can again."""
    person = next(_people)

    def limit(size: int) -> None:
        for process in (*place.main(GATEWAY), *place.workers(GATEWAY), *place.dispatchers(GATEWAY)):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(16_384)
    assert not reported(place, person)
    assert not [one for one in taken(place.folder, GATEWAY) if one[0] == code(person).digits]
    codes = {alarm.code for alarm in Alarms(place.folder / GATEWAY / "run").active()}
    limit(resource.RLIM_INFINITY)
    assert until(lambda: reported(place, person), 90)
    assert until(lambda: undelivered(place.folder, GATEWAY, PREFECTURE) == 0, 60)
    assert codes & {"store-failed", "worker-ended"}
    for where in (GATEWAY, PREFECTURE, NATION):
        assert [number for of, number, _ in taken(place.folder, where) if of == code(person).digits] == [1]


def sent(calls: list[Call]) -> list[Call]:
    """What went out to the network."""
    return [
        call for call in calls if call.name in _WRITES and call.what.startswith("TCP") and call.result > 0
    ]


def unsynced(calls: list[Call]) -> list[str]:
    """Answers that began to leave before the log was synced by the thread that wrote most to it."""
    wrote = [call for call in calls if call.name == "pwrite64" and call.what.endswith(_WAL)]
    writer = max({call.thread for call in wrote}, key=[call.thread for call in wrote].count)
    mine = [call for call in wrote if call.thread == writer]
    synced = [
        call.ended
        for call in calls
        if call.name in _SYNCS and call.what.endswith(_WAL) and call.result == 0
        if call.begun > mine[-1].ended and call.thread == writer
    ]
    answers = [call for call in sent(calls) if call.begun > mine[0].begun]
    assert answers, "no answer was seen"
    return [f"line {call.begun}" for call in answers if not synced or call.begun < synced[0]]


@pytest.mark.skipif(STRACE is None, reason=not_run("strace"))
def test_the_sync_comes_before_the_answers_first_byte(place: Town, tmp_path: Path) -> None:
    watched = ",".join(("pwrite64", *sorted(_SYNCS), *sorted(_WRITES)))
    with registry(place.folder) as client:
        client.report_changes(ChangeReport(clerk(), (entry(next(_people)),)))  # the connection is there now
        with traced(tmp_path / "trace", place.workers(GATEWAY), "-e", f"trace={watched}") as trace:
            client.report_changes(ChangeReport(clerk(), (entry(next(_people)),)))
            # The answer can be here before strace hears how it left.
            assert until(lambda: sent(trace.calls()), 30)
    assert unsynced(trace.calls()) == []


def test_an_answer_before_the_sync_would_be_seen() -> None:
    lines = [
        "7 pwrite64(5</x/data/gateway.sqlite-wal>, \"\"..., 24, 32) = 24",
        "7 fdatasync(5</x/data/gateway.sqlite-wal> <unfinished ...>",
        "8 write(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, \"\"..., 8000) = 8000",
        "7 <... fdatasync resumed>) = 0",
    ]  # fmt: skip
    assert unsynced(read_calls("\n".join(lines))) == ["line 2"]
    assert unsynced(read_calls("\n".join([*lines[:2], lines[3], lines[2]]))) == []
    assert unsynced(read_calls("\n".join([lines[0], lines[2]]))) == ["line 1"]
