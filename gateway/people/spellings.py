"""How one name is written: old forms, variants, selectors, characters beyond the basic plane, tokens.

Shares are of the people who bear the character in a name, estimated from general knowledge.
"""

from __future__ import annotations

from typing import Final

Forms = tuple[tuple[str, float], ...]

SURNAMES: Final[dict[str, Forms]] = {
    "高": (("髙", 0.12),),
    "辺": (
        ("邊", 0.18),
        ("邉", 0.18),
        ("邉\U000e0101", 0.02),
        ("邉\U000e0106", 0.01),
        ("邊\U000e0103", 0.02),
    ),
    "崎": (("﨑", 0.12), ("嵜", 0.01)),
    "吉": (("𠮷", 0.07),),
    "浜": (("濱", 0.20), ("濵", 0.08)),
    "沢": (("澤", 0.30),),
    "島": (("嶋", 0.12), ("嶌", 0.01)),
    "桜": (("櫻", 0.15),),
    "徳": (("德", 0.12),),
    "広": (("廣", 0.25),),
    "国": (("國", 0.25),),
    "斎": (("齋", 0.30),),
    "斉": (("齊", 0.15),),
    "富": (("冨", 0.15),),
    "土": (("圡", 0.03), ("𡈽", 0.02)),
    "橋": (("𣘺", 0.004),),
    "柳": (("栁", 0.04),),
    "桑": (("桒", 0.05),),
    "神": (("\ufa19", 0.03),),
    "福": (("\ufa1b", 0.03),),
    "塚": (("\ufa10", 0.10),),
    "瀬": (("瀨", 0.10),),
    "滝": (("瀧", 0.20),),
    "関": (("關", 0.03),),
    "黒": (("黑", 0.05),),
    "増": (("增", 0.04),),
    "横": (("橫", 0.03),),
    "清": (("淸", 0.02),),
    "青": (("靑", 0.02),),
    "館": (("舘", 0.30),),
    "葛": (("葛\U000e0100", 0.30), ("葛\U000e0101", 0.10)),
    "辻": (("辻\U000e0100", 0.25),),
    "榊": (("榊\U000e0101", 0.10),),
    "榎": (("榎\U000e0101", 0.10),),
    "樋": (("樋\U000e0101", 0.10),),
    "遠": (("遠\U000e0101", 0.01),),
    "桧": (("檜", 0.30),),
    "鴎": (("鷗", 0.50),),
}

GIVEN: Final[dict[str, Forms]] = {
    "恵": (("惠", 0.04),),
    "真": (("眞", 0.05),),
    "寿": (("壽", 0.05),),
    "実": (("實", 0.04),),
    "栄": (("榮", 0.06),),
    "静": (("靜", 0.05),),
    "徳": (("德", 0.06),),
    "広": (("廣", 0.04),),
    "国": (("國", 0.04),),
    "桜": (("櫻", 0.03),),
    "隆": (("\uf9dc", 0.03),),
    "祐": (("\ufa4f", 0.03),),
    "晴": (("\ufa12", 0.03),),
    "巌": (("巖", 0.30),),
    "弥": (("彌", 0.06),),
    "清": (("淸", 0.03),),
    "郎": (("郞", 0.01),),
    "芳": (("芳\U000e0101", 0.01),),
}

TOKEN_SURNAMES: Final = (
    ("{J+AD01}野", "ツカノ"),
    ("{J+AD2F}田", "カブタ"),
    ("{J+B0A4}山", "カゲヤマ"),
    ("大{J+B123}", "オオヌキ"),
    ("{J+BE07}口", "ミゾグチ"),
    ("{J+C35C}井", "フカイ"),
    ("小{J+CA10}", "コグレ"),
    ("{J+AAB3}見", "ワシミ"),
    ("{J+D6FE}", "サカキ"),
)
"""Surnames with a 住基ネット統一文字 outside Unicode; what the characters look like is not claimed."""

TOKEN_GIVEN: Final = (
    ("{J+AC1A}よ", "キヨ"),
    ("は{J+AC72}", "ハル"),
    ("志{J+AC40}", "シズ"),
    ("{J+AC55}み子", "フミコ"),
)
"""Given names of women with a 変体仮名 (J+AC00 to ACFF)."""


def spellings(text: str, variants: dict[str, Forms]) -> list[tuple[str, float]]:
    """``text`` and the other ways of writing it, at most one character changed, with their shares."""
    others = [
        (text.replace(character, form, 1), share)
        for character in dict.fromkeys(text)
        for form, share in variants.get(character, ())
    ]
    return [(text, 1 - sum(share for _, share in others)), *others]
