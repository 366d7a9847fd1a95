"""氏名のフリガナ: the reading of a name in full-width katakana."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.values import InvalidValue, Masked

_KANA = re.compile("[\u30a1-\u30fa\u30fb\u30fc]+(?:[ \u3000][\u30a1-\u30fa\u30fb\u30fc]+)*")
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True, repr=False)
class Kana(Masked):
    """A reading: full-width katakana, ー and ・, words parted by one space (U+0020 or U+3000).

    Own rule; registers keep readings in katakana (住民記録システム標準仕様書 1.1.18). Raises InvalidValue
    ``kana`` or ``too-long``.
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > MAX_LENGTH:
            raise InvalidValue("kana", "too-long")
        if not _KANA.fullmatch(self.text):
            raise InvalidValue("kana", "kana")

    def without_spaces(self) -> str:
        """The reading without its spaces, for comparing."""
        return self.text.replace(" ", "").replace("\u3000", "")
