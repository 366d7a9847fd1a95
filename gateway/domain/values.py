"""What every domain value shares: the error for a bad value, and a repr that shows nothing of a person."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TypeVar

from gateway.errors import GatewayError

Code = TypeVar("Code", bound=Enum)


class InvalidValue(GatewayError, ValueError):
    """A value that its type does not allow.

    ``code`` is stable and says which rule (``digits``, ``check-digit`` …), ``what`` names the type.
    Neither they nor the text hold the value itself.
    """

    def __init__(self, what: str, code: str) -> None:
        super().__init__(f"{what}: {code}")
        self.what = what
        self.code = code


class Masked:
    """Base of values that are personal data: ``repr``, ``str`` and f-strings show the type name only."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


def read_code(table: type[Code], value: str) -> Code:
    """The member of a code table by its value; InvalidValue ``code``, which unlike Enum quotes nothing."""
    member: Code | None = _members(table).get(value)
    if member is None:
        raise InvalidValue(table.__name__, "code")
    return member


@cache
def _members(table: type[Code]) -> dict[str, Code]:
    return {member.value: member for member in table}
