"""Variants of kanji (異体字) as one form for search keys: 渡邉, 渡邊 and 渡辺, 髙 and 高, 𠮷 and 吉.

The pairs are those of the MJ縮退マップ of 文字情報技術促進協議会 (some 20,000 characters), through the
package jntajis: its data is under CC BY-SA 2.1 JP, so it is depended on and no copy of it is kept here. The
map goes from 60,000 characters to the 10,000 of JIS X 0213 and often does not join two that are both in
there; the pairs of those that occur in names are in ``FAMILIES`` (new and old forms of 常用漢字表 and
人名用漢字, and forms in everyday use; own rule).

Only for finding people: two names whose keys are equal may well be two names.
"""

from __future__ import annotations

from functools import cache

from jntajis import MJShrinkSchemeCombo, mj_shrink_candidates

_SCHEMES = (
    MJShrinkSchemeCombo.JIS_INCORPORATION_UCS_UNIFICATION_RULE  # JIS包摂規準・UCS統合規則
    | MJShrinkSchemeCombo.INFERENCE_BY_READING_AND_GLYPH  # 読み・字形による類推
    | MJShrinkSchemeCombo.MOJ_NOTICE_582  # 法務省告示582号別表第四
    | MJShrinkSchemeCombo.MOJ_FAMILY_REGISTER_ACT_RELATED_NOTICE  # 法務省戸籍法関連通達・通知
)
_MOST_CANDIDATES = 100  # of one character; the map has four at most

FAMILIES = (
    *("斉斎", "藤籐", "桧檜", "薮藪", "亘亙", "凜凛", "巌巖", "晃晄", "穣穰", "遥遙", "鴬鶯", "皐皋", "砺礪"),
    *("礒磯", "騨驒", "篭籠", "竈竃", "涛濤", "諌諫", "麹麴", "麸麩", "鰺鯵", "叡睿", "裏裡", "鈎鉤", "剥剝"),
    *("叱𠮟", "兎菟", "杉椙", "嶺岺", "梅槑", "角⻆", "西覀", "竹笁", "恵㤙", "喜㐂", "熊𤋮", "昭𣇃", "朝𣎃"),
    *("渡𣴎", "盛𥁋", "弘𢎭", "隅嵎", "楠柟", "槙槇", "堯尭", "祢禰", "萱萓"),
)
"""Forms of one character that the map does not join."""


def _candidates(character: str) -> list[str]:
    found = set(mj_shrink_candidates(character, _SCHEMES, _MOST_CANDIDATES))
    return sorted(found - {character})


def _shrunk(character: str) -> str:
    """Where the map leads: to a character that it leads no further from, or round to where it was."""
    way = [character]
    while found := _candidates(way[-1]):
        ends = [candidate for candidate in found if not _candidates(candidate)]
        following = (ends or found)[0]
        if following in way:  # 真 and 眞 are each other's form
            return min(way[way.index(following) :])
        way.append(following)
    return way[-1]


@cache
def _families() -> dict[str, str]:
    return {_shrunk(member): _shrunk(family[0]) for family in FAMILIES for member in family}


def base_form(character: str) -> str:
    """The one character that stands for it and all its variants; itself when it has none known."""
    shrunk = _shrunk(character)
    return _families().get(shrunk, shrunk)
