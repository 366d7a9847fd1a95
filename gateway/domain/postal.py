"""郵便番号 and telephone numbers, as an addressee's header and people carry them (own rules)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.values import InvalidValue, Masked

_POSTAL = re.compile("[0-9]{7}")
_PHONE = re.compile("0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}")
_PHONE_DIGITS = (10, 11)


@dataclass(frozen=True, slots=True, repr=False)
class PostalCode(Masked):
    """Seven digits without a hyphen. Raises InvalidValue ``digits``; whether it was assigned is not known."""

    digits: str

    def __post_init__(self) -> None:
        if not _POSTAL.fullmatch(self.digits):
            raise InvalidValue("postal-code", "digits")


@dataclass(frozen=True, slots=True, repr=False)
class Phone(Masked):
    """A Japanese telephone number, ten or eleven digits in three groups. Raises InvalidValue ``phone``."""

    text: str

    def __post_init__(self) -> None:
        if not _PHONE.fullmatch(self.text) or len(self.text) - 2 not in _PHONE_DIGITS:
            raise InvalidValue("phone", "phone")
