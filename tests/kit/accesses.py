"""Accesses as tests put them into a log, and read them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.domain.accesses import Access, Concern, Effect, LoggedAccess, Subject, Who
from gateway.domain.identifiers import ResidentRecordCode
from gateway.store import AccessQuery, Store

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # a Tuesday noon in Japan
CLERK = Who("131016-terminal-1", "131016", "T001", "V-0001", "O-01", "record_copy")


def code(person: int) -> ResidentRecordCode:
    """The 住民票コード of an invented person."""
    return ResidentRecordCode.from_base(f"{person:010d}")


def access(*people: int, effect: Effect = Effect.SEEN, **changes: Any) -> Access:
    """A clerk's look at people, unless changed."""
    values: dict[str, Any] = {
        "at": AT,
        "direction": "in",
        "who": CLERK,
        "operation": "SearchPerson",
        "outcome": "found",
        "message_id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "people": tuple(Concern.of(code(person), effect) for person in people),
    }
    return Access(**{**values, **changes})


def write(store: Store, *made: Access) -> None:
    """Into the log, in one transaction."""
    store.accesses.write(*(store.accesses.sealed(one) for one in made))


def listed(store: Store, **wanted: Any) -> list[LoggedAccess]:
    """What a query finds."""
    return list(store.access_rows.find(AccessQuery(**wanted)))


def codes(store: Store, found: LoggedAccess) -> list[str]:
    """The 住民票コード of an access, opened; what is known otherwise is left out."""
    opened = store.accesses.subjects.open
    return [opened(one.sealed) for one in found.people if one.subject is Subject.CODE]


def told(store: Store) -> list[tuple[str, str, str, list[str]]]:
    """Direction, operation, outcome and effects of every access."""
    return [
        (one.direction, one.operation, one.outcome, [person.effect.value for person in one.people])
        for one in listed(store)
    ]
