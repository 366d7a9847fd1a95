"""Names of municipalities by code.

``municipalities.csv`` holds the 1,741 municipalities as published by the Ministry of Internal Affairs
and Communications (総務省, 全国地方公共団体コード), state of October 2020: code, prefecture, name, and
both in half-width kana. Wards of designated cities (指定都市の区) are not in it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.domain.identifiers import MunicipalityCode

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Municipality:
    """One municipality (市区町村); the kana are half-width, as published."""

    code: MunicipalityCode
    prefecture: str
    name: str
    prefecture_kana: str
    name_kana: str


@cache
def municipalities() -> Mapping[MunicipalityCode, Municipality]:
    """All municipalities by code, read once at the first call."""
    with Path(__file__).with_name("municipalities.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Municipality(
                MunicipalityCode(row["code"]),
                row["prefecture"],
                row["name"],
                row["prefecture_kana"],
                row["name_kana"],
            )
            for row in csv.DictReader(file)
        ]
    return MappingProxyType({row.code: row for row in rows})


def municipality(code: MunicipalityCode) -> Municipality | None:
    """The municipality with this code, or None when the table has none."""
    return municipalities().get(code)
