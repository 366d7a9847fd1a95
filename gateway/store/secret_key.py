"""Keys of one database, each drawn by whoever needs it first and the same for every process."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection, insert, select

from gateway.store.tables import register_marks

_KEY_BYTES = 32


class HoldsConnection(Protocol):
    """A unit of work, as far as a key goes."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


class SecretKey:
    """A key by which digests of values are kept that must not be read off a table."""

    def __init__(
        self, mark: str, unit_of_work: Callable[[], AbstractContextManager[HoldsConnection]]
    ) -> None:
        self._mark = mark
        self._unit_of_work = unit_of_work
        self._key: bytes | None = None

    def value(self) -> bytes:
        """The key. The first time it may be written: not within a unit of work. Raises StoreError."""
        if self._key is None:
            with self._unit_of_work() as work:
                query = select(register_marks.c.value).where(register_marks.c.name == self._mark)
                found = work.connection.execute(query).scalar_one_or_none()
                if found is None:
                    found = secrets.token_hex(_KEY_BYTES)
                    work.connection.execute(insert(register_marks), {"name": self._mark, "value": found})
            self._key = bytes.fromhex(found)
        return self._key

    def digest(self, value: bytes) -> bytes:
        """HMAC-SHA-256 under the key. Raises as ``value`` does."""
        return hmac.digest(self.value(), value, "sha256")
