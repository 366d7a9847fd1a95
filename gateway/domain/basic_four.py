"""基本4情報: name, date of birth, sex and address, and when two sets of them are the same person's."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.codes import Sex
from gateway.domain.kana import Kana
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import Masked


@dataclass(frozen=True, slots=True, repr=False)
class BasicFour(Masked):
    """氏名, 出生の年月日, 男女の別, 住所 (住民基本台帳法7条), and the reading where one is known.

    ``kana`` is none of the four: documents seldom show it.
    """

    name: RegisterText
    birth_date: RegisterDate
    sex: Sex
    address: RegisterText
    kana: Kana | None = None


def matches(person: BasicFour, asked: BasicFour) -> bool:
    """Whether what was asked is what the register holds of ``person``: all items, exactly.

    Two differences are forgiven, since they are layout and not content: spaces (U+0020, U+3000) in name,
    reading and address, and the calendar a birth date is written in. Nothing else is folded: a variant
    kanji, another variation selector or another width is a mismatch, for a wrong "match" is worse than a
    wrong "mismatch", which a clerk can look into. A reading is compared only when it was asked.
    """
    return (
        person.name.without_spaces() == asked.name.without_spaces()
        and person.birth_date.same_day_as(asked.birth_date)
        and person.sex is asked.sex
        and person.address.without_spaces() == asked.address.without_spaces()
        and _reading_matches(person.kana, asked.kana)
    )


def _reading_matches(person: Kana | None, asked: Kana | None) -> bool:
    if asked is None:
        return True
    return person is not None and person.without_spaces() == asked.without_spaces()
