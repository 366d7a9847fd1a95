"""The three numbers that carry a check digit (検査数字): formulas in docs/domain.md, "Numbers".

A check digit finds typing errors, and not all of them; it never says that a number was issued.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul
from typing import ClassVar, Self

from gateway.domain.values import InvalidValue, Masked

_ZERO = ord("0")


def _modulo_11(base: str, weights: tuple[int, ...]) -> int:
    weighted: int = sum(map(mul, base.encode("ascii"), weights))
    return (weighted - _ZERO * sum(weights)) % 11


def _digits(what: str, text: str, count: int) -> None:
    if len(text) != count or not (text.isascii() and text.isdigit()):
        raise InvalidValue(what, "digits")


@dataclass(frozen=True, slots=True, repr=False)
class ResidentRecordCode(Masked):
    """住民票コード: ten random digits and a check digit (住民基本台帳法施行規則1条).

    Raises InvalidValue ``digits`` (not exactly 11 ASCII digits) or ``check-digit``.
    """

    digits: str
    WEIGHTS: ClassVar[tuple[int, ...]] = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)

    def __post_init__(self) -> None:
        _digits("resident-record-code", self.digits, 11)
        if self.check_digit(self.digits[:10]) != self.digits[10]:
            raise InvalidValue("resident-record-code", "check-digit")

    @classmethod
    def check_digit(cls, base: str) -> str:
        """The check digit of ten digits: 11 - (weighted sum mod 11), and 0 for a remainder of 0 or 1."""
        _digits("resident-record-code", base, 10)
        remainder = _modulo_11(base, cls.WEIGHTS)
        return "0" if remainder <= 1 else str(11 - remainder)

    @classmethod
    def from_base(cls, base: str) -> Self:
        """The whole code for ten digits."""
        return cls(base + cls.check_digit(base))


@dataclass(frozen=True, slots=True, repr=False)
class IndividualNumber(Masked):
    """個人番号: eleven digits and a check digit (平成26年総務省令85号5条).

    Raises InvalidValue ``digits`` (not exactly 12 ASCII digits) or ``check-digit``.
    """

    digits: str
    WEIGHTS: ClassVar[tuple[int, ...]] = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)

    def __post_init__(self) -> None:
        _digits("individual-number", self.digits, 12)
        if self.check_digit(self.digits[:11]) != self.digits[11]:
            raise InvalidValue("individual-number", "check-digit")

    @classmethod
    def check_digit(cls, base: str) -> str:
        """The check digit of eleven digits; a remainder of 0 or 1 gives 0."""
        _digits("individual-number", base, 11)
        remainder = _modulo_11(base, cls.WEIGHTS)
        return "0" if remainder <= 1 else str(11 - remainder)

    @classmethod
    def from_base(cls, base: str) -> Self:
        """The whole number for eleven digits."""
        return cls(base + cls.check_digit(base))


@dataclass(frozen=True, slots=True)
class MunicipalityCode:
    """全国地方公共団体コード (市区町村コード): prefecture (01 to 47), three digits, check digit.

    Not personal data. Raises InvalidValue ``digits``, ``prefecture`` or ``check-digit``. Whether a
    body with this code exists is another question: ``gateway.domain.municipalities``.
    """

    digits: str
    WEIGHTS: ClassVar[tuple[int, ...]] = (6, 5, 4, 3, 2)

    def __post_init__(self) -> None:
        _digits("municipality-code", self.digits, 6)
        if not "01" <= self.prefecture <= "47":
            raise InvalidValue("municipality-code", "prefecture")
        if self.check_digit(self.digits[:5]) != self.digits[5]:
            raise InvalidValue("municipality-code", "check-digit")

    @classmethod
    def check_digit(cls, base: str) -> str:
        """The check digit of five digits: the last digit of 11 - (weighted sum mod 11)."""
        _digits("municipality-code", base, 5)
        return str(11 - _modulo_11(base, cls.WEIGHTS))[-1]

    @classmethod
    def from_base(cls, base: str) -> Self:
        """The whole code for five digits."""
        return cls(base + cls.check_digit(base))

    @property
    def prefecture(self) -> str:
        """The two digits of the prefecture (都道府県), ``01`` to ``47``."""
        return self.digits[:2]

    @property
    def is_prefecture(self) -> bool:
        """Whether it names a prefecture itself and no municipality in it."""
        return self.digits[2:5] == "000"

    def __str__(self) -> str:
        return self.digits
