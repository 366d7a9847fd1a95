"""Flow 6: what is compared and told at a counterpart (6-②, 6-③), and what the municipality makes of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.domain.consistency import (
    MOST_FINDINGS,
    ConsistencyNotice,
    ConsistencyPiece,
    DigestAnswer,
    DigestQuestion,
    Finding,
    FindingKind,
    Here,
    NoticeTaken,
    NumberedRecord,
    PieceTaken,
    Span,
    Total,
    compare,
    is_in_flight,
)
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import ResidentRecordCode
from gateway.flows.decision import Decision


class Records(Protocol):
    """The register at hand, by spans."""

    def within(self, municipality: str, span: Span) -> list[NumberedRecord]:
        """Everybody of the municipality in a span."""
        ...

    def here(self, municipality: str, code: ResidentRecordCode) -> Here:
        """Whether somebody is on record, and since when."""
        ...

    def last_number(self, municipality: str, code: ResidentRecordCode) -> int | None:
        """The number of the last change of a person, struck or not; None of whom nothing was ever heard."""
        ...


class Known(Protocol):
    """What is known of a comparison."""

    @property
    def municipality(self) -> str:
        """Whose it is."""
        ...

    @property
    def piece(self) -> int:
        """The last piece that was taken."""
        ...

    @property
    def held(self) -> Total:
        """What is held of all spans so far."""
        ...

    @property
    def done(self) -> bool:
        """Whether it is over."""
        ...


TakePiece = Callable[[Any, ConsistencyPiece, Total, Sequence[Finding]], None]
"""Notes a piece on a unit of work; after the last it enqueues the notices."""


class CompareRecords:
    """The use case behind CompareRecords, at the counterpart."""

    def __init__(
        self,
        records: Records,
        known: Callable[[str], Known | None],
        clock: Clock,
        *,
        take: TakePiece,
        prefix: str,
    ) -> None:
        self._records = records
        self._known = known
        self._clock = clock
        self._take = take
        self._prefix = prefix

    def __call__(self, piece: ConsistencyPiece) -> Decision[PieceTaken]:
        """Compare a piece with what is held; one that was taken before is told what comes next."""
        home = piece.caller.municipality.digits
        if any(one.record.municipality.digits != home for one in piece.records):
            raise operation_fault("ConsistencyRefused")
        known = self._known(piece.run)
        if known is not None and known.municipality != home:
            raise operation_fault("ConsistencyRefused")
        taken = 0 if known is None else known.piece
        if piece.piece != taken + 1:
            return Decision(self._receipt(taken + 1))
        if known is not None and known.done:
            raise operation_fault("ConsistencyRefused")
        held = self._records.within(home, piece.span)
        found = [self._told(home, finding) for finding in compare(piece.records, held)]
        total = Total.of(held) if known is None else known.held.plus(Total.of(held))
        return Decision(self._receipt(piece.piece + 1), lambda work: self._take(work, piece, total, found))

    def _told(self, home: str, finding: Finding) -> Finding:
        if finding.kind is not FindingKind.MISSING_THERE:
            return finding
        return replace(finding, number_there=self._records.last_number(home, finding.code))

    def _receipt(self, expected: int) -> PieceTaken:
        return PieceTaken(self._clock.now(), f"{self._prefix}-{secrets.token_hex(10)}", expected)


class CompareDigests:
    """The use case behind CompareDigests, at the counterpart."""

    def __init__(self, records: Records, clock: Clock, *, prefix: str) -> None:
        self._records = records
        self._clock = clock
        self._prefix = prefix

    def __call__(self, asked: DigestQuestion) -> DigestAnswer:
        """Which spans do not hold the same here."""
        home = asked.caller.municipality.digits
        differing = tuple(
            place
            for place, one in enumerate(asked.spans)
            if Total.of(self._records.within(home, one.span)) != one.total
        )
        return DigestAnswer(self._clock.now(), f"{self._prefix}-{secrets.token_hex(10)}", differing)


def notices(last: ConsistencyPiece, there: Total, findings: Sequence[Finding]) -> Iterator[ConsistencyNotice]:
    """What the municipality is told, in as many messages as it takes."""
    parts = max(1, -(-len(findings) // MOST_FINDINGS))
    for part in range(parts):
        some = tuple(findings[part * MOST_FINDINGS : (part + 1) * MOST_FINDINGS])
        yield ConsistencyNotice(last.caller, last.run, part + 1, parts, there, some)


class Opened(Protocol):
    """A run that was opened here."""

    @property
    def destination(self) -> str:
        """With which counterpart."""
        ...

    @property
    def parts(self) -> int:
        """Parts of the result that were taken."""
        ...

    @property
    def opened_at(self) -> datetime:
        """When."""
        ...


NoteFindings = Callable[[Any, ConsistencyNotice, Sequence[tuple[Finding, bool]]], None]
"""Notes findings, each with whether it may be of a change on its way, on a unit of work."""


class TakeFindings:
    """The use case behind NotifyConsistency, at the municipal CS."""

    def __init__(
        self,
        records: Records,
        run_of: Callable[[str], Opened | None],
        clock: Clock,
        *,
        write: NoteFindings,
        flight: timedelta,
    ) -> None:
        self._records = records
        self._run_of = run_of
        self._clock = clock
        self._write = write
        self._flight = flight

    def __call__(self, notice: ConsistencyNotice) -> Decision[NoticeTaken]:
        """Note what was found in a run that was opened with whoever tells; else ConsistencyRefused."""
        run = self._run_of(notice.run)
        taken = NoticeTaken(self._clock.now(), f"M-{secrets.token_hex(10)}")
        if run is None or run.destination != notice.by:
            raise operation_fault("ConsistencyRefused")
        if notice.part <= run.parts:
            return Decision(taken)  # told before
        if notice.part != run.parts + 1:
            raise operation_fault("ConsistencyRefused")
        home, since = notice.caller.municipality.digits, run.opened_at - self._flight
        judged = [
            (finding, is_in_flight(finding, self._records.here(home, finding.code), since))
            for finding in notice.findings
        ]
        return Decision(taken, lambda work: self._write(work, notice, judged))
