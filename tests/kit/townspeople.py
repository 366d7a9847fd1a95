"""Invented people for tests of the register: crowded names, variants, odd dates, all by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText

SURNAMES = (
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("髙橋", "タカハシ"),
    ("渡辺", "ワタナベ"),
    ("渡邉", "ワタナベ"),
    ("渡邊󠄁", "ワタナベ"),
    ("斎藤", "サイトウ"),
    ("齋藤", "サイトウ"),
    ("𠮷田", "ヨシダ"),
    ("吉田", "ヨシダ"),
    ("都築", "ツヅキ"),
    ("浜田", "ハマダ"),
    ("{J+AD01}野", "ツカノ"),
    ("佐々木", "ササキ"),
)
GIVEN = (("太郎", "タロウ"), ("花子", "ハナコ"), ("恵", "メグミ"), ("惠", "ケイ"), ("みづほ", "ミヅホ"))
PLACES = (
    ("131016", "東京都千代田区九段南"),
    ("131016", "東京都千代田区霞が関"),
    ("131024", "東京都中央区日本橋"),
    ("141003", "神奈川県横浜市港町"),
)


def townspeople(count: int, *, seed: int = 1) -> Iterator[IdentityRecord]:
    """``count`` people, the same for the same seed."""
    random_ = random.Random(seed)  # noqa: S311 - the same people each time
    for number in range(count):
        surname, surname_kana = random_.choice(SURNAMES)
        given, given_kana = random_.choice(GIVEN)
        foreign = random_.random() < 0.06
        yield IdentityRecord(
            code=ResidentRecordCode.from_base(f"{(number * 7919 + seed * 104729) % 10**10:010d}"),
            individual_number=None
            if random_.random() < 0.05
            else IndividualNumber.from_base(f"{number * 6151 + seed:011d}"),
            name=RegisterText(f"{surname}\u3000{given}"),
            kana=None if random_.random() < 0.05 else Kana(f"{surname_kana} {given_kana}"),
            latin_name=RegisterText(f"SMITH {random_.choice(('JOHN', 'ANNA'))}") if foreign else None,
            common_name=RegisterText(f"{random_.choice(SURNAMES)[0]} {given}") if foreign else None,
            former_surname=RegisterText(random_.choice(SURNAMES)[0]) if random_.random() < 0.06 else None,
            birth_date=_birth_date(random_),
            sex=random_.choice(tuple(Sex)),
            **residence(random_),
        )


def residence(random_: random.Random) -> dict[str, Any]:
    """The fields of a place to live, its address written in one of several ways."""
    code, place = random_.choice(PLACES)
    block, number = random_.randint(1, 12), random_.randint(1, 3)
    written = random_.choice(
        (f"{number}丁目{block}番", f"{number}－{block}", f"{'一二三'[number - 1]}丁目{block}番地")
    )
    return {"address": RegisterText(place + written), "municipality": MunicipalityCode(code)}


def _birth_date(random_: random.Random) -> RegisterDate:
    year, month, day = random_.randint(1950, 1953), random_.randint(1, 3), random_.randint(1, 5)
    draw = random_.random()
    if draw < 0.03:
        return RegisterDate(Calendar.NONE, "00000000", Certainty.UNKNOWN)
    if draw < 0.06:
        return RegisterDate(Calendar.SHOWA, f"{year}0000", Certainty.AROUND_YEAR)
    if draw < 0.09:
        return RegisterDate(Calendar.SHOWA, f"{year}{month:02d}00", Certainty.DAY_UNKNOWN)
    if draw < 0.12:
        text = RegisterText(f"{year}年{month}月{day}日から10日頃までの間")
        return RegisterDate(Calendar.SHOWA, f"{year}{month:02d}{day:02d}", Certainty.BETWEEN_DAYS, text)
    return RegisterDate.exact(random_.choice((Calendar.SHOWA, Calendar.WESTERN)), year, month, day)
