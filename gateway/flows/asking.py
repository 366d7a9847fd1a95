"""What becomes of a counterpart's failure: the operation's own fault, never a guess at an answer."""

from __future__ import annotations

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


@contextmanager
def asking(destination: str) -> Iterator[None]:
    """Within: a call to ``destination``. Its CounterpartError leaves as an OperationFault, by kind."""
    try:
        yield
    except CounterpartError as error:
        code = _code(error)
        reference = error.reference if isinstance(error, CounterpartFault) else None
        telemetry.warning(
            "counterpart-failed", destination=destination, code=code, reference=reference, error=_kind(error)
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


def _kind(error: CounterpartError) -> str:
    """The kind of error, and for a fault its code: never a text that a counterpart wrote."""
    if isinstance(error, CounterpartFault):
        return f"{error.standing} fault {error.code}"
    cause = error.__cause__
    return type(error).__name__ if cause is None else f"{type(error).__name__}: {cause}"
