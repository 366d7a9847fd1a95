"""Exit statuses, and which error ends the command with which: the only place that decides it.

0    done and good
1    refused, or a check found something wrong
2    used wrongly: unknown option, unreadable input
3    a store or a counterpart could not be reached in time
130  interrupted
"""

from __future__ import annotations

import typer

from gateway.errors import (
    CounterpartError,
    CounterpartFault,
    CounterpartTimeout,
    CounterpartUnavailable,
    GatewayError,
    NotFitForProduction,
    StateError,
    StoreError,
    UsageError,
)
from gateway.state import StateBusy

GOOD = 0
REFUSED = 1
USED_WRONGLY = 2
UNREACHABLE = 3
INTERRUPTED = 130


class CheckFailed(GatewayError):
    """The command worked, and what it checked is not good."""


class Refusal(GatewayError):
    """The command will not do what was asked: it would do harm, or the system is not fit for it."""


class Unreachable(GatewayError):
    """What was waited for did not come in time."""


# The first row that fits counts: special ones before general ones.
_STATUS: tuple[tuple[type[BaseException], int], ...] = (
    (KeyboardInterrupt, INTERRUPTED),
    (typer.Abort, INTERRUPTED),
    (StateBusy, REFUSED),
    (NotFitForProduction, REFUSED),
    (StoreError, UNREACHABLE),
    (StateError, USED_WRONGLY),
    (UsageError, USED_WRONGLY),
    (CounterpartTimeout, UNREACHABLE),
    (CounterpartUnavailable, UNREACHABLE),
    (CounterpartError, REFUSED),
    (Unreachable, UNREACHABLE),
    (GatewayError, REFUSED),
    (typer.TyperException, USED_WRONGLY),
)


_NOT_REACHED = frozenset({"CounterpartTimeout", "CounterpartUnavailable"})
"""Faults by which the system that we asked says of the one behind it what we would say of itself."""


def exit_status(error: BaseException) -> int | None:
    """The status for ``error``; None for a failure nobody foresaw, which keeps its traceback."""
    if isinstance(error, CounterpartFault) and error.standing == "bound" and error.code in _NOT_REACHED:
        return UNREACHABLE
    return next((status for kind, status in _STATUS if isinstance(error, kind)), None)
