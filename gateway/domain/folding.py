"""Search keys: what two texts have in common when a clerk looks for the same person or place.

住民記録システム標準仕様書 2.1.2 names what a search ignores: 清音・濁音・半濁音 (ヂ=ジ, ズ=ヅ, ワ=ハ,
ヴァ=バ, ヴ=ブ, オ=ヲ, ヒ=ピ), small and large kana, spaces, the long vowel, ウ behind an オ段 kana, width,
the kinds of hyphen, and variants of kanji. Our own rules beside it: ひらがな = カタカナ, ヰ=イ, ヱ=エ,
capital = small letters, punctuation and marks on letters ignored, 々 = the character before it, and what
fold_address says.

A key of the beginning of a text is the beginning of its key, unless it is cut inside ヴァ or a number.
Keys are for finding only: stored text is never changed, and a key is never shown. They are stored, so a
change of any rule here is a new ``FOLDING``.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product
from typing import Final

from gateway.domain.characters import is_ideograph, is_selector
from gateway.domain.kanji_variants import base_form

FOLDING: Final = 1
"""Version of these rules and of the table of variants; keys of another version must be made anew."""

_TOKEN = re.compile(r"\{(?:\{|J\+([0-9A-F]{4})\})")
_TOKEN_PLANE = 0xF0000  # private use, which no register text holds: a token is one character of a key

_SMALL = str.maketrans("ァィゥェォヵヶッャュョヮ", "アイウエオカケツヤユヨワ")
_ALIKE = str.maketrans("ワヲヰヱ", "ハオイエ")
_VOICED_V = {"ァ": "ハ", "ィ": "ヒ", "ェ": "ヘ", "ォ": "ホ", "ア": "ハ", "イ": "ヒ", "エ": "ヘ", "オ": "ホ"}
_V = re.compile("ヴ([ァィェォアイエオ]?)")
_WA_ROW = {"ヷ": "ハ", "ヸ": "ヒ", "ヹ": "ヘ", "ヺ": "ホ"}
_HIRAGANA = {chr(code): chr(code + 0x60) for code in range(ord("ぁ"), ord("ゖ") + 1)}
_KATAKANA = str.maketrans(_WA_ROW | _HIRAGANA)
_JI_ZU = str.maketrans("ヂヅ", "ジズ")
_VU = ("ヴ", "ゔ")
_CHI_TSU = str.maketrans("ヂヅ", "チツ")
_U_AFTER_O = re.compile("(?<=[オコソトノホモヨロ])ウ+")
_MOST_CHOICES = 3  # of ヂ and ヅ in one reading, each told apart


class _Folded(dict[int, str]):
    """Code point to folded characters, each worked out when it is first met."""

    def __init__(self, separators: str) -> None:
        super().__init__()
        self._separators = separators  # what a space and a hyphen become

    def __missing__(self, code: int) -> str:
        character = chr(code).translate(_KATAKANA).translate(_JI_ZU)
        folded = self[code] = self._fold(character)
        return folded

    def _fold(self, character: str) -> str:
        category = unicodedata.category(character)
        if character in "-ー−" or category in ("Pd", "Zs"):
            return self._separators
        if is_selector(character) or category[0] in "PM":
            return ""
        if is_ideograph(character) or character == "⻆":
            return base_form(character)
        if "ァ" <= character <= "ヺ":
            kana = unicodedata.normalize("NFD", character)[0]  # without its voicing mark
            return kana.translate(_SMALL).translate(_ALIKE)
        plain = unicodedata.normalize("NFKC", character.casefold())
        plain = "".join(c for c in unicodedata.normalize("NFD", plain) if unicodedata.category(c)[0] != "M")
        return plain if plain == character else plain.translate(self)


_NAMES = _Folded("")
_ADDRESSES = _Folded("-")


def _characters(inline: str) -> str:
    """The inline form as plain characters: full and half width alike, tokens as one, ヴァ as ハ."""
    if "{" in inline:
        inline = _TOKEN.sub(lambda m: chr(_TOKEN_PLANE + int(m[1], 16)) if m[1] else "{", inline)
    return _voiced(unicodedata.normalize("NFKC", inline))


def _kana_together(text: str) -> str:
    """What depends on the neighbour: ヴァ is one sound, and ウ behind an オ段 kana lengthens it."""
    return _U_AFTER_O.sub(lambda m: "オ" * len(m[0]), text) if "ウ" in text else text


def _voiced(text: str) -> str:
    if not any(vu in text for vu in _VU):
        return text
    return _V.sub(lambda m: _VOICED_V.get(m[1], "フ"), text.translate(_KATAKANA))


def _repeated(text: str) -> str:
    """々 as the character that it repeats."""
    if "々" not in text:
        return text
    found: list[str] = []
    for character in text:
        found.append(found[-1] if character == "々" and found else character)
    return "".join(found)


def fold_name(text: str) -> str:
    """The key of a name in its inline form. May be empty, for a name of punctuation only."""
    return _repeated(_kana_together(_characters(text).translate(_NAMES)))


def fold_kana(text: str) -> str:
    """The key of a reading, ヂ and ヅ taken as ジ and ズ."""
    return fold_name(text)


def kana_keys(text: str) -> tuple[str, ...]:
    """Every key of a reading; two readings are alike when they have one in common.

    ヂ is alike to ジ and, voicing ignored, to チ; but チ is not alike to ジ, so one key cannot say it.
    Likewise ヅ, ズ and ツ. The first key is ``fold_kana``'s; beyond three such kana they go together.
    """
    pieces = re.split("([ヂヅ])", text)
    if len(pieces) == 1:
        return (fold_name(text),)
    if len(pieces) // 2 > _MOST_CHOICES:
        return (fold_name(text), fold_name(text.translate(_CHI_TSU)))
    choices = [dict.fromkeys((piece, piece.translate(_CHI_TSU))) for piece in pieces]
    return tuple(dict.fromkeys(fold_name("".join(choice)) for choice in product(*choices)))


_NUMERALS = re.compile("[〇零一二三四五六七八九十百千]+")
_DIGIT = {numeral: value for value, numeral in enumerate("〇一二三四五六七八九")} | {"零": 0}
_SCALE = {"十": 10, "百": 100, "千": 1000}
_NUMBER = re.compile("([0-9]+)(?:丁目?|番地|番|号室?|[ノ-])*")
_STRAY = re.compile("(?<![0-9])-+")


def _number(numerals: str) -> str:
    """漢数字 in digits: 二十三 and 二三 are 23, 一〇一 is 101."""
    if _SCALE.keys().isdisjoint(numerals):
        return "".join(str(_DIGIT[numeral]) for numeral in numerals)
    total = digit = 0
    for numeral in numerals:
        if numeral in _SCALE:
            total += (digit or 1) * _SCALE[numeral]
            digit = 0
        else:
            digit = digit * 10 + _DIGIT[numeral]
    return str(total + digit)


def _in_digits(numerals: re.Match[str]) -> str:
    return _number(numerals[0])


def _ended(number: re.Match[str]) -> str:
    return number[1] + "-"


def fold_address(text: str) -> str:
    """The key of an address in its inline form: as a name, and numbers in one way.

    九段南一丁目2番地の1号, 九段南１－２－１ and 九段南1の2の1 are alike: 漢数字 are digits, each number
    ends in a hyphen, and 丁目, 番地, 番, 号, の, spaces and hyphens behind it are gone. A number is a number
    wherever it stands (六本木 begins with 6), so a prefix ends on whole numbers: 一丁目 does not find 12丁目.
    ヶ, ケ, が and カ are alike (霞ヶ関, 霞が関).
    """
    plain = _repeated(_characters(text).translate(_ADDRESSES))
    counted = _NUMBER.sub(_ended, _NUMERALS.sub(_in_digits, plain))
    return _kana_together(_STRAY.sub("", counted)).replace("カ", "ケ")
