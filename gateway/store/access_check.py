"""Checks the access log: each access against its link, each chain's end, and both against the evidence log.

The evidence log notes where each chain ended, under its signed seals: an access log written anew, cut off at
the end or erased beyond what was said does not agree with those notes. What came after the newest note is
held together by its links only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from gateway.store.access_log import NOTE, digest_of, link_of
from gateway.store.evidence_log import SHIFT
from gateway.store.tables import access_chains, access_people, accesses, evidence_entries

_PAGE: Final = 500
_NOTES = select(evidence_entries.c.outcome).where(evidence_entries.c.kind == NOTE)


@dataclass(frozen=True, slots=True)
class AccessFinding:
    """Something that is not as it was written: a stable ``kind``, node and number, and a text."""

    kind: str
    node: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.node}/{self.number}: {self.text} ({self.kind})"


@dataclass(slots=True)
class AccessReport:
    """What a check found. ``unnoted`` accesses are newer than the newest note of the evidence log."""

    accesses: int = 0
    erased: int = 0
    notes: int = 0
    unnoted: int = 0
    findings: list[AccessFinding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything is as it was written."""
        return not self.findings


def check_accesses(
    read: Callable[[], AbstractContextManager[Connection]],
    progress: Callable[[int], object] = lambda _number: None,
) -> AccessReport:
    """Check every chain, in constant memory but for the notes and what is found."""
    report = AccessReport()
    notes = _notes(read, report)
    with read() as connection:
        chains = connection.execute(select(access_chains).order_by(access_chains.c.id)).all()
    for node in sorted(set(notes) - {chain.node for chain in chains}):
        report.findings.append(AccessFinding("removed", node, 1, "the whole chain is gone"))
    for chain in chains:
        _check_chain(read, chain, notes.get(chain.node), report, progress)
    return report


@dataclass(slots=True)
class _Notes:
    ends: dict[int, bytes] = field(default_factory=dict)
    erased: int = 0  # up to this number, as the evidence log says


def _notes(read: Callable[[], AbstractContextManager[Connection]], report: AccessReport) -> dict[str, _Notes]:
    found: dict[str, _Notes] = {}
    with read() as connection:
        for outcome in connection.execute(_NOTES).scalars():
            node, number, link, *erased = outcome.split(" ")
            notes = found.setdefault(node, _Notes())
            notes.ends[int(number)] = bytes.fromhex(link)
            if erased:
                notes.erased = max(notes.erased, int(number))
            report.notes += 1
    return found


def _check_chain(
    read: Callable[[], AbstractContextManager[Connection]],
    chain: Any,
    notes: _Notes | None,
    report: AccessReport,
    progress: Callable[[int], object],
) -> None:
    known = notes or _Notes()

    def found(kind: str, number: int, text: str) -> None:
        report.findings.append(AccessFinding(kind, chain.node, number, text))

    number, link = chain.erased, bytes(chain.erased_link)
    report.erased += chain.erased
    if chain.erased > known.erased:
        found("erased", chain.erased, "accesses are gone, and no erasure in the evidence log covers them")
    for row, people in _rows(read, chain.id, chain.erased):
        if number in known.ends and known.ends[number] != link:
            found("rewritten", number, "the chain does not go through what the evidence log noted")
        at = row.id - (chain.id << SHIFT)
        columns = (*row[1:12], bool(row.with_number), row.passed_to, row.people)
        if at != number + 1:
            found("removed", number + 1, f"accesses missing up to {at - 1}")
        elif link_of(link, at, digest_of(columns, people)) != bytes(row.link):
            found("changed", at, "is not what was written, or does not stand where it did")
        number, link = at, bytes(row.link)
        report.accesses += 1
        progress(report.accesses)
    if number in known.ends and known.ends[number] != link:
        found("rewritten", number, "the chain does not end as the evidence log noted")
    newest = max(known.ends, default=0)
    last = max(chain.number, newest)
    if number < last:
        found("removed", number + 1, f"accesses missing up to {last}, at the end of the chain")
    elif (number, link) != (chain.number, bytes(chain.link)):
        found("changed", number, "the chain does not end where it says")
    report.unnoted += max(0, number - newest)


def _rows(
    read: Callable[[], AbstractContextManager[Connection]], chain: int, after: int
) -> Iterator[tuple[Any, list[tuple[str, str, bytes]]]]:
    base, beyond = chain << SHIFT, (chain + 1) << SHIFT
    last = base + after
    while True:
        page = (
            select(accesses)
            .where(accesses.c.id > last, accesses.c.id < beyond)
            .order_by(accesses.c.id)
            .limit(_PAGE)
        )
        with read() as connection:
            rows = connection.execute(page).all()
            if not rows:
                return
            some = (
                select(access_people)
                .where(access_people.c.access >= rows[0].id, access_people.c.access <= rows[-1].id)
                .order_by(access_people.c.access, access_people.c.position)
            )
            people: dict[int, list[tuple[str, str, bytes]]] = {}
            for one in connection.execute(some):
                people.setdefault(one.access, []).append((one.subject, one.effect, bytes(one.sealed)))
        for row in rows:
            yield row, people.get(row.id, [])
        last = rows[-1].id
