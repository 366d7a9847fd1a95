"""What becomes of a counterpart's failure: the operation's own fault, never a guess at an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gateway import telemetry
from gateway.domain.faults import operation_fault
from gateway.errors import (
    CounterpartAnswerInvalid,
    CounterpartError,
    CounterpartFault,
    CounterpartTimeout,
)

_CODE = re.compile("[A-Za-z]{1,64}")
_REFERENCE = re.compile("[0-9a-f]{20}")  # as drawn by this product; digits of a person are fewer


@contextmanager
def asking(destination: str) -> Iterator[None]:
    """Within: a call to ``destination``. Its CounterpartError leaves as an OperationFault, by kind."""
    try:
        yield
    except CounterpartError as error:
        code = _code(error)
        telemetry.warning(
            "counterpart-failed",
            destination=destination,
            code=code,
            counterpart_reference=_reference(error),  # beside our own reference, which every line has
            error=_kind(error),
        )
        raise operation_fault(code) from error


def _code(error: CounterpartError) -> str:
    if isinstance(error, CounterpartTimeout):
        return "CounterpartTimeout"
    if isinstance(error, CounterpartFault):
        return "CounterpartRefused" if error.standing == "bound" else "CounterpartAnswerInvalid"
    if isinstance(error, CounterpartAnswerInvalid):
        return "CounterpartAnswerInvalid"
    return "CounterpartUnavailable"


def _reference(error: CounterpartError) -> str | None:
    """The counterpart's own reference, from a fault that is its answer to us and in the contract's form."""
    if isinstance(error, CounterpartFault) and error.standing == "bound":
        return error.reference if _REFERENCE.fullmatch(error.reference or "") else None
    return None


def _kind(error: CounterpartError) -> str:
    """The kind of error, and for a fault its code: never a text that a counterpart made up."""
    if isinstance(error, CounterpartFault):
        return f"{error.standing} fault {error.code if _CODE.fullmatch(error.code) else 'of its own'}"
    cause = error.__cause__
    return type(error).__name__ if cause is None else f"{type(error).__name__}: {cause}"
