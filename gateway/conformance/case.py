"""A case: what is asked and what is changed in it, by which clause, and what must come back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from gateway.errors import UsageError
from gateway.refusals import RULES, Rule

Relates = Literal["request", "unspecified"]
_FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One message with one flaw, or none.

    ``clause`` is where the requirement stands, ``changes`` what gateway.conformance.changes does to the
    good message, in order. ``rule`` is the rule of the message profile by which it must be refused, None
    when it must be answered. ``relates`` and ``confirmed`` say how the fault is bound to the request.

    ``credential`` names the bad credential that it is sent with (network.json, ``negative``). ``first`` says
    what goes before it under its MessageID and is answered: a message with these changes. ``again`` sends
    that one's very bytes. ``known`` is whether the server knows who sends it, and so signs its fault.

    ``services`` are those that the case is about, none for all. ``situation`` asks something else than the
    service's usual question (gateway.conformance.situations), and of the answer ``tells``: by the local name
    of an element, its text.
    """

    id: str
    family: str
    requirement: str
    clause: str
    changes: tuple[Mapping[str, Any], ...]
    rule: Rule | None
    relates: Relates
    confirmed: bool
    credential: str | None = None
    first: tuple[Mapping[str, Any], ...] | None = None
    again: bool = False
    known: bool = True
    services: tuple[str, ...] = ()
    situation: str | None = None
    tells: Mapping[str, str] = field(default_factory=dict)

    def fits(self, service: str) -> bool:
        """Whether it is about this service."""
        return not self.services or service in self.services


@lru_cache(maxsize=1)
def load_cases() -> tuple[Case, ...]:
    """All cases, family by family, in the order of their files."""
    return tuple(case for file in sorted(_FOLDER.glob("*.json")) for case in _read(file))


def chosen(families: Collection[str] = (), ids: Collection[str] = ()) -> tuple[Case, ...]:
    """The cases of these families and of these ids; all when neither is named.

    Raises UsageError for a family or case that there is not.
    """
    cases = load_cases()
    unknown = (set(families) - {case.family for case in cases}) | (set(ids) - {case.id for case in cases})
    if unknown:
        raise UsageError(f"no such family or case: {', '.join(sorted(unknown))}")
    if not families and not ids:
        return cases
    return tuple(case for case in cases if case.family in families or case.id in ids)


def _read(file: Path) -> Sequence[Case]:
    document = json.loads(file.read_text(encoding="utf-8"))
    return [_case(document["family"], entry) for entry in document["cases"]]


def _case(family: str, entry: Mapping[str, Any]) -> Case:
    rule = RULES[entry["rule"]] if "rule" in entry else None
    return Case(
        id=entry["id"],
        family=family,
        requirement=entry["requirement"],
        clause=entry["clause"],
        changes=tuple(entry.get("changes", ())),
        rule=rule,
        relates=entry.get("relates", "request" if rule is None or rule.step >= 5 else "unspecified"),
        confirmed=rule is None or rule.step >= 9,
        credential=entry.get("credential"),
        first=tuple(entry["first"]) if "first" in entry else None,
        again=entry.get("again", False),
        known=entry.get("known", rule is None or rule.step > 1),
        services=tuple(entry.get("services", ())),
        situation=entry.get("situation"),
        tells=entry.get("tells", {}),
    )
