"""Which characters register text may hold: no controls, nothing invisible, no 住基 code posing as Unicode.

The traps are in docs/domain.md, "Characters". Nothing here changes a character.
"""

from __future__ import annotations

import unicodedata

# Code points that Python 3.11's Unicode 14 does not know, so that the answer does not hang on the
# interpreter: CJK extensions H (Unicode 15.0), I (15.1) and J (17.0).
_LATER_IDEOGRAPHS = ((0x2EBF0, 0x2EE5D), (0x31350, 0x323AF), (0x323B0, 0x33479))

_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2EBE0),
    (0x2F800, 0x2FA1F),
    (0x30000, 0x3134A),
    *_LATER_IDEOGRAPHS,
)

# U+AAA0 to U+D7FF is where 住基ネット統一文字 keeps kanji and 変体仮名 that are something else in Unicode
# (mostly Hangul): raw J codes sent as UTF-8 land here. The other three are Hangul too.
_HIDDEN_CODES = ((0xAAA0, 0xD7FF), (0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xFFA0, 0xFFDC))

# Default_Ignorable_Code_Point beyond category Cf, which is refused as a whole, and the selectors below.
_INVISIBLE = ((0x034F, 0x034F), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0xFFF0, 0xFFF8))

_REFUSED_CATEGORIES = {
    "Cc": "control",
    "Cf": "format",  # bidi controls, zero width joiners, tags, soft hyphen, byte order mark
    "Cs": "surrogate",
    "Co": "private-use",
    "Cn": "unassigned",  # noncharacters too
    "Zl": "separator",
    "Zp": "separator",
}


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def is_selector(character: str) -> bool:
    """Whether it is a variation selector (異体字セレクタ): U+FE00 to FE0F, U+E0100 to E01EF."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def is_ideograph(character: str) -> bool:
    """Whether it is a CJK ideograph, compatibility ones included."""
    return _within(ord(character), _IDEOGRAPHS)


def refusal(character: str) -> str | None:
    """Why this one character may not stand in register text: a code, or None when it may.

    Variation selectors pass here; where they may stand is the text's rule.
    """
    code = ord(character)
    if is_selector(character):
        return None
    if _within(code, _HIDDEN_CODES):
        return "hidden-juki-code"
    if _within(code, _INVISIBLE):
        return "invisible"
    category = unicodedata.category(character)
    if category == "Zs" and character not in (" ", "\u3000"):
        return "space"
    if category == "Cn" and _within(code, _LATER_IDEOGRAPHS):
        return None
    return _REFUSED_CATEGORIES.get(category)
