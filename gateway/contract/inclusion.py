"""Whether everything that is valid by one grammar is valid by another: what makes a change compatible.

Elements are matched by name, in their order. Where two ways of writing allow the same by other means (a
choice spelt as options), this may find a reason although there is none; it never misses one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from gateway.contract.grammar import Attribute, Complex, Element, Grammar, Group, Simple, TypeName

_LEAST: Final = {"minInclusive", "minExclusive", "minLength"}
_MOST: Final = {"maxInclusive", "maxExclusive", "maxLength", "totalDigits", "fractionDigits"}

Reason = tuple[str, str]
"""Where (a type or element, and the way down from it), and what is said or lacking there."""


class Inclusion:
    """Looks for what ``some`` allows and ``all_`` does not; each pair of named types is looked at once."""

    def __init__(self, some: Grammar, all_: Grammar) -> None:
        self._some = some
        self._all = all_
        self._done: set[tuple[str, str]] = set()

    def elements(self, some: str, all_: str) -> Iterator[Reason]:
        """Of two global elements by their names. Raises NotComparable."""
        one, other = self._some.element(some), self._all.element(all_)
        if one.name != other.name:
            yield _local(one.name), f"is called {one.name}, not {other.name}"
        yield from self._types(_local(one.name), one.type, other.type)

    def _types(
        self, where: str, some: TypeName | Simple | Complex, all_: TypeName | Simple | Complex
    ) -> Iterator[Reason]:
        if isinstance(some, TypeName) and isinstance(all_, TypeName):
            if (some.name, all_.name) in self._done:
                return
            self._done.add((some.name, all_.name))
            if some.name == all_.name:
                where = _local(some.name)
        one = self._some.type(some) if isinstance(some, TypeName) else some
        other = self._all.type(all_) if isinstance(all_, TypeName) else all_
        if isinstance(one, Simple) and isinstance(other, Simple):
            yield from ((where, text) for text in _texts(one, other))
        elif isinstance(one, Complex) and isinstance(other, Complex):
            yield from self._complex(where, one, other)
        else:
            yield where, "has elements in one and is a text in the other"

    def _complex(self, where: str, some: Complex, all_: Complex) -> Iterator[Reason]:
        yield from self._attributes(where, dict(some.attributes), dict(all_.attributes))
        if some.text is not None and all_.text is not None:
            yield from self._types(where, some.text, all_.text)
        elif (some.text is None) != (all_.text is None):
            yield where, "has elements in one and is a text in the other"
        nothing = Group("sequence", ())
        yield from self._groups(where, some.content or nothing, all_.content or nothing)

    def _attributes(
        self, where: str, some: dict[str, Attribute], all_: dict[str, Attribute]
    ) -> Iterator[Reason]:
        for name in sorted(some.keys() | all_.keys()):
            one, other = some.get(name), all_.get(name)
            place = f"{where}/@{_local(name)}"
            if other is None:
                yield place, "is not known"
            elif one is None:
                if other.required:
                    yield place, "is required"
            else:
                if other.required and not one.required:
                    yield place, "is required"
                yield from self._types(place, one.type, other.type)

    def _groups(self, where: str, some: Group, all_: Group) -> Iterator[Reason]:
        yield from _occurrences(where, some, all_)
        if "choice" in {some.kind, all_.kind}:
            yield from self._choices(where, some, all_)
        else:
            yield from self._sequences(where, some.particles, all_.particles)

    def _choices(self, where: str, some: Group, all_: Group) -> Iterator[Reason]:
        if all_.kind != "choice":
            if len(all_.particles) != 1:
                yield where, "is a choice in one and a sequence in the other"
                return
        elif some.kind != "choice" and len(some.particles) != 1:
            yield where, "is a choice in one and a sequence in the other"
            return
        for one in some.particles:
            match = next((other for other in all_.particles if _begins_alike(one, other)), None)
            if match is None:
                yield f"{where}/{_first(one)}", "is not known"
            else:
                yield from self._particles(where, one, match)

    def _sequences(
        self, where: str, some: Sequence[Element | Group], all_: Sequence[Element | Group]
    ) -> Iterator[Reason]:
        at = 0
        for one in some:
            match = next((to for to in range(at, len(all_)) if _begins_alike(one, all_[to])), None)
            if match is None:
                if one.most != 0:
                    yield f"{where}/{_first(one)}", "is not known, or not at this place"
                continue
            yield from _required(where, all_[at:match])
            yield from self._particles(where, one, all_[match])
            at = match + 1
        yield from _required(where, all_[at:])

    def _particles(self, where: str, one: Element | Group, other: Element | Group) -> Iterator[Reason]:
        if isinstance(one, Element) and isinstance(other, Element):
            place = f"{where}/{_local(one.name)}"
            yield from _occurrences(place, one, other)
            yield from self._types(place, one.type, other.type)
        else:
            yield from self._groups(where, _as_group(one), _as_group(other))


def _as_group(one: Element | Group) -> Group:
    return one if isinstance(one, Group) else Group("sequence", (one,))


def _first(one: Element | Group) -> str:
    """The name of the element that it begins with."""
    while isinstance(one, Group) and one.particles:
        one = one.particles[0]
    return _local(one.name) if isinstance(one, Element) else one.kind


def _begins_alike(one: Element | Group, other: Element | Group) -> bool:
    return not _beginnings(one).isdisjoint(_beginnings(other))


def _beginnings(one: Element | Group) -> frozenset[str]:
    if isinstance(one, Element):
        return frozenset({one.name})
    parts = one.particles if one.kind == "choice" else one.particles[:1]
    return frozenset().union(*map(_beginnings, parts))


def _required(where: str, passed: Sequence[Element | Group]) -> Iterator[Reason]:
    for one in passed:
        if one.least > 0:
            yield f"{where}/{_first(one)}", "is required"


def _occurrences(where: str, some: Element | Group, all_: Element | Group) -> Iterator[Reason]:
    if some.least < all_.least:
        yield where, "is required" if all_.least == 1 else f"must be there {all_.least} times"
    if all_.most is not None and (some.most is None or some.most > all_.most):
        yield where, f"may be there {all_.most} times at the most"


def _texts(some: Simple, all_: Simple) -> Iterator[str]:
    if some.base != all_.base:
        yield f"is xs:{some.base}, not xs:{all_.base}"
        return
    if all_.values is not None:
        if some.values is None:
            yield "has only certain values"
        else:
            yield from (f"does not have the value {value}" for value in sorted(some.values - all_.values))
    for pattern in sorted(all_.patterns - some.patterns):
        yield f"must match {pattern}"
    mine, theirs = dict(some.facets), dict(all_.facets)
    for name, bound in theirs.items():
        if name not in mine or _tighter(name, bound, mine[name]):
            yield f"has {name} {bound}"


def _tighter(name: str, bound: str, other: str) -> bool:
    """Whether the bound forbids what the other allows."""
    if name in _LEAST:
        return Decimal(bound) > Decimal(other)
    if name in _MOST:
        return Decimal(bound) < Decimal(other)
    return bound != other


def _local(name: str) -> str:
    return name.rpartition("}")[2]
