"""Makes people, household by household, without end and in memory that does not grow."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Final, NamedTuple

from gateway.domain.eras import Calendar
from gateway.people import births, households, rates
from gateway.people.births import Birth
from gateway.people.foreigners import ForeignName, Origin, origins, whole_name
from gateway.people.households import ADULT, Member
from gateway.people.names import GivenNames, surnames
from gateway.people.notes import note_of
from gateway.people.numbers import IndividualNumbers, RecordCodes
from gateway.people.picking import Picker, Reading
from gateway.people.places import Places
from gateway.people.rows import Row

EDITION: Final = 1
"""Of the tables and rules: another one may make other people of the same seed."""

_CARDS: Final = Picker(rates.CARDS.items())
_FOREIGN_KINDS: Final = Picker(
    ((households.alone, 60), (households.couple, 15), (households.family, 25)),
)
_FOREIGN_OLDEST: Final = 75
_ALONE_IN_TWO_ERAS: Final = 85  # years
_TRIES: Final = 4  # for a given name that nobody else of the household has


class Made(NamedTuple):
    """One person, and the number of the household, from 1."""

    row: Row
    household: int


class _Named(NamedTuple):
    """The columns of a person's names."""

    name: str
    kana: str
    latin_name: str = ""
    common_name: str = ""
    former_surname: str = ""
    past_name: str = ""
    past_kana: str = ""


def make_people(count: int, *, seed: int, places: Places) -> Iterator[Made]:
    """``count`` people who live in ``places``; the first ones are the same for every count.

    The last household may lack members that a larger count would have.
    """
    return islice(_Maker(seed, places).people(), count)


class _Maker:
    """Draws everybody from one stream of random numbers."""

    def __init__(self, seed: int, places: Places) -> None:
        key = f"juki-gateway people {EDITION} {seed} {' '.join(places.codes)}"
        self._draw = random.Random(key).random  # noqa: S311 - the same people each time
        self._places = places
        self._code, self._number = RecordCodes(key), IndividualNumbers(key)
        self._surname, self._given = surnames(), GivenNames()
        self._origin = origins()

    def people(self) -> Iterator[Made]:
        """Everybody, one household after another."""
        draw = self._draw
        made = 0
        household = 0
        while True:
            household += 1
            place = self._places.pick(draw())
            address = place.address(draw)
            past = place.address(draw) if draw() < rates.MOVED else ""
            foreign = draw() < rates.FOREIGN_HOUSEHOLDS
            members = self._foreigners() if foreign else self._japanese()
            for member, named, birth in members:
                row = Row(
                    resident_record_code=self._code(made),
                    individual_number=self._number(made),
                    name=named.name,
                    kana=named.kana,
                    birth_date=birth.written,
                    birth_calendar=birth.calendar,
                    birth_digits=birth.digits,
                    birth_certainty=birth.certainty,
                    birth_text=birth.text,
                    sex=member.sex,
                    address=address,
                    municipality=place.code,
                    card_state=_CARDS(draw()),
                    recorded_at="",
                    note="",
                    latin_name=named.latin_name,
                    common_name=named.common_name,
                    former_surname=named.former_surname,
                    household=f"H{household:08d}",
                    past_name=named.past_name,
                    past_kana=named.past_kana,
                    past_address=past if past != address else "",
                )
                made += 1
                yield Made(row._replace(note=note_of(row)), household)

    def _japanese(self) -> Iterator[tuple[Member, _Named, Birth]]:
        draw = self._draw
        members = households.household(draw)
        surname = self._surname(draw())
        taken: set[str] = set()
        for member in members:
            birth = self._birth(member, alone=len(members) == 1)
            given = self._given_name(member.sex, birth.year, taken)
            named = _Named(f"{surname.text} {given.text}", f"{surname.kana} {given.kana}")
            if member.role == "spouse":
                named = self._married(named, surname, given)
            yield member, named, birth

    def _given_name(self, sex: str, year: int, taken: set[str]) -> Reading:
        for _ in range(_TRIES):
            given = self._given(sex, year, self._draw())
            if given.kana not in taken:
                break
        taken.add(given.kana)
        return given

    def _married(self, named: _Named, surname: Reading, given: Reading) -> _Named:
        """A wife may have a 旧氏, and a name before marriage in the history of her record."""
        draw = self._draw
        at_former, at_past = draw(), draw()
        if at_former >= rates.FORMER_SURNAMES and at_past >= rates.PAST_NAMES:
            return named
        before = self._surname(draw())
        if before.kana == surname.kana:
            return named
        if at_former < rates.FORMER_SURNAMES:
            named = named._replace(former_surname=before.text)
        if at_past < rates.PAST_NAMES:
            named = named._replace(
                past_name=f"{before.text} {given.text}", past_kana=f"{before.kana} {given.kana}"
            )
        return named

    def _birth(self, member: Member, *, alone: bool) -> Birth:
        draw = self._draw
        day = births.born(member.age)
        at = draw()
        if alone and member.age >= _ALONE_IN_TWO_ERAS and at < rates.TWO_ERAS * len(births.TWO_ERAS):
            found = births.TWO_ERAS[int(at / rates.TWO_ERAS)]
            return births.birth_of(found, found.year)
        if member.age >= ADULT:
            at = draw()
            form = int(at / rates.UNKNOWN_BIRTH)
            if form < len(births.FORMS):
                return births.unknown(day, births.FORMS[form], draw())
            if at > 1 - rates.NO_CALENDAR_DAY:
                return births.no_calendar_day(day.year, draw())
        return births.exact(day, births.era_of(day))

    def _foreigners(self) -> Iterator[tuple[Member, _Named, Birth]]:
        draw = self._draw
        origin = self._origin(draw())
        surname = origin.surname(draw())
        common = self._surname(draw()) if draw() < rates.COMMON_NAMES else None
        read = draw() >= rates.NO_READING
        for member in households.household(draw, _FOREIGN_KINDS(draw())):
            day = births.born(member.age if member.age < _FOREIGN_OLDEST else member.age / 2)
            named = self._foreign_name(origin, surname, member, common, day)
            yield member, named if read else named._replace(kana=""), births.exact(day, Calendar.WESTERN)

    def _foreign_name(
        self, origin: Origin, surname: ForeignName, member: Member, common: Reading | None, born: date
    ) -> _Named:
        draw = self._draw
        if member.role == "spouse":
            surname = origin.surname(draw())
        whole = whole_name(surname, origin.given[member.sex](draw()))
        given = self._given(member.sex, born.year, draw()) if common is not None else None
        return _Named(
            name=whole.kanji or whole.latin,
            kana=whole.kana,
            latin_name=whole.latin,
            common_name=f"{common.text} {given.text}" if common is not None and given is not None else "",
        )
