"""Spans of 住民票コード as a run goes through them, and what of them is sent where digests go first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.consistency import NumberedRecord, Span, SpanTotal, Total
from gateway.domain.identifiers import ResidentRecordCode


class Records(Protocol):
    """The register at hand, by spans."""

    def some(self, municipality: str, after: ResidentRecordCode | None, most: int) -> list[NumberedRecord]:
        """The first so many after a code, in their order."""
        ...

    def within(self, municipality: str, span: Span) -> list[NumberedRecord]:
        """Everybody in a span, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A span, and whether the counterpart holds something else of it."""

    one: SpanTotal
    differs: bool


class Spans:
    """Of one municipality's register: ``most`` people a span, ``part`` people a part of one."""

    def __init__(self, records: Records, municipality: str, *, most: int, part: int) -> None:
        self._records = records
        self._municipality = municipality
        self._most = most
        self._part = part

    def within(self, span: Span) -> list[NumberedRecord]:
        """Everybody in a span, as they are now."""
        return self._records.within(self._municipality, span)

    def following(self, after: ResidentRecordCode | None, count: int) -> list[SpanTotal]:
        """So many spans after a code; the last of the register has no end."""
        spans: list[SpanTotal] = []
        while len(spans) < count:
            people = self._records.some(self._municipality, after, self._most)
            upto = people[-1].record.code if len(people) == self._most else None
            spans.append(SpanTotal(Span(after, upto), Total.of(people)))
            if upto is None:
                break
            after = upto
        return spans

    def parts(self, span: Span) -> list[SpanTotal]:
        """A span in small parts that cover it from end to end."""
        people, after = self.within(span), span.after
        parts: list[SpanTotal] = []
        for start in range(0, max(len(people), 1), self._part):
            some = people[start : start + self._part]
            is_last = start + self._part >= len(people)
            upto = span.upto if is_last else some[-1].record.code
            parts.append(SpanTotal(Span(after, upto), Total.of(some)))
            after = upto
        return parts

    def joined(self, judged: Iterable[Judged]) -> Sequence[Judged]:
        """Neighbours that differ as one, as far as they fit into one piece."""
        found: list[Judged] = []
        for next_one in judged:
            before = found[-1] if found else None
            if before is not None and before.differs and next_one.differs:
                total = before.one.total.plus(next_one.one.total)
                if total.count <= self._most:
                    whole = Span(before.one.span.after, next_one.one.span.upto)
                    found[-1] = Judged(SpanTotal(whole, total), True)
                    continue
            found.append(next_one)
        return found
