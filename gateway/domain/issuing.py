"""What 機構 issues: blocks of 住民票コード that nobody has yet (空きコード), and a 個人番号 for a person.

A request has a reference of the requester's: the same one again gets what was issued for it before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.caller import Caller
from gateway.domain.codes import Coded
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue

MOST_CODES: Final = 1_000
"""Of one block (own rule)."""

_REFERENCE: Final = re.compile("[0-9A-Za-z-]{8,64}")


class NumberReason(Coded):
    """Why a 個人番号 is requested."""

    NEW = ("new", "新規", "The person has none yet.")
    CHANGE = ("change", "変更", "The person's number is to be changed.")


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """So many codes. Raises InvalidValue ``reference`` or ``range``."""

    caller: Caller
    reference: str
    count: int

    def __post_init__(self) -> None:
        _check_reference(self.reference)
        if not 1 <= self.count <= MOST_CODES:
            raise InvalidValue("count", "range")


@dataclass(frozen=True, slots=True, repr=False)
class CodeBlock:
    """The codes, when they were issued (UTC), and for which request."""

    issued_at: datetime
    reference: str
    codes: tuple[ResidentRecordCode, ...]

    def __post_init__(self) -> None:
        require_utc(self.issued_at)
        _check_reference(self.reference)

    def __repr__(self) -> str:
        return "CodeBlock(***)"


@dataclass(frozen=True, slots=True)
class NumberRequest:
    """A number for the person with this code. Raises InvalidValue ``reference``."""

    caller: Caller
    reference: str
    code: ResidentRecordCode
    reason: NumberReason

    def __post_init__(self) -> None:
        _check_reference(self.reference)


@dataclass(frozen=True, slots=True)
class IssuedNumber:
    """The number, when it was issued (UTC), for which request and for whom."""

    issued_at: datetime
    reference: str
    code: ResidentRecordCode
    number: IndividualNumber

    def __post_init__(self) -> None:
        require_utc(self.issued_at)
        _check_reference(self.reference)


def _check_reference(reference: str) -> None:
    if not _REFERENCE.fullmatch(reference):
        raise InvalidValue("reference", "reference")
