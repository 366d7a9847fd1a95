"""Free TCP ports on the loopback address, kept from one start to the next."""

from __future__ import annotations

import random
import socket
from collections.abc import Container

from gateway.errors import StateError

# Below the kernel's range for outgoing connections (32768 on), so that none of those takes a port
# of ours between two starts.
_FIRST, _LAST = 20_000, 32_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(remembered: int | None, taken: Container[int]) -> int:
    """``remembered`` when it is free, else a free one not in ``taken``. Raises StateError when none is."""
    if remembered is not None and remembered not in taken and is_free(remembered):
        return remembered
    for _attempt in range(1000):
        port = random.randint(_FIRST, _LAST)  # noqa: S311  # no secret: it spreads networks over the range
        if port not in taken and is_free(port):
            return port
    raise StateError(f"no free TCP port between {_FIRST} and {_LAST}")
