"""The bytes of refused messages, so that ``explain`` can say why by trying: a ring of encrypted files.

    data/refused/TIME-REFERENCE    one message: a nonce, then its bytes under AES-256-GCM
    keys/refused.key               the key, made when the first message is kept

People's data and attackers' bytes stand in these messages. So they are kept only where
``[refusals] keep_messages`` says so (off by default), readable by the owner only, for a day, 64 MiB at most
(own rules); the reference is authenticated with the bytes, so that none can be passed off as another.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import StateError
from gateway.state import FOLDER_MODE, StateFolder, write_atomically

FOLDER: Final = "refused"
MOST_BYTES: Final = 64 * 2**20
KEPT_FOR: Final = timedelta(hours=24)
_KEY_FILE: Final = "refused.key"
_KEY_BYTES, _NONCE_BYTES = 32, 12
_BETWEEN_LOOKS: Final = 2**20  # bytes kept by one process before it looks at the whole ring again
_REFERENCE: Final = re.compile(r"[0-9A-Za-z-]{8,64}")


@dataclass(slots=True)
class KeptRefused:
    """The kept messages of one system; each process and thread may write."""

    state: StateFolder
    most_bytes: int = MOST_BYTES
    _since_look: int = field(default=_BETWEEN_LOOKS)

    def keep(self, reference: str, message: bytes) -> None:
        """Keep one message; the oldest go when the ring is full. Raises StateError."""
        if not _REFERENCE.fullmatch(reference) or len(message) > self.most_bytes // 16:
            return
        try:
            self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        except OSError as error:
            raise StateError(f"{self._folder}: cannot be made ({error.strerror})") from error
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(self._made_key()).encrypt(nonce, message, reference.encode())
        write_atomically(self._folder / f"{time.time_ns():020d}-{reference}", sealed)
        self._since_look += len(sealed)
        if self._since_look >= _BETWEEN_LOOKS:
            self._since_look = 0
            self.sweep()

    def find(self, reference: str) -> bytes | None:
        """The message that was refused under a reference; None when it is not kept, or no longer.

        Raises StateError when the file is not what was written.
        """
        if not _REFERENCE.fullmatch(reference):
            return None
        file = next(self._folder.glob(f"*-{reference}"), None)
        if file is None:
            return None
        try:
            sealed, key = file.read_bytes(), self._key_file.read_bytes()
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, rest, reference.encode())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, InvalidTag) as error:
            raise StateError(f"{file}: is not the message that was kept") from error

    def sweep(self) -> None:
        """Remove what is older than a day, and the oldest beyond the ring's size."""
        horizon = time.time_ns() - int(KEPT_FOR.total_seconds() * 1e9)
        room = self.most_bytes
        for file in sorted(self._folder.glob("*-*"), reverse=True):
            try:
                room -= file.stat().st_size
                if room < 0 or int(file.name.partition("-")[0]) < horizon:
                    file.unlink()
            except (FileNotFoundError, ValueError):
                continue  # another process was faster, or it is none of ours

    @property
    def _folder(self) -> Path:
        return self.state.data / FOLDER

    @property
    def _key_file(self) -> Path:
        return self.state.path / "keys" / _KEY_FILE

    def _made_key(self) -> bytes:
        """The key; of two processes that make it at the same time, the first one's."""
        try:
            return self._key_file.read_bytes()
        except FileNotFoundError:
            pass
        draft = self._key_file.with_name(f".{_KEY_FILE}.{os.getpid()}.{time.time_ns()}")
        write_atomically(draft, os.urandom(_KEY_BYTES))
        try:
            os.link(draft, self._key_file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return self._key_file.read_bytes()
