"""Which role may call which operation. A table: eight flows and nine counterparts need no rule language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CALLERS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("terminal", "VerifyIdentity"): frozenset({"integrated_terminal"}),
    ("terminal", "SearchPerson"): frozenset({"integrated_terminal"}),
    ("prefectural", "SearchPerson"): frozenset({"municipal_cs"}),
    ("national", "VerifyIdentity"): frozenset({"municipal_cs"}),
    ("national", "SearchPerson"): frozenset({"municipal_cs"}),
}
"""(service, operation) to the roles of its callers; what is not named may be called by nobody."""


def may_call(role: str, service: str, operation: str) -> bool:
    """Whether a counterpart of this role may call the operation."""
    return role in CALLERS.get((service, operation), frozenset())


def callers_of(service: str) -> tuple[str, ...]:
    """The roles that may call any operation of a service, sorted."""
    roles = {role for (name, _), callers in CALLERS.items() if name == service for role in callers}
    return tuple(sorted(roles))
