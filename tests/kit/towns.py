"""People of the synthetic town as the register takes them, without a file between."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from gateway.people import Made, Person, Places, make_people, person_of

TOWN = "131016"


@cache
def nation(count: int, seed: int = 1) -> tuple[Made, ...]:
    """The first people of the whole nation; made once in a test run."""
    return tuple(make_people(count, seed=seed, places=Places.choose()))


def people_of(codes: tuple[str, ...], count: int, *, seed: int = 1) -> Iterator[Person]:
    """``count`` people of these municipalities, the same for the same seed."""
    for made in make_people(count, seed=seed, places=Places.choose(codes)):
        yield person_of(made.row._asdict())
