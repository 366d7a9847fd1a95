"""How patient delivery is: when to try again, when to leave a destination alone, when to give up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """All in seconds, but for ``breaker_failures``, which counts failed calls in a row."""

    retry_first: float = 1.0
    retry_longest: float = 300.0
    breaker_failures: int = 5
    breaker_first: float = 2.0
    breaker_longest: float = 60.0
    duplicate_patience: float = 600.0  # how long DuplicateMessage may be "still worked on" over there

    def __post_init__(self) -> None:
        if not 0 < self.retry_first <= self.retry_longest:
            raise ValueError("retry_first must be more than 0 and at most retry_longest")
        if not 0 < self.breaker_first <= self.breaker_longest:
            raise ValueError("breaker_first must be more than 0 and at most breaker_longest")
        if self.breaker_failures < 1 or self.duplicate_patience < 0:
            raise ValueError("breaker_failures must be at least 1, duplicate_patience not negative")
