"""A circuit breaker: a destination that does not answer is left alone for a while, then tried with one call.

    closed      calls go out; so many failures in a row open it
    open        no call until an instant, later each time it opens again
    half open   that instant has passed: one call goes out; it closes the breaker or opens it anew

Pure: it is told the time (in seconds, of any clock that does not go back) and gives the next state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from gateway.outbox.backoff import backoff
from gateway.outbox.policy import Policy


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row while closed; how often it opened in a row, and until when, while open."""

    failures: int = 0
    opened: int = 0
    until: float | None = None

    @property
    def is_open(self) -> bool:
        """Open or half open: the destination counts as unreachable."""
        return self.until is not None

    def room(self, now: float, *, under_way: int, most: int) -> int:
        """How many further calls may go out, ``under_way`` being out already."""
        if self.until is None:
            return max(0, most - under_way)
        return 1 if now >= self.until and under_way == 0 else 0

    def succeeded(self) -> Breaker:
        """The destination answered."""
        return Breaker()

    def failed(self, now: float, policy: Policy, random: Random) -> Breaker:
        """A call was in vain. What went out before it opened and fails now makes nothing worse."""
        if self.until is not None:
            return self if now < self.until else self._open(now, policy, random)
        counted = replace(self, failures=self.failures + 1)
        return counted if counted.failures < policy.breaker_failures else counted._open(now, policy, random)

    def _open(self, now: float, policy: Policy, random: Random) -> Breaker:
        opened = self.opened + 1
        wait = backoff(opened, first=policy.breaker_first, longest=policy.breaker_longest, random=random)
        return replace(self, opened=opened, until=now + wait)
