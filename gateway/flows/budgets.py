"""Budgets of negative answers: verification and search must not become an oracle.

Who was told "no record", "mismatch", "several" or "too many" too often in a while is not answered any more
until that while has passed: per operator, per terminal, and per person or terms asked for. An alarm tells
the operators of the municipality. The numbers are settings (our own rule).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.faults import operation_fault

Question = TypeVar("Question", bound="Asks")
Answer = TypeVar("Answer")


class Asks(Protocol):
    """A question that says who asks."""

    @property
    def caller(self) -> Caller:
        """Who asks."""
        ...


class Spending(Protocol):
    """Where negative answers are counted."""

    def spent(self, subjects: Sequence[tuple[str, str]], *, since: datetime) -> tuple[int, ...]:
        """How many since then, for each (kind, subject)."""
        ...

    def spend(self, subjects: Iterable[tuple[str, str]], *, at: datetime) -> None:
        """Count one for each (kind, subject)."""
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """Negative answers allowed in ``window``."""

    window: timedelta
    per_operator: int
    per_terminal: int
    per_person: int


class Budgeted(Generic[Question, Answer]):
    """A use case that stops answering whoever has asked in vain too often.

    ``subject`` names the person or terms asked for (it is counted, never kept in clear); ``negative`` tells
    an answer that tells too much. ``alarm`` is called with the kind of budget that is used up.
    """

    def __init__(
        self,
        handler: Callable[[Question], Answer],
        *,
        subject: Callable[[Question], str],
        negative: Callable[[Answer], bool],
        budget: Budget,
        spending: Spending,
        clock: Clock,
        alarm: Callable[[str], object],
    ) -> None:
        self._handler = handler
        self._subject = subject
        self._negative = negative
        self._window = budget.window
        self._most = {
            "operator": budget.per_operator,
            "terminal": budget.per_terminal,
            "person": budget.per_person,
        }
        self._spending = spending
        self._clock = clock
        self._alarm = alarm

    def stays_here(self, question: Question) -> bool:
        """Whether the use case answers it from what is at hand."""
        told = getattr(self._handler, "stays_here", None)
        return told is not None and bool(told(question))

    def __call__(self, question: Question) -> Answer:
        """The handler's answer. Raises OperationFault TooManyQuestions when a budget is used up."""
        caller = question.caller
        home = caller.municipality.digits
        subjects = (
            ("operator", f"{home}/{caller.operator.verification_id}"),
            ("terminal", f"{home}/{caller.terminal}"),
            ("person", self._subject(question)),
        )
        since = self._clock.now() - self._window
        for (kind, _), spent in zip(subjects, self._spending.spent(subjects, since=since), strict=True):
            if spent >= self._most[kind]:
                self._alarm(kind)
                raise operation_fault("TooManyQuestions")
        answer = self._handler(question)
        if self._negative(answer):
            self._spending.spend(subjects, at=self._clock.now())
        return answer
