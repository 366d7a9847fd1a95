"""Who lives together: kinds of household, ages and sexes, about as in the census of 2020."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from gateway.people.picking import Picker

MALE, FEMALE = "1", "2"
ADULT: Final = 20


class Member(NamedTuple):
    """One of a household. ``role`` is ``head``, ``spouse``, ``child`` or ``parent``; ``age`` in years."""

    role: str
    sex: str
    age: float


Draw = Callable[[], float]


def _bands(first: int, *weights: float) -> Picker[int]:
    """Bands of five years from ``first`` on; the item is the youngest age of a band."""
    return Picker((first + 5 * place, weight) for place, weight in enumerate(weights))


_ALONE: Final = _bands(20, 9, 9, 7, 6, 6, 6, 7, 7, 7, 10, 14, 15, 13, 9, 4.5, 1.3, 0.1)
_COUPLE: Final = _bands(25, 3, 4, 3, 3, 3, 5, 8, 13, 20, 24, 19, 11, 4, 1)
_FAMILY: Final = _bands(25, 7, 14, 15, 16, 16, 13, 8, 4, 3, 2)
_SINGLE_PARENT: Final = _bands(25, 2, 6, 10, 14, 16, 13, 10, 8, 7, 6, 5, 2)
_CHILDREN: Final = Picker(((1, 45), (2, 43), (3, 11), (4, 1)))
_LEAVE_HOME: Final = 38  # children who still live at home are younger, but for those of single parents


def household(draw: Draw, kind: Callable[[Draw], list[Member]] | None = None) -> list[Member]:
    """A household, its head first; of any kind, or of the one given."""
    return (kind or KINDS(draw()))(draw)


def alone(draw: Draw) -> list[Member]:
    """Somebody who lives alone: younger ones mostly men, old ones mostly women."""
    age = _ALONE(draw()) + draw() * 5
    men = 0.58 if age < 60 else 0.50 if age < 75 else 0.30
    return [Member("head", MALE if draw() < men else FEMALE, age)]


def couple(draw: Draw) -> list[Member]:
    """Husband and wife."""
    return _couple(draw, _COUPLE(draw()) + draw() * 5)


def family(draw: Draw) -> list[Member]:
    """Husband, wife and their children."""
    pair = _couple(draw, _FAMILY(draw()) + draw() * 5)
    return pair + _children(draw, pair[1].age, _LEAVE_HOME)


def single_parent(draw: Draw) -> list[Member]:
    """A mother or father with children."""
    head = Member("head", FEMALE if draw() < 0.85 else MALE, _SINGLE_PARENT(draw()) + draw() * 5)
    return [head, *_children(draw, head.age, 60)]


def three_generations(draw: Draw) -> list[Member]:
    """A family with the head's mother, or both parents."""
    members = family(draw)
    age = members[0].age + 22 + _normal(draw) * 5 + 5
    parents = [Member("parent", FEMALE, age)] if age < 106 else []
    if parents and draw() < 0.45 and age < 92:
        parents.append(Member("parent", MALE, age + 2 + _normal(draw) * 3))
    return members + parents


KINDS: Final[Picker[Callable[[Draw], list[Member]]]] = Picker(
    ((alone, 37), (couple, 23), (family, 23), (single_parent, 8), (three_generations, 9))
)


def _couple(draw: Draw, age: float) -> list[Member]:
    other = max(age - 1.5 + _normal(draw) * 3.5, ADULT)
    husband = Member("head", MALE, age)
    return [husband, Member("spouse", FEMALE, other)]


def _children(draw: Draw, mother: float, oldest: float) -> list[Member]:
    """The children at home; the first was born when the mother was about 30."""
    found = []
    age = mother - min(max(30 + _normal(draw) * 5, 19), 44)
    for _ in range(_CHILDREN(draw())):
        if 0 <= age < oldest:
            found.append(Member("child", MALE if draw() < 0.513 else FEMALE, age))
        age -= 1.2 + draw() * 3.5
    return found


def _normal(draw: Draw) -> float:
    """About normal, mean 0 and deviation 1; never beyond 3."""
    return (draw() + draw() + draw() - 1.5) * 2
