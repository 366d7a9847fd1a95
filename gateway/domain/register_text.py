"""Names, addresses and notes as the register holds them: Unicode, selectors, 住基ネット統一文字 tokens.

One inline form, a plain string that any SOAP stack sends as ``xs:string``:

- a character that Unicode has stands for itself, with its variation selector behind it;
- a 住基ネット統一文字 that Unicode has no place for is the token ``{J+AD00}``: four upper-case hex digits;
- a literal ``{`` is written ``{{``; ``}`` needs no escape.

Each text has exactly one such form, so equal text is equal strings. Nothing is ever normalised: NFC alone
turns U+FA19 into U+795E, two forms of 神, and with it one name into another.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from gateway.domain.characters import is_ideograph, is_selector, refusal
from gateway.domain.values import InvalidValue, Masked

MAX_LENGTH = 400
"""Code points of the inline form; the contract sets shorter bounds for each field."""

_SPACES = " \u3000"
_TOKEN = re.compile(r"\{J\+([0-9A-F]{4})\}")
# Texts of nothing but everyday characters (ASCII without "{", kana, kanji, full-width letters and digits),
# which break no rule below: told in one step, since registers are full of them.
_EVERYDAY = "!-z|}~ぁ-ゖァ-ヺー々〆一-\u9ffc０-９Ａ-Ｚａ-ｚ－"
_PLAIN = re.compile(f"[{_EVERYDAY}](?:[{_EVERYDAY} \u3000]*[{_EVERYDAY}])?")

# Blocks of 住基ネット統一文字 with no (or no certain) equal in Unicode: kanji, 変体仮名, added kanji,
# compatibility signs. The others are equal to UCS and are sent as the Unicode character.
_TOKEN_BLOCKS = ((0xAAA0, 0xABFF), (0xAC00, 0xACFF), (0xAD00, 0xD6FF), (0xFF00, 0xFFFE))


@dataclass(frozen=True, slots=True)
class JukiCode:
    """One 住基ネット統一文字 outside Unicode, by its four hex digits (``AD00`` for J+AD00).

    Raises InvalidValue ``token`` (not four upper-case hex digits) or ``token-block``
    (a code that Unicode has).
    """

    code: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9A-F]{4}", self.code):
            raise InvalidValue("juki-code", "token")
        if not any(first <= int(self.code, 16) <= last for first, last in _TOKEN_BLOCKS):
            raise InvalidValue("juki-code", "token-block")

    @property
    def token(self) -> str:
        """Its inline form."""
        return f"{{J+{self.code}}}"


@dataclass(frozen=True, slots=True, repr=False)
class RegisterText(Masked):
    """A text of the register in its inline form, ``inline``.

    Raises InvalidValue: ``empty``, ``too-long``, ``token`` (a brace that begins no token), ``token-block``,
    ``selector`` (a variation selector that follows no ideograph), ``mark`` (a combining mark that follows
    nothing), ``edge-space``, or the code of a character that may not stand in it (``control``, ``format``,
    ``surrogate``, ``private-use``, ``unassigned``, ``separator``, ``space``, ``invisible``,
    ``hidden-juki-code``).
    """

    inline: str

    def __post_init__(self) -> None:
        text = self.inline
        if not text:
            raise InvalidValue("register-text", "empty")
        if len(text) > MAX_LENGTH:
            raise InvalidValue("register-text", "too-long")
        if _PLAIN.fullmatch(text):
            return
        if text[0] in _SPACES or text[-1] in _SPACES:
            raise InvalidValue("register-text", "edge-space")
        before = ""
        for part in parts(text):
            if isinstance(part, JukiCode):
                before = ""
                continue
            code = refusal(part)
            if code is None and is_selector(part):
                code = None if before and is_ideograph(before) else "selector"
            elif code is None and not before and unicodedata.category(part) in ("Mn", "Mc", "Me"):
                code = "mark"
            if code is not None:
                raise InvalidValue("register-text", code)
            before = part

    @classmethod
    def literal(cls, text: str) -> Self:
        """A text without tokens: braces in it are escaped."""
        return cls(text.replace("{", "{{"))

    @classmethod
    def of(cls, pieces: tuple[str | JukiCode, ...]) -> Self:
        """A text of literal strings and codes in their order."""
        return cls("".join(p.token if isinstance(p, JukiCode) else p.replace("{", "{{") for p in pieces))

    @property
    def elements(self) -> tuple[str | JukiCode, ...]:
        """Its characters (selectors each on their own) and codes, unescaped."""
        return tuple(parts(self.inline))

    def without_spaces(self) -> str:
        """The inline form without U+0020 and U+3000, for comparing."""
        return self.inline.translate({0x20: None, 0x3000: None})


def parts(inline: str) -> list[str | JukiCode]:
    """The inline form taken apart, left to right; InvalidValue ``token`` where a brace begins no token."""
    found: list[str | JukiCode] = []
    at = 0
    while at < len(inline):
        if inline[at] != "{":
            found.append(inline[at])
            at += 1
        elif inline.startswith("{{", at):
            found.append("{")
            at += 2
        elif match := _TOKEN.match(inline, at):
            found.append(JukiCode(match.group(1)))
            at = match.end()
        else:
            raise InvalidValue("register-text", "token")
    return found
