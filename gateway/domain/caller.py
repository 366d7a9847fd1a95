"""Who asks: municipality, terminal, operator and purpose; named in every request, kept in every log."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.values import InvalidValue

_ID = re.compile("[0-9A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?")


def _identifier(what: str, text: str) -> None:
    if not _ID.fullmatch(text):
        raise InvalidValue(what, "identifier")


@dataclass(frozen=True, slots=True)
class Operator:
    """操作者: ``verification_id`` (照合ID) says who, ``operator_id`` (操作者ID) with which set of rights.

    Both are 1 to 64 ASCII letters, digits and inner hyphens; else InvalidValue ``identifier``.
    """

    verification_id: str
    operator_id: str

    def __post_init__(self) -> None:
        _identifier("verification-id", self.verification_id)
        _identifier("operator-id", self.operator_id)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a question comes from: municipality (市区町村), terminal (統合端末), operator, purpose.

    ``terminal`` is an identifier like the operator's; else InvalidValue ``identifier``.
    """

    municipality: MunicipalityCode
    terminal: str
    operator: Operator
    purpose: Purpose

    def __post_init__(self) -> None:
        _identifier("terminal", self.terminal)
