"""From the plain text of message objects to domain values and back: one pair of functions per shared type.

Check digits and other rules that no facet can state are refused here, as ``value``, with the element's
path and the rule's code.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from gateway.contract import types
from gateway.contract.mapping import message_class
from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose, Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

Value = TypeVar("Value")
Given = ParamSpec("Given")

_Caller, _Operator = message_class(types.Caller), message_class(types.Operator)
_RegisterDate, _BasicFour = message_class(types.RegisterDate), message_class(types.BasicFour)


def value(where: str, make: Callable[Given, Value], *args: Given.args, **kwargs: Given.kwargs) -> Value:
    """What ``make`` makes; its InvalidValue becomes Refused ``value`` at ``where``, without the value."""
    try:
        return make(*args, **kwargs)
    except InvalidValue as exc:
        raise Refused("value", where=where, found=exc.code) from None


def read_caller(message: Any, at: str) -> Caller:
    """The caller of a request."""
    operator = message.operator
    return _caller(
        at,
        message.municipality,
        message.terminal,
        operator.verificationId,
        operator.operatorId,
        message.purpose,
    )


@lru_cache(maxsize=1024)
def _caller(
    at: str, municipality: str, terminal: str, verification_id: str, operator_id: str, purpose: str
) -> Caller:
    """The same few people ask again and again."""
    return value(
        at,
        Caller,
        value(f"{at}/municipality", MunicipalityCode, municipality),
        terminal,
        value(f"{at}/operator", Operator, verification_id, operator_id),
        value(f"{at}/purpose", read_code, Purpose, purpose),
    )


def write_caller(caller: Caller) -> Any:
    """The caller as message object."""
    return _Caller(
        municipality=caller.municipality.digits,
        terminal=caller.terminal,
        operator=_Operator(
            verificationId=caller.operator.verification_id, operatorId=caller.operator.operator_id
        ),
        purpose=caller.purpose.value,
    )


def read_date(message: Any, at: str) -> RegisterDate:
    """A register date."""
    note = None if message.text is None else value(f"{at}/text", RegisterText, message.text)
    return value(
        at,
        RegisterDate,
        value(f"{at}/calendar", read_code, Calendar, message.calendar),
        message.digits,
        value(f"{at}/certainty", read_code, Certainty, message.certainty),
        note,
    )


def write_date(date: RegisterDate) -> Any:
    """A register date as message object."""
    return _RegisterDate(
        calendar=date.calendar.value,
        digits=date.digits,
        certainty=date.certainty.value,
        text=None if date.text is None else date.text.inline,
    )


def read_basic_four(message: Any, at: str) -> BasicFour:
    """The four items."""
    return BasicFour(
        name=value(f"{at}/name", RegisterText, message.name),
        birth_date=read_date(message.birthDate, f"{at}/birthDate"),
        sex=value(f"{at}/sex", read_code, Sex, message.sex),
        address=value(f"{at}/address", RegisterText, message.address),
    )


def write_basic_four(items: BasicFour) -> Any:
    """The four items as message object; the reading is none of them and stays behind."""
    return _BasicFour(
        name=items.name.inline,
        birthDate=write_date(items.birth_date),
        sex=items.sex.value,
        address=items.address.inline,
    )
