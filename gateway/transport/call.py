"""One request on its way, and one service as it is served here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.access import Peer
from gateway.contract import Operation, Service
from gateway.refusals import About
from gateway.settings import Counterpart
from gateway.transport.http import HttpRequest
from gateway.wss.addressing import RequestContext
from gateway.wss.sign import SignedMessage
from gateway.wss.verify import VerifiedMessage, Verifier


@dataclass(frozen=True, slots=True)
class Binding:
    """A service as it is served here: its addresses, and the use case behind each operation.

    ``handlers`` are keyed by the operation's name and take and give domain values; those of an operation
    that changes something give a ``flows.decision.Decision``. ``deadline`` is the longest that one may take,
    counterparts included. ``verifier`` and ``body_bytes`` are the service's own where its messages have other
    bounds than most.
    """

    service: Service
    addresses: frozenset[str]
    handlers: Mapping[str, Callable[[Any], Any]]
    deadline: timedelta
    verifier: Verifier | None = None
    body_bytes: int | None = None
    actions: Mapping[str, str] = field(init=False, repr=False)  # wsa:Action to the Body's element

    def __post_init__(self) -> None:
        actions = {action: operation.request for action, operation in self.service.operations.items()}
        object.__setattr__(self, "actions", actions)

    def expected(self, soap_action: str | None) -> RequestContext:
        """What a request that arrived here must agree with."""
        return RequestContext(self.addresses, self.actions, soap_action)

    def stays_here(self, operation: Operation, question: Any) -> bool:
        """Whether this question is answered from what is at hand: nobody is asked, nothing is changed.

        A use case says so itself, by a method of that name; one without it never does.
        """
        told = getattr(self.handlers[operation.name], "stays_here", None)
        return not operation.changes and told is not None and bool(told(question))


@dataclass(slots=True)
class Call:
    """What is known of one request so far: for its answer, its log line and its refusal record."""

    http: HttpRequest
    reference: str
    now: datetime
    peer: Peer
    about: About = field(default_factory=About)
    service: Service | None = None
    operation: Operation | None = None
    message: VerifiedMessage | None = None
    sender: Counterpart | None = None
    said: SignedMessage | None = None  # the last that was signed for it
    fault: str | None = None  # code of the operation's own fault that was last made of it
    request: Any = None  # the Body's domain value, once it is read
    vouched: bool = False  # what it names of the caller is the sender's
    told: Any = None  # the use case's answer to it
    timings: dict[str, float] = field(default_factory=dict)  # milliseconds by part
    _started: float = field(default_factory=time.perf_counter)
    _lapped: float = 0.0

    def __post_init__(self) -> None:
        self._lapped = self._started

    def lap(self, part: str) -> None:
        """Add the milliseconds since the last lap to ``part``."""
        now = time.perf_counter()
        self.timings[part] = self.timings.get(part, 0.0) + (now - self._lapped) * 1000
        self._lapped = now

    def total(self) -> float:
        """Milliseconds since the request was taken up."""
        return (time.perf_counter() - self._started) * 1000


@contextmanager
def shared(part: str, calls: Sequence[Call]) -> Iterator[None]:
    """What is done within for several calls together: each one's share is added to ``part``.

    The rest since its last lap was waiting. What ends in an error is nobody's.
    """
    started = time.perf_counter()
    yield
    each = (time.perf_counter() - started) * 1000 / max(1, len(calls))
    for call in calls:
        call.lap("wait")
        call.timings["wait"] -= each
        call.timings[part] = call.timings.get(part, 0.0) + each
