"""Counts per counterpart over all worker processes: a table in shared memory, made before the fork.

Each process writes its own row and reads the sum of all, so that no lock is needed. A counterpart is a
bucket: a keyed digest of its certificate, so that nobody can aim at another's; two that share one are
bounded together.
"""

from __future__ import annotations

import mmap
import secrets
from hashlib import blake2b

_BUCKETS = 16384


class SharedCounts:
    """How many of something each counterpart holds, over ``processes`` processes."""

    def __init__(self, processes: int) -> None:
        self._key = secrets.token_bytes(16)
        self._rows = range(0, _BUCKETS * processes, _BUCKETS)
        self._cells = memoryview(mmap.mmap(-1, 2 * _BUCKETS * processes)).cast("H")

    def bucket(self, certificate: bytes) -> int:
        """The bucket of a certificate (DER)."""
        digest = blake2b(certificate, key=self._key, digest_size=8).digest()
        return int.from_bytes(digest, "big") % _BUCKETS

    def add(self, process: int, bucket: int) -> int:
        """Count one more for this process; the sum over all processes, that one included."""
        self._cells[self._rows[process] + bucket] += 1
        return sum(self._cells[row + bucket] for row in self._rows)

    def remove(self, process: int, bucket: int) -> None:
        """Count one less for this process."""
        self._cells[self._rows[process] + bucket] -= 1

    def clear(self, process: int) -> None:
        """Forget what a process that has died was holding."""
        row = self._rows[process]
        self._cells[row : row + _BUCKETS] = memoryview(bytes(2 * _BUCKETS)).cast("H")
