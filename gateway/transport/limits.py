"""Every number that a peer could push against, with its unit (message profile, "Limits").

Counts named "per process" are held by each worker process for itself; the others hold over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """Deadlines in seconds, sizes in bytes; each deadline is for the whole phase, not for one read."""

    handshake: float = 5.0  # s, from the accepted connection to the end of the TLS handshake
    headers: float = 5.0  # s, from the handshake, or a request's first byte, to the end of its headers
    body: float = 20.0  # s, from the end of the headers to the end of the body
    writing: float = 20.0  # s, from the answer to its last byte taken by the peer
    idle: float = 15.0  # s, between two requests
    age: float = 300.0  # s, from the handshake to the last answer of a connection
    closing: float = 2.0  # s, for the peer to take the last answer and to close
    stopping: float = 25.0  # s, for the requests in flight when the server stops
    sweep: float = 0.5  # s, how often deadlines are looked at

    header_count: int = 64  # headers of one request
    header_bytes: int = 8192  # bytes, name and value of one header
    head_bytes: int = 32768  # bytes, request line and headers as sent
    target_bytes: int = 4096  # bytes, request target
    body_bytes: int = 262144  # bytes, body of a request, for every path that is not in the next
    body_bytes_by_path: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))  # bytes
    buffered_bytes: int = 134217728  # bytes, bodies being read or worked on, per process

    connections: int = 1024  # open connections, handshakes counted
    connections_per_counterpart: int = 384  # connections with the same client certificate
    handshakes_per_address: int = 64  # handshakes under way from one address, per process; not on loopback
    working_per_counterpart: int = 64  # requests being worked on with the same client certificate
    queue: int = 256  # requests that wait for a thread, per process
    retry_after: int = 1  # s, told with a 503

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, int | float) and not value > 0:
                raise ValueError(f"the limit {item.name} must be more than 0")

    def body_limit(self, path: str) -> int:
        """Bytes that a request to this path may have in its body."""
        return self.body_bytes_by_path.get(path, self.body_bytes)
