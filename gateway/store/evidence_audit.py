"""Checks all evidence of a store while the system may go on working.

In constant memory, but for the names of messages that were erased since they were handed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.evidence import ChainCheck, ChainStart, Finding, Kept, Seal, SealCheck, SealUnreadable
from gateway.evidence.chain_check import body_missing, check_signature, erasure_outcome
from gateway.evidence.entry import read_instant
from gateway.evidence.seal_check import Trusted, check_start
from gateway.store.evidence_rows import ChainRow, EvidenceRows, RowUnreadable

MOST_FINDINGS: Final = 1_000
"""Findings that are told one by one; of more only the count is."""
_EVERY: Final = 1_000


@dataclass(slots=True)
class Report:
    """What verify found. ``good`` says that nothing is wrong; an unsealed tail is not wrong."""

    chains: int = 0
    entries: int = 0
    erased: int = 0
    """Messages whose bytes were erased at the end of their retention."""
    seals: int = 0
    newest_seal: Seal | None = None
    unsealed: int = 0
    """Entries that no seal covers yet: nothing proves yet that none was cut off after them."""
    restores: list[ChainStart] = field(default_factory=list)
    """Chains that began on an older copy of the database, and name the newest seal that was lost."""
    outside: int = 0
    """Seals from elsewhere that were held against the store."""
    count: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return self.count == 0

    def add(self, finding: Finding) -> None:
        """Note a finding."""
        self.count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass(slots=True)
class Audit:
    """One check of everything. ``progress`` is told (entries done, entries in all) now and then."""

    rows: EvidenceRows
    system: str
    trusted: Trusted
    outside: Sequence[Seal] = ()
    bodies: bool = True
    signatures: bool = False
    progress: Callable[[int, int], None] = lambda _done, _all: None
    report: Report = field(default_factory=Report)
    _erased: list[tuple[str, tuple[datetime, int]]] = field(default_factory=list)
    _erasures: datetime | None = None
    _apart: dict[tuple[str, str], tuple[str, tuple[datetime, int]]] = field(default_factory=dict)
    _handed_over: set[tuple[str, str]] = field(default_factory=set)

    def run(self) -> Report:
        """Check chains, then seals, then what seals from elsewhere know. Raises StoreError."""
        report = self.report
        chains = self.rows.chains()
        starts = [(row, start) for row in chains if (start := self._start(row)) is not None]
        total = sum(row.last for row in chains)
        for row, start in starts:
            for finding in (*check_start(start, self.rows.link_at), *self._chain(row, start, total)):
                report.add(finding)
        self._check_erased()
        self._check_seals(starts)
        stray = self.rows.stray_body()
        if stray is not None:
            report.add(Finding("inserted", f"chain {stray[0]}", stray[1], "bytes that no entry speaks of"))
        self.progress(total, total)
        return report

    def _start(self, row: ChainRow) -> ChainStart | None:
        self.report.chains += 1
        try:
            start = row.start()
        except RowUnreadable as error:
            self.report.add(Finding("changed", f"chain {row.id}", 0, str(error)))
            return None
        if hashlib.sha256(row.text.encode("ascii")).digest() != row.genesis:
            self.report.add(Finding("changed", start.name, 0, "the chain's text is not what was written"))
        if start.reason == "restore":
            self.report.restores.append(start)
        return start

    def _chain(self, row: ChainRow, start: ChainStart, total: int) -> Iterator[Finding]:
        check = ChainCheck(start, row.genesis, bodies=self.bodies)
        for number, kept in self.rows.entries(row.id, last=row.last, bodies=self.bodies):
            if isinstance(kept, RowUnreadable):
                yield Finding(
                    "changed", start.name, number, "is not an entry that anybody could have written"
                )
                check.number = number
                continue
            yield from check.take(kept)
            if self.signatures and kept.signed[0] != "-":
                yield from self._signature(start.name, kept)
            self.report.entries += 1
            if self.report.entries % _EVERY == 0:
                self.progress(self.report.entries, total)
        self.report.erased += check.erased
        self._handed_over |= check.handed_over
        self._apart |= {key: (start.name, erased) for key, erased in check.erased_apart.items()}
        if check.newest_erased is not None:
            self._erased.append((start.name, check.newest_erased))
        if check.erasures is not None and (self._erasures is None or check.erasures > self._erasures):
            self._erasures = check.erasures

    def _signature(self, chain: str, kept: Kept) -> Iterator[Finding]:
        signature = self.rows.signature(kept)
        if signature is None:
            yield Finding("removed", chain, kept.number, "the signer's certificate is not kept any more")
        elif hashlib.sha256(signature.certificate).hexdigest() != kept.signed[3]:
            yield Finding(
                "changed", chain, kept.number, "the signer's certificate is not the one that signed"
            )
        else:
            body = kept.entry.body if self.bodies else None
            finding = check_signature(chain, kept.number, signature, body)
            if finding is not None:
                yield finding

    def _check_erased(self) -> None:
        apart = {key: one for key, one in self._apart.items() if key not in self._handed_over}
        if apart:  # or one was handed over while the chains were read
            told = self.rows.handed_over()
            apart = {key: one for key, one in apart.items() if key not in told}
        for chain, newest in (*self._erased, *apart.values()):
            finding = body_missing(chain, newest, self._erasures)
            if finding is not None and body_missing(chain, newest, self._later_erasures()) is not None:
                self.report.add(finding)

    def _later_erasures(self) -> datetime | None:
        """The latest erasure, one that began while the chains were read among them."""
        prefix = erasure_outcome("")
        found = []
        for outcome in self.rows.erasures():
            try:
                found.append(read_instant(outcome.removeprefix(prefix)))
            except ValueError:
                continue
        return max(found, default=None)

    def _check_seals(self, starts: Sequence[tuple[ChainRow, ChainStart]]) -> None:
        report = self.report
        lost = {start.lost.number: start.lost.digest for _, start in starts if start.lost is not None}
        check = SealCheck(self.system, self.rows.link_at, self.trusted, lost)
        try:
            for number, seal in self.rows.seals():
                if number != seal.number:
                    report.add(Finding("seal-changed", "", number, f"says that it is {seal.number}"))
                for finding in check.take(seal):
                    report.add(finding)
                report.seals += 1
        except SealUnreadable as error:
            following = check.last.number + 1 if check.last else 1
            report.add(Finding("seal-changed", "", following, str(error)))
        report.newest_seal = check.last
        for seal in self.outside:
            report.outside += 1
            for finding in check.outside(seal, self._stored(seal.number)):
                report.add(finding)
        for row, start in starts:
            report.unsealed += max(0, row.last - check.sealed.get((start.node, start.epoch), 0))

    def _stored(self, number: int) -> Seal | None:
        try:
            return self.rows.seal(number)
        except SealUnreadable:
            return None
