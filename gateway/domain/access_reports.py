"""What the rules want to be looked for in an access log (住民記録システム標準仕様書 10.2).

Pure, over accesses in the order of their times: mass searches (大量検索), accesses at night and on closed
days (深夜・休業日), questions that failed, how much each operator did. From which number on something is a
mass is a setting (our own).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.domain.accesses import Effect, LoggedAccess
from gateway.domain.office_days import Closed, OfficeHours

_LOOKED: frozenset[Effect] = frozenset({Effect.SEEN, Effect.ASKED})
_IN_VAIN = frozenset({"mismatch", "no_record", "several_records", "too_many"})


@dataclass(frozen=True, slots=True)
class Mass:
    """The most people that one operator, or one terminal, asked for in a window."""

    kind: str  # operator, terminal
    name: str
    people: int
    accesses: int
    since: datetime
    until: datetime


@dataclass(slots=True)
class _Window:
    kept: deque[tuple[datetime, tuple[bytes, ...]]] = field(default_factory=deque)
    people: Counter[bytes] = field(default_factory=Counter)
    most: Mass | None = None


def operator_of(access: LoggedAccess) -> str:
    """MUNICIPALITY/照合ID, or the system where no operator is named."""
    who = access.who
    return f"{who.municipality or '-'}/{who.verification_id}" if who.verification_id else who.system


def terminal_of(access: LoggedAccess) -> str | None:
    """MUNICIPALITY/TERMINAL, None where none is named."""
    who = access.who
    return f"{who.municipality or '-'}/{who.terminal}" if who.terminal else None


def mass_searches(accesses: Iterable[LoggedAccess], *, window: timedelta, people: int) -> list[Mass]:
    """Who asked for ``people`` different people or terms within a window, the worst window of each.

    Only accesses by which nothing was changed or passed on.
    """
    windows: dict[tuple[str, str], _Window] = {}
    for access in accesses:
        if access.direction != "in" or not {one.effect for one in access.people} <= _LOOKED:
            continue
        sealed = tuple({one.sealed for one in access.people})
        for kind, name in (("operator", operator_of(access)), ("terminal", terminal_of(access))):
            if name is not None:
                _slide(windows.setdefault((kind, name), _Window()), kind, name, access.at, sealed, window)
    found = [one.most for one in windows.values() if one.most is not None and one.most.people >= people]
    return sorted(found, key=lambda mass: (-mass.people, mass.kind, mass.name))


def _slide(
    window: _Window, kind: str, name: str, at: datetime, sealed: tuple[bytes, ...], length: timedelta
) -> None:
    window.kept.append((at, sealed))
    window.people.update(sealed)
    while window.kept[0][0] <= at - length:
        for one in window.kept.popleft()[1]:
            window.people[one] -= 1
            if not window.people[one]:
                del window.people[one]
    count = len(window.people)
    if window.most is None or count > window.most.people:
        window.most = Mass(kind, name, count, len(window.kept), window.kept[0][0], at)


def when_closed(
    accesses: Iterable[LoggedAccess], hours: OfficeHours
) -> Iterator[tuple[LoggedAccess, tuple[Closed, ...]]]:
    """Accesses at night and on closed days, with why. What a dispatcher delivered by itself is left out."""
    for access in accesses:
        why = hours.closed(access.at)
        if why and access.direction != "out":
            yield access, why


def failed(accesses: Iterable[LoggedAccess]) -> Iterator[LoggedAccess]:
    """Questions that found nobody, or too many, and whatever was refused or met a fault."""
    for access in accesses:
        if access.outcome in _IN_VAIN or access.outcome.startswith(("refused", "fault:", "failed")):
            yield access


@dataclass(frozen=True, slots=True)
class Tally:
    """How much one operator did with one operation."""

    operator: str
    operation: str
    accesses: int
    failed: int
    people: int
    with_number: int


def by_operator(accesses: Iterable[LoggedAccess]) -> list[Tally]:
    """How often each operator used each operation, in vain how often, and for how many different people."""
    counts: Counter[tuple[str, str, str]] = Counter()
    people: dict[tuple[str, str], set[bytes]] = {}
    for access in accesses:
        key = (operator_of(access), access.operation)
        counts[(*key, "all")] += 1
        counts[(*key, "failed")] += any(True for _ in failed([access]))
        counts[(*key, "number")] += access.with_number
        people.setdefault(key, set()).update(one.sealed for one in access.people)
    return [
        Tally(*key, counts[(*key, "all")], counts[(*key, "failed")], len(seen), counts[(*key, "number")])
        for key, seen in sorted(people.items())
    ]
