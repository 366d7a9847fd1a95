"""Names of Japanese people: surnames as frequent as in life, given names by sex and year of birth.

Six in ten surnames come from a table of the commonest, the rest from some 5,000 made of two parts; likewise
given names, where boys' and girls' names are never the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from gateway.people.picking import Picker, Reading, table
from gateway.people.rates import TOKEN_GIVEN as TOKEN_GIVEN_RATE
from gateway.people.rates import TOKEN_SURNAMES as TOKEN_SURNAMES_RATE
from gateway.people.spellings import GIVEN, SURNAMES, TOKEN_GIVEN, TOKEN_SURNAMES, spellings

POPULATION: Final = 126_146
"""Of Japan, in thousands: what the thousands of ``surnames.csv`` are part of."""

FEMALE: Final = "2"
_COMPOSED: Final = 0.45  # of given names
_YEARS: Final = (1905, 2024)  # earlier and later births take the names of these years
_STEP: Final = 5  # years that share one table
_KANA_NAMES_END: Final = 1945


def surnames() -> Picker[Reading]:
    """Every surname in every way it is written."""
    common = [(Reading(row["name"], row["kana"]), float(row["thousands"])) for row in table("surnames")]
    parts = _parts("surname_parts")
    known = {reading.text for reading, _ in common}
    rare = [pair for pair in _composed(parts["first"], parts["second"]) if pair[0].text not in known]
    tokens = [(Reading(*one), 1.0) for one in TOKEN_SURNAMES]
    head = sum(weight for _, weight in common) / POPULATION
    return Picker(
        [
            (Reading(text, reading.kana), weight * share)
            for reading, weight in (
                *_scaled(common, head),
                *_scaled(rare, 1 - head - TOKEN_SURNAMES_RATE),
                *_scaled(tokens, TOKEN_SURNAMES_RATE),
            )
            for text, share in spellings(reading.text, SURNAMES)
        ]
    )


class GivenNames:
    """Given names; the table of a sex and some years is made when it is first needed."""

    def __init__(self) -> None:
        self._table = list(table("given_names"))
        self._parts = list(table("given_parts"))
        self._pickers: dict[tuple[str, int], Picker[Reading]] = {}

    def __call__(self, sex: str, year: int, at: float) -> Reading:
        """A name for somebody of this sex (``1``, ``2``) born in this year."""
        key = (sex, min(max(year, _YEARS[0]), _YEARS[1]) // _STEP * _STEP)
        picker = self._pickers.get(key)
        if picker is None:
            picker = self._pickers[key] = Picker(self._weighted(*key))
        return picker(at)

    def _weighted(self, sex: str, year: int) -> Iterator[tuple[Reading, float]]:
        def fits(row: dict[str, str]) -> bool:
            return row["sex"] == sex and int(row["first_year"]) <= year + _STEP // 2 <= int(row["last_year"])

        whole = [(Reading(r["name"], r["kana"]), float(r["weight"])) for r in self._table if fits(r)]
        halves: dict[tuple[str, str], list[tuple[Reading, float]]] = defaultdict(list)
        for row in filter(fits, self._parts):
            pair = (Reading(row["text"], row["kana"]), float(row["weight"]))
            halves[row["first_year"], row["place"]].append(pair)
        composed = [
            pair
            for first_year, place in halves
            if place == "first"
            for pair in _composed(halves[first_year, "first"], halves[first_year, "second"])
        ]
        tokens = [(Reading(*one), 1.0) for one in TOKEN_GIVEN]
        with_tokens = TOKEN_GIVEN_RATE if sex == FEMALE and year <= _KANA_NAMES_END else 0.0
        for reading, weight in (
            *_scaled(whole, 1 - _COMPOSED - with_tokens),
            *_scaled(composed, _COMPOSED),
            *_scaled(tokens, with_tokens),
        ):
            for text, share in spellings(reading.text, GIVEN):
                yield Reading(text, reading.kana), weight * share


def _parts(name: str) -> dict[str, list[tuple[Reading, float]]]:
    parts: dict[str, list[tuple[Reading, float]]] = {"first": [], "second": []}
    for row in table(name):
        parts[row["place"]].append((Reading(row["text"], row["kana"]), float(row["weight"])))
    return parts


def _composed(
    firsts: list[tuple[Reading, float]], seconds: list[tuple[Reading, float]]
) -> list[tuple[Reading, float]]:
    """Every first part with every second that differs from it in writing and reading."""
    return [
        (Reading(first.text + second.text, first.kana + second.kana), a * b)
        for first, a in firsts
        for second, b in seconds
        if first.text != second.text and first.kana != second.kana
    ]


def _scaled(weighted: list[tuple[Reading, float]], share: float) -> list[tuple[Reading, float]]:
    """The same weights, summing up to ``share``."""
    whole = sum(weight for _, weight in weighted)
    return [(item, weight * share / whole) for item, weight in weighted]
