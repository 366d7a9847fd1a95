"""How a search reads the register: which of the four sorted tables it begins with, decided by hand.

Each table has every column a search compares, so that one is read and no other; the difference is how much
of it. Where an item is compared exactly its table gives a handful of rows. Where all are prefixes, or parts
of a date, the rows that each would read are counted first, up to a bound, and the first with few wins; where
none has, the first rows of each tell whether the answer is "too many" anyway. The database's own planner is
left no choice but the part of the key to seek by. Statements are put together from names of this module;
every value is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.folding import fold_address, fold_name, kana_keys
from gateway.domain.search import Match, SearchTerms
from gateway.domain.search_keys import birth_spans
from gateway.store.register_rows import RECORD_COLUMNS, cut

Run = Callable[[str, Mapping[str, Any]], list[Any]]
"""Executes one statement with its parameters and gives all its rows."""

_LAST = "\U0010ffff"  # no text holds it: behind every key that begins alike
_TABLES = {
    "name_key": "search_by_name",
    "address_key": "search_by_address",
    "birth_key": "search_by_birth",
    "kana_key": "search_by_kana",
}  # exact comparisons begin with the first of them that is asked for
_COLUMNS = ", ".join(f"v.{column.name}" for column in RECORD_COLUMNS)
_FIRST_LOOK, _SECOND_LOOK = 1_500, 10_000  # rows counted of each before the choice


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of the question: the key equal to one of ``equal``, or within one of ``spans``."""

    column: str
    equal: tuple[str, ...] = ()
    spans: tuple[tuple[str, str], ...] = ()

    def arms(self) -> Iterator[_Item]:
        """Parts that the table can each be read by in one go."""
        if self.equal:
            yield _Item(self.column, self.equal)
        for span in self.spans:
            yield _Item(self.column, (), (span,))

    def condition(self, parameters: dict[str, Any]) -> str:
        """The SQL, its values added to ``parameters``."""
        parts = []
        if len(self.equal) == 1:
            parts.append(f"{self.column} = {_parameter(parameters, self.equal[0])}")
        elif self.equal:
            keys = ", ".join(_parameter(parameters, key) for key in self.equal)
            parts.append(f"{self.column} IN ({keys})")
        for low, high in self.spans:
            first, last = _parameter(parameters, low), _parameter(parameters, high)
            parts.append(f"{self.column} BETWEEN {first} AND {last}")
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _parameter(parameters: dict[str, Any], value: Any) -> str:
    name = f"p{len(parameters)}"
    parameters[name] = value
    return f":{name}"


def _text_item(column: str, keys: tuple[str, ...], match: Match) -> _Item:
    keys = tuple(dict.fromkeys(cut(key) for key in keys))
    # Nothing is left of a text of punctuation only, and everything begins with nothing.
    if match is Match.EXACT or not all(keys):
        return _Item(column, keys)
    return _Item(column, (), tuple((key, key + _LAST) for key in keys))


def _birth_item(spans: tuple[tuple[str, str], ...]) -> _Item:
    equal = tuple(low for low, high in spans if low == high)
    return _Item("birth_key", equal, tuple(span for span in spans if span[0] != span[1]))


def _items(terms: SearchTerms) -> list[_Item]:
    found = []
    if terms.name is not None:
        text, match = terms.name
        found.append(_text_item("name_key", (fold_name(text.inline),), match))
    if terms.kana is not None:
        kana, match = terms.kana
        found.append(_text_item("kana_key", kana_keys(kana.text), match))
    if terms.address is not None:
        text, match = terms.address
        found.append(_text_item("address_key", (fold_address(text.inline),), match))
    if terms.birth_date is not None:
        found.append(_birth_item(birth_spans(terms.birth_date)))
    return found


def _exact(items: list[_Item]) -> _Item | None:
    """The item to begin with where one is compared exactly."""
    exact = {item.column: item for item in items if not item.spans}
    return next((exact[column] for column in _TABLES if column in exact), None)


def _few(items: list[_Item], most: int, run: Run) -> _Item | None:
    """The first item that reads fewer than ``most`` rows of its table."""
    return next((item for item in items if _count(item, most, run) < most), None)


def _count(item: _Item, most: int, run: Run) -> int:
    """How many rows of its table the item reads, at most ``most``."""
    parameters: dict[str, Any] = {}
    arms = [
        f"SELECT count(*) FROM (SELECT 1 FROM {_TABLES[item.column]} "  # noqa: S608 - names only
        f"WHERE {arm.condition(parameters)} LIMIT {most}) AS counted"
        for arm in item.arms()
    ]
    return sum(row[0] for row in run(" UNION ALL ".join(arms), parameters))


@dataclass(frozen=True, slots=True)
class _Question:
    """Everything that a row must fulfil."""

    items: list[_Item]
    fixed: tuple[_Item, ...]  # sex and municipality: compared, never begun with
    limit: int

    def persons(self, first: _Item, parameters: dict[str, Any], *, among: int | None = None) -> str:
        """SQL for the people that fit, read by the table of ``first``; ``among`` its first so many rows."""
        table = _TABLES[first.column]
        arms = []
        for arm in first.arms():
            begun = arm.condition(parameters)
            others = [item for item in self.items if item is not first]
            rest = " AND ".join(item.condition(parameters) for item in (*others, *self.fixed))
            rows = f"{table} WHERE {begun}" + (f" AND {rest}" if rest else "")
            if among is not None:
                rows = f"(SELECT * FROM {table} WHERE {begun} LIMIT {among}) AS rows_read WHERE {rest}"  # noqa: S608
            arms.append(
                f"SELECT person FROM (SELECT DISTINCT person FROM {rows} "  # noqa: S608 - names only
                f"LIMIT {self.limit + 1}) AS arm"
            )
        return " UNION ".join(arms)

    def is_crowded(self, run: Run) -> bool:
        """Whether a look at the first rows of one of the tables finds too many already."""
        for item in self.items:
            parameters: dict[str, Any] = {}
            if len(run(self.persons(item, parameters, among=_FIRST_LOOK), parameters)) > self.limit:
                return True
        return False


def search(
    terms: SearchTerms, *, limit: int, municipality: str | None, prefecture: str | None, run: Run
) -> list[Any] | None:
    """Rows of the records found, ``RECORD_COLUMNS`` each; None when there are more than ``limit``."""
    fixed = []
    if terms.sex is not None:
        fixed.append(_Item("sex", (terms.sex.value,)))
    if municipality is not None:
        fixed.append(_Item("municipality", (municipality,)))
    if prefecture is not None:
        fixed.append(_Item("municipality", (), ((prefecture, prefecture + _LAST),)))
    question = _Question(_items(terms), tuple(fixed), limit)
    first = _exact(question.items)
    if first is None:
        first = _few(question.items, _FIRST_LOOK, run)
    if first is None:
        if question.is_crowded(run):
            return None
        first = _few(question.items, _SECOND_LOOK, run) or question.items[0]
    parameters: dict[str, Any] = {}
    rows = run(
        f"SELECT {_COLUMNS} FROM people p JOIN person_versions v "  # noqa: S608 - names only
        "ON v.person = p.person AND v.version = p.version "
        f"WHERE p.person IN ({question.persons(first, parameters)}) LIMIT {limit + 1}",
        parameters,
    )
    return None if len(rows) > limit else rows
