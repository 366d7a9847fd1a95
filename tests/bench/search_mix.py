"""The search mix: which questions a register is measured with, made from its own people by a seed.

Every size shares it: the same classes in the same shares, each question about somebody who is on record.
``build`` makes the questions, ``run`` asks them on one connection after another and gives each class's
p50 and p99 in milliseconds. From a shell: ``python -m tests.bench.search_mix STATE_FOLDER [SEED [COUNT]]``.
"""

from __future__ import annotations

import json
import random
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from gateway.clock import SystemClock
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchTerms
from gateway.domain.values import InvalidValue
from gateway.store import Store
from gateway.store.register import Found
from gateway.store.register_rows import RECORD_COLUMNS, read_record
from gateway.store.register_search import search
from gateway.store.tables import people, person_versions
from tests.kit.databases import location

SHARES = {
    "name_and_birth": 30,
    "kana_prefix_and_address": 15,
    "birth_and_address": 15,
    "variants": 10,
    "partial_birth": 5,
    "common_surnames": 15,
    "too_many": 10,
}
"""Questions of each class in a hundred."""

SAMPLE = 4_000  # people whom the questions are about
_VARIANTS = (
    "高髙",
    "辺邉邊",
    "斎齋斉齊",
    "沢澤",
    "浜濱濵",
    "崎﨑嵜",
    "吉𠮷",
    "島嶋嶌",
    "広廣",
    "国國",
    "桜櫻",
    "滝瀧",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and the class that it is counted in."""

    kind: str
    terms: SearchTerms


@dataclass(frozen=True, slots=True)
class Figures:
    """What one class cost, in milliseconds, and what it found on average."""

    count: int
    p50: float
    p99: float
    most: float
    found: float
    too_many: int


def build(store: Store, *, seed: int, count: int = 2_000) -> list[Asked]:
    """``count`` questions in the shares of the mix, in a shuffled order. The register must have people."""
    random_ = random.Random(seed)  # noqa: S311 - the same questions each time
    persons = _sample(store, random_)
    commonest = [name for name, _ in Counter(map(_surname, persons)).most_common(5)]
    questions: list[Asked] = []
    makers: dict[str, Callable[[IdentityRecord], SearchTerms | None]] = {
        "name_and_birth": lambda p: SearchTerms(name=(p.name, Match.EXACT), birth_date=p.birth_date),
        "kana_prefix_and_address": lambda p: _kana_and_address(p, random_),
        "birth_and_address": lambda p: _birth_and_address(p, random_),
        "variants": lambda p: _variant(p, random_),
        "partial_birth": lambda p: _partial(p, random_),
        "common_surnames": lambda p: _common(p, random_.choice(commonest), random_),
        "too_many": lambda p: _too_many(p, random_.choice(commonest), random_),
    }
    for kind, share in SHARES.items():
        wanted = max(1, count * share // 100)
        made = 0
        while made < wanted:
            terms = makers[kind](random_.choice(persons))
            if terms is not None:
                questions.append(Asked(kind, terms))
                made += 1
    random_.shuffle(questions)
    return questions


def run(store: Store, questions: list[Asked]) -> dict[str, Figures]:
    """Ask them one after another; figures by class, and of all of them as ``all``."""
    times: dict[str, list[float]] = {}
    sizes: dict[str, list[int]] = {}
    for asked in questions:
        began = time.perf_counter()
        answer = store.register.search(asked.terms)
        took = (time.perf_counter() - began) * 1_000
        size = len(answer.records) if isinstance(answer, Found) else -1
        for kind in (asked.kind, "all"):
            times.setdefault(kind, []).append(took)
            sizes.setdefault(kind, []).append(size)
    return {kind: _figures(times[kind], sizes[kind]) for kind in (*SHARES, "all") if kind in times}


def _figures(times: list[float], sizes: list[int]) -> Figures:
    ordered = sorted(times)
    found = [size for size in sizes if size >= 0]
    return Figures(
        count=len(ordered),
        p50=round(statistics.median(ordered), 3),
        p99=round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 3),
        most=round(ordered[-1], 3),
        found=round(sum(found) / len(found), 2) if found else 0.0,
        too_many=len(sizes) - len(found),
    )


def _sample(store: Store, random_: random.Random) -> list[IdentityRecord]:
    """People at random, with a name in two parts and a reading."""
    with store.read() as connection:
        last = connection.execute(select(func.max(people.c.person))).scalar_one()
        numbers = sorted(random_.sample(range(1, last + 1), min(SAMPLE, last)))
        found = []
        for number in numbers:
            row = connection.execute(
                select(*RECORD_COLUMNS)
                .join_from(people, person_versions, person_versions.c.person == people.c.person)
                .where(people.c.person == number, person_versions.c.version == people.c.version)
            ).one()
            found.append(read_record(row))
    return [person for person in found if person.kana and len(_words(person.name.inline)) == 2]


def _words(text: str) -> list[str]:
    return text.replace("\u3000", " ").split(" ")


def _surname(person: IdentityRecord) -> str:
    return _words(person.name.inline)[0]


def _beginning(person: IdentityRecord, random_: random.Random, least: int) -> RegisterText | None:
    """The beginning of the address, cut where a clerk may stop: behind the town, the block, the number."""
    whole = person.address.inline
    ends = [place for place in range(least, len(whole) + 1) if whole[place - 1] in "町区市村目番号"]
    if not ends:
        return None
    try:
        return RegisterText(whole[: random_.choice(ends)])
    except InvalidValue:  # cut inside a token
        return None


def _kana_and_address(person: IdentityRecord, random_: random.Random) -> SearchTerms | None:
    address = _beginning(person, random_, 6)
    if address is None or person.kana is None:
        return None
    surname = _words(person.kana.text)[0]
    kana = Kana(surname if random_.random() < 0.7 else surname[: random_.randint(1, len(surname))])
    return SearchTerms(kana=(kana, Match.PREFIX), address=(address, Match.PREFIX))


def _birth_and_address(person: IdentityRecord, random_: random.Random) -> SearchTerms | None:
    if random_.random() < 0.5:
        return SearchTerms(birth_date=person.birth_date, address=(person.address, Match.EXACT))
    address = _beginning(person, random_, 4)
    return address and SearchTerms(birth_date=person.birth_date, address=(address, Match.PREFIX))


def _variant(person: IdentityRecord, random_: random.Random) -> SearchTerms | None:
    """The name as somebody else writes it."""
    name = person.name.inline
    for family in _VARIANTS:
        held = next((member for member in family if member in name), None)
        if held is not None:
            other = random_.choice([member for member in family if member != held])
            written = RegisterText(name.replace(held, other))
            return SearchTerms(name=(written, Match.EXACT), birth_date=person.birth_date, sex=person.sex)
    return None


def _partial(person: IdentityRecord, random_: random.Random) -> SearchTerms | None:
    """A name with the year, or year and month, of birth only."""
    date = person.birth_date
    if date.certainty is not Certainty.EXACT:
        return None
    if random_.random() < 0.5:
        asked = RegisterDate(date.calendar, f"{date.digits[:4]}0000", Certainty.MONTH_AND_DAY_UNKNOWN)
    else:
        asked = RegisterDate(date.calendar, f"{date.digits[:6]}00", Certainty.DAY_UNKNOWN)
    return SearchTerms(name=(RegisterText(_surname(person)), Match.PREFIX), birth_date=asked)


def _common(person: IdentityRecord, surname: str, random_: random.Random) -> SearchTerms | None:
    """One of the five commonest surnames with another item."""
    name = (RegisterText(surname), Match.PREFIX)
    if random_.random() < 0.5:
        return SearchTerms(name=name, birth_date=person.birth_date, sex=person.sex)
    address = _beginning(person, random_, 6)
    return address and SearchTerms(name=name, address=(address, Match.PREFIX))


def _too_many(person: IdentityRecord, surname: str, random_: random.Random) -> SearchTerms | None:
    """A common surname, or the first kana of a reading, in places that begin alike."""
    somewhere = RegisterText(person.address.inline[:1])
    if random_.random() < 0.5 or person.kana is None:
        return SearchTerms(name=(RegisterText(surname), Match.PREFIX), address=(somewhere, Match.PREFIX))
    return SearchTerms(kana=(Kana(person.kana.text[0]), Match.PREFIX), address=(somewhere, Match.PREFIX))


def plans(store: Store, questions: list[Asked]) -> Iterator[tuple[Asked, str]]:
    """The database's plan for every statement of the questions, as text.

    PostgreSQL reads a small table through whatever indexes it has: its plans tell something of large ones.
    """
    found: list[str] = []

    def explain(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        if store.database.dialect.concurrent:
            steps = [row[0] for row in store.rows(f"EXPLAIN {sql}", parameters)]
        else:
            steps = [row[3] for row in store.rows(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        found.append("\n".join(map(str, steps)))
        return store.rows(sql, parameters)

    for asked in questions:
        found.clear()
        search(asked.terms, limit=50, municipality=None, prefecture=None, run=explain)
        yield from ((asked, plan) for plan in found)


def main(arguments: list[str]) -> None:
    """Measure the register of one state folder or URL; prints JSON: a line for each class, then memory."""
    folder, seed, count = arguments[0], int([*arguments, "1"][1]), int([*arguments, "1", "4000"][2])
    store = Store.open(location(folder), clock=SystemClock())
    try:
        questions = build(store, seed=seed, count=count)
        run(store, questions[: len(questions) // 10])  # connections and caches as in a running system
        figures = run(store, questions)
    finally:
        store.close()
    for kind, found in figures.items():
        line = {name: getattr(found, name) for name in Figures.__slots__}
        sys.stdout.write(json.dumps({"class": kind, **line}) + "\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"memory_mb": round(memory, 1)}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
