"""本人確認情報 (identity record): what a register holds of one person now (住民基本台帳法30条の6)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.codes import Sex
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.kana import Kana
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import Masked


@dataclass(frozen=True, slots=True, repr=False)
class IdentityRecord(Masked):
    """One person: the four items, 住民票コード and 個人番号, and the other names a person may be known by.

    ``common_name`` is the 通称, ``former_surname`` the 旧氏, ``latin_name`` the name in Latin letters of a
    foreign resident; ``municipality`` is where the record is kept.
    """

    code: ResidentRecordCode
    individual_number: IndividualNumber | None
    name: RegisterText
    kana: Kana | None
    latin_name: RegisterText | None
    common_name: RegisterText | None
    former_surname: RegisterText | None
    birth_date: RegisterDate
    sex: Sex
    address: RegisterText
    municipality: MunicipalityCode
