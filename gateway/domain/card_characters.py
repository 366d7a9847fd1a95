"""代替文字: which characters a 署名用電子証明書 can hold, and what stands for those that it cannot.

Characters outside of JIS X 0208 and JIS X 0212 are replaced before a name or an address goes to the card
(public page: text of the 公的個人認証サービス, https://ashphy.hateblo.jp/entry/2022/03/12/012036). ASCII is
taken too, and characters that only differ by whose table of JIS X 0208 one reads (own rules). Places are
counted from 1 over characters as people see them: one with its variation selector is one, so is a
住基ネット統一文字.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.domain.characters import is_selector
from gateway.domain.register_text import JukiCode, RegisterText
from gateway.domain.values import InvalidValue, Masked

_CODEC: Final = "iso2022_jp_1"  # ASCII, JIS X 0201 Roman, JIS X 0208, JIS X 0212
_OTHER_TABLE: Final = dict.fromkeys(map(ord, "－～∥―￠￡￢¦"), "あ")
MOST_PLACES: Final = 400


def units(text: RegisterText) -> tuple[str, ...]:
    """The characters of a text, each with its selector, a 住基ネット統一文字 as its token."""
    found: list[str] = []
    for element in text.elements:
        if isinstance(element, JukiCode):
            found.append(element.token)
        elif is_selector(element):
            found[-1] += element
        else:
            found.append(element)
    return tuple(found)


def outside(text: RegisterText) -> tuple[int, ...]:
    """The places of characters that the card cannot hold."""
    if "{" not in text.inline and _holds(text.inline):
        return ()
    return tuple(place for place, unit in enumerate(units(text), start=1) if not _holds(unit))


def _holds(text: str) -> bool:
    try:
        text.translate(_OTHER_TABLE).encode(_CODEC)
    except UnicodeEncodeError:
        return False
    # A token's braces and letters are ASCII; what it names is not.
    return len(text) == 1 or not text.startswith("{J+")


@dataclass(frozen=True, slots=True, repr=False)
class Substitute(Masked):
    """代替文字氏名 or 代替文字住所 with its 位置情報: the text for the card, and where it was replaced.

    Raises InvalidValue ``places`` (none, not rising, or none that a text can have).
    """

    text: RegisterText
    places: tuple[int, ...]

    def __post_init__(self) -> None:
        rising = all(before < after for before, after in zip(self.places, self.places[1:], strict=False))
        if not self.places or not rising or not 1 <= self.places[0] <= self.places[-1] <= MOST_PLACES:
            raise InvalidValue("substitute", "places")


def substitute_fits(text: RegisterText, substitute: Substitute | None) -> bool:
    """Whether a substitute is there where one is needed, replaces what must be and leaves all else."""
    places = outside(text)
    if substitute is None:
        return not places
    before, after = units(text), units(substitute.text)
    return (
        substitute.places == places
        and len(before) == len(after)
        and not outside(substitute.text)
        and all(
            old == new
            for place, (old, new) in enumerate(zip(before, after, strict=True), start=1)
            if place not in places
        )
    )
