"""What can go wrong with a database, whichever it is. No text here carries a value of a row."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.errors import StoreError

_ATTEMPTS: Final = 5
_PAUSE: Final = 0.1  # seconds

Result = TypeVar("Result")


class Conflict(StoreError):
    """Somebody else wrote first: a constraint was broken, or two transactions stood in each other's way.

    Nothing of this transaction is written. Whoever read anew may find another answer.
    """


class ConnectionLost(StoreError):
    """The connection to the database ended. What was not committed on it is not written."""


class OutcomeUnknown(StoreError):
    """The connection ended while a commit was under way, and nobody could be asked what became of it.

    The transaction is written whole or not at all. Whoever repeats it must look first.
    """


class Unavailable(StoreError):
    """The database takes nothing now: it is full, or locked for too long. Nothing is written."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error of the driver means.

    ``fatal``: nobody can tell what the database still holds. ``spoiled``: the connection takes no further
    statement until its transaction has ended. ``lost``: it, and others opened before, are of no use.
    """

    error: StoreError
    fatal: bool = False
    spoiled: bool = False
    lost: bool = False


def unbroken(call: Callable[[], Result]) -> Result:
    """What ``call`` returns, called again when its line to the database is cut; for what may be done
    twice."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return call()
        except ConnectionLost:
            time.sleep(_PAUSE)
    return call()
