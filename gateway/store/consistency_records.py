"""The records of a municipality by spans of 住民票コード, each read by a statement of its own.

No transaction stays open from one span to the next: changes go on meanwhile, and the number of the last
change that goes with each record tells which state of it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from gateway.domain.consistency import Here, NumberedRecord, Span
from gateway.domain.identifiers import ResidentRecordCode
from gateway.store.instants import from_micros
from gateway.store.register_rows import RECORD_COLUMNS, read_record

_COLUMNS: Final = ", ".join(f"v.{column.name}" for column in RECORD_COLUMNS)
_RECORDS: Final = (
    f"SELECT {_COLUMNS}, s.last_number FROM person_codes c"  # noqa: S608 - names only
    " JOIN people p ON p.person = c.person AND NOT p.removed"
    " JOIN person_versions v ON v.person = p.person AND v.version = p.version"
    " AND v.municipality = :municipality"
    " LEFT JOIN person_standings s ON s.person = p.person AND s.municipality = :municipality"
    " WHERE c.code > :after AND c.code <= :upto ORDER BY c.code"
)
_SOME: Final = f"{_RECORDS} LIMIT :most"
_HERE: Final = (
    "SELECT p.removed, v.municipality, (SELECT max(h.recorded_at) FROM person_changes h"
    " WHERE h.person = p.person AND h.municipality = :municipality)"
    " FROM person_codes c JOIN people p ON p.person = c.person"
    " JOIN person_versions v ON v.person = p.person AND v.version = p.version WHERE c.code = :code"
)
_STRUCK: Final = (
    "SELECT COALESCE(s.last_number, 0) FROM person_codes c"
    " LEFT JOIN person_standings s ON s.person = c.person AND s.municipality = :municipality"
    " WHERE c.code = :code"
)
_END: Final = "~"  # behind every code


class ConsistencyRecords:
    """Reads only; safe for threads."""

    def __init__(self, rows: Callable[[str, Mapping[str, Any]], list[Any]]) -> None:
        self._rows = rows

    def some(self, municipality: str, after: ResidentRecordCode | None, most: int) -> list[NumberedRecord]:
        """The first so many after a code, in their order."""
        values = {**_bounds(municipality, Span(after, None)), "most": most}
        return [_numbered(row) for row in self._rows(_SOME, values)]

    def within(self, municipality: str, span: Span) -> list[NumberedRecord]:
        """Everybody in a span, in their order."""
        return [_numbered(row) for row in self._rows(_RECORDS, _bounds(municipality, span))]

    def here(self, municipality: str, code: ResidentRecordCode) -> Here:
        """Whether somebody is on record now, and when the municipality has last told of a change."""
        rows = self._rows(_HERE, {"municipality": municipality, "code": code.digits})
        if not rows:
            return Here(False, None)
        removed, where, at = rows[0]
        changed: datetime | None = None if at is None else from_micros(at)
        return Here(not removed and where == municipality, changed)

    def last_number(self, municipality: str, code: ResidentRecordCode) -> int | None:
        """The number of the last change of a person, struck or not; None of whom nothing was ever heard."""
        rows = self._rows(_STRUCK, {"municipality": municipality, "code": code.digits})
        return int(rows[0][0]) if rows else None


def _bounds(municipality: str, span: Span) -> dict[str, Any]:
    return {
        "municipality": municipality,
        "after": "" if span.after is None else span.after.digits,
        "upto": _END if span.upto is None else span.upto.digits,
    }


def _numbered(row: Any) -> NumberedRecord:
    *record, number = row
    return NumberedRecord(number or 0, read_record(record))
