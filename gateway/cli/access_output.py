"""How accesses are printed and exported: as JSON, as a table, as CSV for people."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from gateway.domain.access_reports import operator_of
from gateway.domain.accesses import LoggedAccess, SealedPerson, Subject
from gateway.domain.csv_text import FORMULA
from gateway.domain.office_days import JAPAN
from gateway.store import Subjects
from gateway.telemetry import escape

_CELL: Final = 4096
CSV_COLUMNS: Final = (
    *("id", "at", "at_japan", "direction", "system", "municipality", "terminal", "verification_id"),
    *("operator_id", "purpose", "operation", "outcome", "with_number", "passed_to", "message_id"),
    *("subject", "effect", "person", "code"),
)
TABLE_COLUMNS: Final = (
    "at (Japan)",
    "operator",
    "terminal",
    "system",
    "operation",
    "outcome",
    "number",
    "people",
)

Opened = Callable[[bytes], str] | None
"""Opens a sealed 住民票コード (resident record code); None where codes are not to be shown."""


def document(access: LoggedAccess, opened: Opened) -> dict[str, Any]:
    """An access as JSON."""
    who = access.who
    return {
        "id": access.id,
        "at": access.at.isoformat(),
        "direction": access.direction,
        "system": who.system,
        "municipality": who.municipality,
        "terminal": who.terminal,
        "verification_id": who.verification_id,
        "operator_id": who.operator_id,
        "purpose": who.purpose,
        "operation": access.operation,
        "outcome": access.outcome,
        "with_number": access.with_number,
        "passed_to": access.passed_to,
        "message_id": access.message_id,
        "people": [_person(one, opened) for one in access.people],
    }


def _person(one: SealedPerson, opened: Opened) -> dict[str, str]:
    told = {
        "subject": one.subject.value,
        "effect": one.effect.value,
        "person": Subjects.pseudonym(one.sealed),
    }
    if opened is not None and one.subject is Subject.CODE:
        told["code"] = opened(one.sealed)
    return told


def table_row(access: LoggedAccess, opened: Opened) -> tuple[str, ...]:
    """An access as a line of a table."""
    shown = [_person(one, opened) for one in access.people[:3]]
    people = ", ".join(f"{one.get('code', one['person'])} {one['effect']}" for one in shown)
    more = len(access.people) - len(shown)
    return (
        f"{access.at.astimezone(JAPAN):%Y-%m-%d %H:%M:%S}",
        operator_of(access),
        access.who.terminal or "",
        access.who.system,
        access.operation,
        access.outcome,
        "yes" if access.with_number else "",
        f"{people} and {more} more" if more > 0 else people,
    )


def csv_lines(accesses: Iterable[LoggedAccess], opened: Opened) -> Iterator[str]:
    """CSV (RFC 4180) for people: a line for each person of each access, and the names of the columns first.

    No cell is one that a spreadsheet takes for a formula: such a cell begins with an apostrophe.
    """
    yield _line(CSV_COLUMNS)
    for access in accesses:
        about = document(access, opened)
        about["at_japan"] = access.at.astimezone(JAPAN).isoformat()
        about["with_number"] = "yes" if access.with_number else "no"
        for person in about["people"] or [{}]:
            line = {**about, **person}
            yield _line([safe_cell(line.get(column)) for column in CSV_COLUMNS])


def safe_cell(value: object) -> str:
    """A cell that says what it says in every spreadsheet: no formula, no control or bidi characters."""
    text = "" if value is None else str(value)
    guarded = f"'{text}" if text[:1] and text.lstrip(" \u3000")[:1] in FORMULA else text
    return escape(guarded, _CELL)


def _line(cells: Iterable[str]) -> str:
    made = io.StringIO()
    csv.writer(made, lineterminator="\r\n").writerow(cells)
    return made.getvalue()
