"""The reports of an access log, over accesses made up here."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.domain.access_reports import by_operator, failed, mass_searches, when_closed
from gateway.domain.accesses import Effect, LoggedAccess, SealedPerson, Subject, Who
from gateway.domain.office_days import Closed, OfficeHours
from tests.kit.accesses import AT, CLERK

MINUTE = timedelta(minutes=1)
_numbers = itertools.count(1)


def logged(*people: int, minutes: float = 0, effect: Effect = Effect.SEEN, **changes: Any) -> LoggedAccess:
    values: dict[str, Any] = {
        "id": f"local/{next(_numbers)}",
        "at": AT + minutes * MINUTE,
        "direction": "in",
        "who": CLERK,
        "operation": "SearchPerson",
        "outcome": "found",
        "message_id": None,
        "with_number": False,
        "passed_to": None,
        "people": tuple(SealedPerson(Subject.CODE, effect, b"%d" % person) for person in people),
    }
    return LoggedAccess(**{**values, **changes})


def masses(*accesses: LoggedAccess, people: int = 3, minutes: int = 60) -> list[tuple[str, str, int, int]]:
    found = mass_searches(accesses, window=minutes * MINUTE, people=people)
    return [(one.kind, one.name, one.people, one.accesses) for one in found]


def test_a_mass_is_of_different_people_within_the_window() -> None:
    spread = [logged(1), logged(2, minutes=30), logged(3, minutes=59.9), logged(4, minutes=200)]
    both = [("operator", "131016/V-0001", 3, 3), ("terminal", "131016/T001", 3, 3)]
    assert masses(*spread) == both
    assert masses(*spread, minutes=59) == []
    assert masses(logged(1), logged(2, minutes=30), logged(3, minutes=60)) == []
    assert masses(logged(1, 2), logged(2), logged(1)) == []
    assert masses(logged(1, 2, 3)) == [("operator", "131016/V-0001", 3, 1), ("terminal", "131016/T001", 3, 1)]
    assert masses(logged(1, 2, 3), people=4) == []


def test_a_mass_may_come_from_several_terminals_or_operators() -> None:
    terminals = [logged(n, who=replace(CLERK, terminal=f"T{n}")) for n in (1, 2, 3)]
    assert masses(*terminals) == [("operator", "131016/V-0001", 3, 3)]
    operators = [logged(n, who=replace(CLERK, verification_id=f"V{n}")) for n in (1, 2, 3)]
    assert masses(*operators) == [("terminal", "131016/T001", 3, 3)]


def test_what_was_changed_or_delivered_is_no_search() -> None:
    assert masses(logged(1, 2, 3, effect=Effect.CHANGED)) == []
    assert masses(logged(1, 2, 3, direction="out", effect=Effect.TOLD)) == []
    assert masses(logged(1, 2, 3, effect=Effect.ASKED, outcome="no_record"))[0][2] == 3


def test_closed_hours() -> None:
    night, holiday = logged(1, minutes=12 * 60), logged(2, minutes=-24 * 60)
    delivered = logged(3, minutes=12 * 60, direction="out")
    found = list(when_closed([holiday, logged(4), night, delivered], OfficeHours()))
    assert found == [(holiday, (Closed.HOLIDAY,)), (night, (Closed.NIGHT,))]


def test_failures() -> None:
    bad = ["mismatch", "no_record", "several_records", "too_many", "refused:operator", "failed"]
    bad += ["fault:TooManyQuestions"]
    good = ["match", "found", "accepted", "card_lapsed", "repeated"]
    found = failed([logged(1, outcome=outcome) for outcome in (*bad, *good)])
    assert [one.outcome for one in found] == bad


def test_how_much_each_did() -> None:
    reader = Who("131016-cs")
    found = by_operator(
        [
            logged(1, 2),
            logged(2, outcome="mismatch", with_number=True),
            logged(3, operation="VerifyIdentity"),
            logged(who=reader, operation="AccessLogSearch", direction="own"),
        ]
    )
    assert [
        (one.operator, one.operation, one.accesses, one.failed, one.people, one.with_number) for one in found
    ] == [
        ("131016-cs", "AccessLogSearch", 1, 0, 0, 0),
        ("131016/V-0001", "SearchPerson", 2, 1, 2, 1),
        ("131016/V-0001", "VerifyIdentity", 1, 0, 1, 0),
    ]
