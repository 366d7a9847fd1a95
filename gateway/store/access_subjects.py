"""How the access log names people: found by whoever has the code, read by nobody by accident.

A 住民票コード is kept in AES-SIV (RFC 5297) under the database's own key: alike for alike, so that a person's
accesses are found and counted, and opened only where the log's reader says why (``access-log --reveal``).
What was asked for by items or terms is kept as a keyed digest, which cannot be opened at all.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from sqlalchemy import Connection, select

from gateway.domain.accesses import Subject
from gateway.errors import StoreError
from gateway.store.failures import unbroken
from gateway.store.tables import access_keys

_SIV_BYTES: Final = 64  # AES-256 twice; what follows is the key of the digests
_PSEUDONYM_BYTES: Final = 8


class Subjects:
    """Seals and opens; safe for threads."""

    def __init__(self, read: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._connection = read
        self._keys: tuple[AESSIV, bytes] | None = None

    def seal(self, subject: Subject, text: str) -> bytes:
        """How the log names it. Raises StoreError."""
        siv, digest = self._keys or self._read()
        if subject is Subject.CODE:
            return siv.encrypt(text.encode("ascii"), [b"code"])
        return hmac.digest(digest, f"{subject.value}\n{text}".encode(), "sha256")

    def open(self, sealed: bytes) -> str:
        """The 住民票コード that was sealed. Raises StoreError for what is none of this database's."""
        siv, _ = self._keys or self._read()
        try:
            return siv.decrypt(sealed, [b"code"]).decode("ascii")
        except InvalidTag:
            raise StoreError("a person of the access log was not sealed with this database's key") from None

    @staticmethod
    def pseudonym(sealed: bytes) -> str:
        """A short name, the same for one person throughout a database."""
        return sealed[:_PSEUDONYM_BYTES].hex()

    def _secret(self) -> bytes | None:
        with self._connection() as connection:
            return connection.execute(select(access_keys.c.secret)).scalar_one_or_none()

    def _read(self) -> tuple[AESSIV, bytes]:
        """The database's own key, which was drawn when its table was made."""
        found = unbroken(self._secret)
        if found is None:
            raise StoreError("the key of the access log is not in the database any more")
        secret = bytes(found)
        self._keys = (AESSIV(secret[:_SIV_BYTES]), secret[_SIV_BYTES:])
        return self._keys
