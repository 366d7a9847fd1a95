"""Domain values to what zeep takes, and back, for the types that services share."""

from __future__ import annotations

from typing import Any

from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code


def caller_values(caller: Caller) -> dict[str, Any]:
    """The ``caller`` element."""
    return {
        "municipality": caller.municipality.digits,
        "terminal": caller.terminal,
        "operator": {
            "verificationId": caller.operator.verification_id,
            "operatorId": caller.operator.operator_id,
        },
        "purpose": caller.purpose.value,
    }


def basic_four_values(items: BasicFour) -> dict[str, Any]:
    """The ``items`` element (基本4情報)."""
    return {
        "name": items.name.inline,
        "birthDate": date_values(items.birth_date),
        "sex": items.sex.value,
        "address": items.address.inline,
    }


def date_values(date: RegisterDate) -> dict[str, Any]:
    """A register date; its text only where the form of the date has one."""
    values = {"calendar": date.calendar.value, "digits": date.digits, "certainty": date.certainty.value}
    return values if date.text is None else {**values, "text": date.text.inline}


def read_basic_four(items: Any) -> BasicFour:
    """The ``items`` element as zeep read it. Raises InvalidValue."""
    return BasicFour(
        name=RegisterText(items.name),
        birth_date=read_date(items.birthDate),
        sex=read_code(Sex, items.sex),
        address=RegisterText(items.address),
    )


def read_date(date: Any) -> RegisterDate:
    """A register date as zeep read it. Raises InvalidValue."""
    return RegisterDate(
        read_code(Calendar, date.calendar),
        date.digits,
        read_code(Certainty, date.certainty),
        None if date.text is None else RegisterText(date.text),
    )
