"""Synthetic people: a town, a prefecture or a nation of them, from a seed; and a strict reader of their file.

Nobody here is real. Names are put together at random from tables of parts and frequencies that were written
down from general knowledge, independently of date of birth, sex and address; addresses stand in real
municipalities, with names of towns that are found all over Japan and numbers drawn at random; dates of birth,
households and states of cards are drawn from rough distributions. 住民票コード and 個人番号 are a permutation
of counting numbers, with the right check digit: no range of either is known to be set aside for tests, so
one may by chance be somebody's number; nothing else of that person is in it.

The same seed, selection and version of the tables give the same bytes, on every machine, and the first
people of a larger count are those of a smaller one. ``rates.py`` says how often each special kind is made.
"""

from gateway.people.maker import Made, make_people
from gateway.people.person import CardState, Person
from gateway.people.places import Places
from gateway.people.reader import person_of, read_people
from gateway.people.rows import COLUMNS, Row, write_people, write_rows

__all__ = [
    "COLUMNS",
    "CardState",
    "Made",
    "Person",
    "Places",
    "Row",
    "make_people",
    "person_of",
    "read_people",
    "write_people",
    "write_rows",
]
