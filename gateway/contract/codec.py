"""What the contract knows of one operation beyond its names: spyne models and the way to domain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Codec(Generic[Question, Answer]):
    """Two spyne models and four conversions; the readers take the path to name in a refusal."""

    request: Any
    response: Any
    read_request: Callable[[Any, str], Question]
    write_request: Callable[[Question], Any]
    read_answer: Callable[[Any, str], Answer]
    write_answer: Callable[[Answer], Any]
