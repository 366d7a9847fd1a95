"""What a use case that changes something gives back: an answer, and what is to be written with it.

It is decided on what was read, outside of any transaction; answer and effect are committed together, or
neither. ``write`` looks whether what was read still holds, and raises the store's Conflict when it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


def nothing(_work: Any) -> None:
    """No effect."""


@dataclass(frozen=True, slots=True)
class Decision(Generic[Answer]):
    """``write`` is given the unit of work; it is called once for each attempt to commit.

    ``beside`` says that others may write beside it: what it relies on it locks, or compares in statements.
    """

    answer: Answer
    write: Callable[[Any], None] = nothing
    beside: bool = False
