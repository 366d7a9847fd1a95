"""Names of foreign residents (外国人住民): Latin letters, kanji where they have them, a reading."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from gateway.people.picking import Picker, table


class ForeignName(NamedTuple):
    """A name or part of one; ``kanji`` is empty where the language writes none."""

    latin: str
    kanji: str
    kana: str


class Origin:
    """The names of one group of languages: a surname, and given names by sex (``1``, ``2``)."""

    def __init__(self, rows: list[dict[str, str]]) -> None:
        parts: dict[str, list[ForeignName]] = defaultdict(list)
        for row in rows:
            parts[row["part"]].append(ForeignName(row["latin"], row["kanji"], row["kana"]))
        self.surname = _falling(parts["surname"])
        self.given = {"1": _falling(parts["male"]), "2": _falling(parts["female"])}


def _falling(names: list[ForeignName]) -> Picker[ForeignName]:
    """The first names of a list are the commonest."""
    return Picker((name, 1 / (place + 2)) for place, name in enumerate(names))


def origins() -> Picker[Origin]:
    """The groups, in the shares of ``foreign_names.csv``."""
    groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in table("foreign_names"):
        groups[row["group"], row["share"]].append(row)
    return Picker((Origin(rows), float(share)) for (_, share), rows in groups.items())


def whole_name(surname: ForeignName, given: ForeignName) -> ForeignName:
    """Surname and given name together."""
    kanji = f"{surname.kanji} {given.kanji}" if surname.kanji and given.kanji else ""
    return ForeignName(f"{surname.latin} {given.latin}", kanji, f"{surname.kana} {given.kana}")
