"""Where people live: real municipalities, weighted by population, with towns that might be there.

Populations (thousands, about 2020) of prefectures and larger cities are in ``populations.csv``; what is left
of a prefecture is shared by its other municipalities. A few municipalities have towns of their own in
``towns.csv``, all others some of the names that are found everywhere: a town never stands in the wrong
prefecture. Designated cities have their wards.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.municipalities import Municipality, municipalities
from gateway.domain.values import InvalidValue
from gateway.errors import UsageError
from gateway.people.picking import Picker, table
from gateway.people.rates import RARE_TOWNS

_BY_KIND: Final = {"区": 6.0, "市": 6.0, "町": 1.5, "村": 0.5}  # shares of what is left of a prefecture
_NUMERALS: Final = "〇一二三四五六七八九"
_IN_FLATS: Final = 0.35  # of households in cities
_FEWEST_TOWNS, _MOST_TOWNS = 8, 60
_PEOPLE_OF_A_TOWN: Final = 6.0  # thousands
_BUILDINGS: Final = Picker(
    [
        *((name, 1.0) for name in ("コーポ若葉", "ハイツ緑", "メゾン青葉", "サンハイツ", "グリーンコーポ")),
        *((name, 1.0) for name in ("第二宝荘", "レジデンス光", "ひまわり荘", "富士見ビル", "パークハイム")),
        *((name, 1.0) for name in ("ヴィラ泉", "シティハイツ", "ドエル中央", "すみれ荘", "カーサ・ミア")),
        ("{J+B9D5}荘", 0.05),
        ("麴荘", 0.05),
        ("𠮷祥ハイツ", 0.05),
    ]
)


class _Town(NamedTuple):
    name: str
    districts: int  # 丁目; 0 where there are none and lots (番地) are counted instead


class _Place:
    """One municipality; its towns are the same for every seed."""

    def __init__(self, about: Municipality, thousands: float, tables: _Tables) -> None:
        self.code = about.code.digits
        self._prefix = about.prefecture + about.name
        self._wards = tables.wards.get(self.code, [""])
        self._in_town = about.name[-1] in "市区"
        self._rare = tables.rare
        draw = random.Random(f"towns of {self.code}").random  # noqa: S311 - the same towns each time
        own = tables.own.get(self.code)
        kinds = tables.town if self._in_town else tables.rural
        count = int(min(max(_FEWEST_TOWNS, thousands / _PEOPLE_OF_A_TOWN), _MOST_TOWNS, len(kinds)))
        self._towns = own or [
            _Town(town.name, 1 + int(draw() * town.districts) if town.districts and draw() < 0.6 else 0)
            for town in sorted(kinds, key=lambda _: draw())[:count]
        ]

    def address(self, draw: Callable[[], float]) -> str:
        """An address in its inline form."""
        at = draw()
        towns = self._rare if draw() < RARE_TOWNS else self._towns
        name, districts = towns[int(at * len(towns))]
        ward = self._wards[int(draw() * len(self._wards))]
        base = f"{self._prefix}{ward}{name}"
        number = int(draw() * 40) + 1
        if districts:
            place = f"{_NUMERALS[int(draw() * districts) + 1]}丁目{number}番{int(draw() * 30) + 1}号"
        elif draw() < 0.5:
            place = f"{number * 13 + int(draw() * 13)}番地"
        else:
            place = f"{number * 13}番地の{int(draw() * 20) + 1}"
        if self._in_town and draw() < _IN_FLATS:
            room = (int(draw() * 9) + 1) * 100 + int(draw() * 12) + 1
            return f"{base}{place}\u3000{_BUILDINGS(draw())}{room}号"
        return base + place


class _Tables:
    """What is read once for all municipalities."""

    def __init__(self) -> None:
        self.wards: dict[str, list[str]] = defaultdict(list)
        for row in table("wards"):
            self.wards[row["municipality"]].append(row["ward"])
        self.own: dict[str, list[_Town]] = defaultdict(list)
        self.town: list[_Town] = []
        self.rural: list[_Town] = []
        self.rare: list[_Town] = []
        everywhere = {"town": self.town, "rural": self.rural, "rare": self.rare}
        for row in table("towns"):
            found = _Town(row["town"], int(row["districts"]))
            (self.own[row["municipality"]] if row["municipality"] else everywhere[row["kind"]]).append(found)


class Places:
    """The municipalities that people are made for; each is looked into when somebody first lives there."""

    def __init__(self, chosen: Sequence[Municipality]) -> None:
        populations = _populations()
        self.codes = sorted(about.code.digits for about in chosen)
        self._pick = Picker((about, populations[about.code.digits]) for about in chosen)
        self._populations = populations
        self._tables = _Tables()
        self._places: dict[str, _Place] = {}

    @classmethod
    def choose(cls, codes: Sequence[str] = (), prefectures: Sequence[str] = ()) -> Places:
        """The municipalities with these six-digit codes and those of these two-digit prefectures.

        The whole nation when neither is given. Raises UsageError for one that does not exist.
        """
        known = municipalities()
        if not codes and not prefectures:
            return cls(list(known.values()))
        chosen: dict[str, Municipality] = {}
        for prefecture in prefectures:
            within = [about for about in known.values() if about.code.prefecture == prefecture]
            if not within:
                raise UsageError("--prefecture: two digits from 01 to 47 are wanted")
            chosen.update((about.code.digits, about) for about in within)
        for code in codes:
            try:
                about = known[MunicipalityCode(code)]
            except (InvalidValue, KeyError):
                raise UsageError("--municipality: no municipality has this code of six digits") from None
            chosen[code] = about
        return cls([chosen[code] for code in sorted(chosen)])

    def pick(self, at: float) -> _Place:
        """A municipality, the larger the likelier."""
        about = self._pick(at)
        place = self._places.get(about.code.digits)
        if place is None:
            thousands = self._populations[about.code.digits]
            place = self._places[about.code.digits] = _Place(about, thousands, self._tables)
        return place


def _populations() -> dict[str, float]:
    """Thousands of people by municipality."""
    known = {row["area"]: float(row["thousands"]) for row in table("populations")}
    found = {area: thousands for area, thousands in known.items() if len(area) == 6}
    others: dict[str, list[Municipality]] = defaultdict(list)
    for about in municipalities().values():
        if about.code.digits not in found:
            others[about.code.prefecture].append(about)
    for prefecture, within in others.items():
        left = known[prefecture] - sum(t for area, t in found.items() if area.startswith(prefecture))
        whole = sum(_BY_KIND[about.name[-1]] for about in within)
        found.update((a.code.digits, left * _BY_KIND[a.name[-1]] / whole) for a in within)
    return found
