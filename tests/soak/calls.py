"""Every n-th call to the operating system of one whole change fails, each in its turn; each run is judged.

A change is reported until it is answered, and goes on to prefecture and nation. Meanwhile the n-th write,
sync or socket call of every thread of one process fails, n growing until a whole change has no n-th call.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.domain.change_report import ChangeReport
from gateway.errors import CounterpartError
from gateway.wss.sign import new_message_id
from tests.kit.changes import clerk, code, entry
from tests.kit.registry import GATEWAY, NATION, PREFECTURE, registry, taken, undelivered
from tests.kit.syscalls import failing
from tests.kit.town import Town, town, until

TARGETS: Final = (
    (GATEWAY, "workers"),
    (GATEWAY, "dispatchers"),
    (PREFECTURE, "workers"),
    (PREFECTURE, "dispatchers"),
    (NATION, "workers"),
)
"""Every process that a change comes by."""

FAILURES: Final = (
    ("pwrite64", "ENOSPC"),  # the disk is full: SQLite rolls back
    ("pwrite64", "EIO"),  # the disk fails: the process ends
    ("fdatasync,fsync", "EIO"),  # the sync of a commit, or of a checkpoint
    ("read,recvfrom,recvmsg", "ECONNRESET"),
    ("write,writev,sendto,sendmsg", "EPIPE"),
    ("connect", "ECONNREFUSED"),
    ("accept4", "ECONNABORTED"),
)
"""Calls, and what they fail with."""

_PATIENCE: Final = 120.0  # s for a change to be answered, and to arrive
_people = itertools.count(8_500_000)


@dataclass(slots=True)
class Tried:
    """What was tried of one target: runs in which a call failed, and what was found wrong."""

    target: str
    failure: str
    runs: int = 0
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.target} {self.failure}: {self.runs} runs, {len(self.findings)} findings"


def one_change(
    place: Town, file: Path, target: tuple[str, str], failure: tuple[str, str], nth: int
) -> tuple[int, list[str]]:
    """A whole change with the n-th call failing; how many calls failed, and what is wrong afterwards."""
    system, kind = target
    person = next(_people)
    assert until(lambda: getattr(place, kind)(system), _PATIENCE), f"{system} has no {kind}"
    with failing(file, getattr(place, kind)(system), *failure, nth) as trace:
        answered = report(place, person)
        until(lambda: undelivered(place.folder, GATEWAY, PREFECTURE) == 0, 2.0)
    findings = [] if answered else ["not answered"]
    if not until(lambda: undelivered(place.folder, GATEWAY, PREFECTURE) == 0, _PATIENCE):
        findings.append("not delivered")
    wanted = [(code(person).digits, 1, entry(person).record.address.inline)]
    for where in (GATEWAY, PREFECTURE, NATION):
        found = [one for one in taken(place.folder, where) if one[0] == code(person).digits]
        if found != wanted:
            findings.append(f"{where} has {len(found)} of 1")
    return trace.injected, [f"{system} {kind} {failure} {nth}: {finding}" for finding in findings]


def report(place: Town, person: int) -> bool:
    """One change, sent under one MessageID until it is answered that it is on record."""
    name = new_message_id()

    def told() -> bool:
        with contextlib.suppress(CounterpartError), registry(place.folder) as client:
            receipt = client.report_changes(ChangeReport(clerk(), (entry(person),)), message_id=name)
            return receipt.outcomes[0].result.is_on_record
        return False

    return until(told, _PATIENCE)


def in_turn(
    folder: Path,
    *,
    targets: Sequence[tuple[str, str]] = TARGETS,
    failures: Sequence[tuple[str, str]] = FAILURES,
    most: int = 200,
    say: Callable[[str], None] = lambda _text: None,
) -> Iterator[Tried]:
    """Every target with every failure, n from 1 on until nothing failed in a whole change."""
    with town(folder) as place:
        report(place, next(_people))
        for target, failure in itertools.product(targets, failures):
            tried = Tried(" ".join(target), " ".join(failure))
            for nth in range(1, most + 1):
                injected, findings = one_change(place, folder / "trace", target, failure, nth)
                tried.findings += findings
                if not injected:
                    break
                tried.runs += 1
                say(f"{tried}, n = {nth}")
            yield tried
