"""One request on its way, and one service as it is served here."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.access import Peer
from gateway.contract import Operation, Service
from gateway.refusals import About
from gateway.settings import Counterpart
from gateway.transport.http import HttpRequest
from gateway.wss.addressing import RequestContext
from gateway.wss.verify import VerifiedMessage


@dataclass(frozen=True, slots=True)
class Binding:
    """A service as it is served here: its addresses, and the use case behind each operation.

    ``handlers`` are keyed by the operation's name and take and give domain values; ``deadline`` is the
    longest that one may take, counterparts included.
    """

    service: Service
    addresses: frozenset[str]
    handlers: Mapping[str, Callable[[Any], Any]]
    deadline: timedelta

    def expected(self, soap_action: str | None) -> RequestContext:
        """What a request that arrived here must agree with."""
        actions = {action: operation.request for action, operation in self.service.operations.items()}
        return RequestContext(self.addresses, actions, soap_action)


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
    timings: dict[str, float] = field(default_factory=dict)  # milliseconds by part
    _started: float = field(default_factory=time.perf_counter)

    def lap(self, part: str) -> None:
        """Note the milliseconds since the last lap under ``part``."""
        self.timings[part] = self.total() - sum(self.timings.values())

    def total(self) -> float:
        """Milliseconds since the request was taken up."""
        return (time.perf_counter() - self._started) * 1000
