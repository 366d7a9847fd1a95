"""Exports evidence: chosen entries with their messages, and what ties them to seals (evidence.bundle)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import StateError
from gateway.evidence import ChainStart, Kept, SealUnreadable
from gateway.evidence.bundle import Bundle
from gateway.store.evidence_rows import ChainRow, EvidenceRows, RowUnreadable


@dataclass(slots=True)
class Export:
    """One export. ``progress`` is told (entries passed, entries in all) now and then."""

    rows: EvidenceRows
    bundle: Bundle
    message_id: str | None = None
    since: datetime | None = None
    progress: Callable[[int, int], None] = lambda _done, _all: None
    entries: int = 0
    """Entries that were chosen."""
    unsealed: int = 0
    """Of them, those that no seal covers yet."""
    _seals: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Write everything but the end of the bundle. Raises StateError for evidence that is not whole."""
        try:
            self._run()
        except (RowUnreadable, SealUnreadable) as error:
            raise StateError(f"the evidence is not whole ({error}): 'evidence verify' says more") from error

    def _run(self) -> None:
        chains = self.rows.chains()
        heads = self._heads()
        total = sum(row.last for row in chains)
        passed = 0
        for row in chains:
            start = row.start()
            stretches = heads.get((start.node, start.epoch), [])
            for number in self._stretches(row, start, stretches):
                self.progress(passed + number, total)
            passed += row.last
        newest = self.rows.newest_seal()
        if newest is not None:
            self._seals.add(newest.number)
        for number in sorted(self._seals):
            seal = self.rows.seal(number)
            if seal is not None:
                self.bundle.seal(seal)

    def _heads(self) -> dict[tuple[str, int], list[tuple[int, int]]]:
        """Where seals end stretches of each chain: number, and the first seal that says so."""
        heads: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for number, seal in self.rows.seals():
            for head in seal.heads:
                known = heads.setdefault((head.node, head.epoch), [])
                if not known or known[-1][0] < head.number:
                    known.append((head.number, number))
        return heads

    def _stretches(self, row: ChainRow, start: ChainStart, ends: list[tuple[int, int]]) -> Iterator[int]:
        """Write each stretch in which an entry is chosen; gives how far it is."""
        chosen: list[int] = []
        waiting = iter([*ends, (row.last, 0)])
        after, (end, seal) = 0, next(waiting)
        for number in self.rows.matching(row, message_id=self.message_id, since=self.since):
            while number > end:
                if chosen:
                    self._stretch(row, start, after, end, seal, chosen)
                    chosen = []
                after, (end, seal) = end, next(waiting)
                yield after
            chosen.append(number)
        if chosen:
            self._stretch(row, start, after, end, seal, chosen)
        yield row.last

    def _stretch(
        self, row: ChainRow, start: ChainStart, after: int, end: int, seal: int, chosen: list[int]
    ) -> None:
        self.entries += len(chosen)
        if seal:
            self._seals.add(seal)
        else:
            self.unsealed += len(chosen)
        if self.bundle.has_stretch(start, after + 1, end):
            return  # written before the interruption
        self.bundle.chain(start)
        before = self.rows.link_at(start.node, start.epoch, after)
        if before is None:
            raise RowUnreadable(f"{start.name} {after} is missing")
        for first, last in _runs(chosen):
            for kept in self._kept(row, first - 1, last, bodies=True):
                self._certificate(kept)
                self.bundle.entry(start, kept)
        self.bundle.stretch(start, after + 1, before, self._kept(row, after, end, bodies=False))

    def _kept(self, row: ChainRow, after: int, last: int, *, bodies: bool) -> Iterator[Kept]:
        for number, kept in self.rows.entries(row.id, after=after, last=last, bodies=bodies):
            if isinstance(kept, RowUnreadable):
                raise RowUnreadable(f"entry {number} of chain {row.id}")
            yield kept

    def _certificate(self, kept: Kept) -> None:
        digest = kept.signed[3]
        if digest == "-" or self.bundle.has_certificate(digest):
            return
        der = self.rows.certificate(bytes.fromhex(digest))
        if der is None:
            raise RowUnreadable(f"the certificate {digest} is missing")
        self.bundle.certificate(digest, der)


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of numbers that follow each other."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
