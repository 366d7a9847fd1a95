"""Changes to report in tests: invented people, one way to make each kind of change."""

from __future__ import annotations

import dataclasses
from typing import Any

from gateway.domain.caller import Caller, Operator
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Purpose, Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText

HOME = "131016"
DAY = RegisterDate.exact(Calendar.REIWA, 2026, 11, 20)


def clerk(municipality: str = HOME) -> Caller:
    """Who reports, as a development network has them registered."""
    return Caller(
        MunicipalityCode(municipality),
        f"{municipality}-R001",
        Operator(f"V{municipality}0101", "OP01"),
        Purpose.OFFICIAL_CORRECTION,
    )


def code(person: int) -> ResidentRecordCode:
    """The 住民票コード of an invented person."""
    return ResidentRecordCode.from_base(f"{person:010d}")


def record(person: int, address: str = "東京都千代田区丸の内一丁目1番", **changes: Any) -> IdentityRecord:
    """An invented person."""
    made = IdentityRecord(
        code=code(person),
        individual_number=IndividualNumber.from_base(f"{person:011d}"),
        name=RegisterText("試験\u3000太郎"),
        kana=Kana("シケン タロウ"),
        latin_name=None,
        common_name=None,
        former_surname=None,
        birth_date=RegisterDate.exact(Calendar.SHOWA, 1980, 1, 7),
        sex=Sex.MALE,
        address=RegisterText(address),
        municipality=MunicipalityCode(HOME),
    )
    return dataclasses.replace(made, **changes)


def entry(person: int, number: int = 1, **changes: Any) -> Change:
    """A move-in."""
    return Change(number, ChangeReason.MOVE_IN, DAY, record(person, **changes))


def move(person: int, number: int, address: str, **changes: Any) -> Change:
    """A move within the municipality."""
    return Change(number, ChangeReason.MOVE_WITHIN, DAY, record(person, address, **changes))


def removal(person: int, number: int, reason: ChangeReason = ChangeReason.MOVE_OUT, **changes: Any) -> Change:
    """A removal."""
    return Change(number, reason, DAY, record(person, **changes))


def recode(person: int, number: int, new: int, **changes: Any) -> Change:
    """A change of the 住民票コード."""
    made = record(person, **{"code": code(new), **changes})
    return Change(number, ChangeReason.CODE_CHANGE_ASKED, DAY, made, code(person))


def report(*changes: Change, caller: Caller | None = None) -> ChangeReport:
    """A report of them."""
    return ChangeReport(caller or clerk(), changes)
