"""Development only: every call to a counterpart kept as files, so that the demo's page can show its bytes.

    data/exchanges/NAME.request.xml    what was sent, byte by byte
    data/exchanges/NAME.answer.xml     what came back; absent when nothing did
    data/exchanges/NAME.json           the rest; written last: an exchange is whole or not there

People's data stand in these files: they are 0600, ``[development] capture`` is off by default, and
production mode refuses it.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.errors import StateError
from gateway.state import FOLDER_MODE, write_atomically

FOLDER = "exchanges"
"""Name of the folder inside a state folder's data/."""

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Captured:
    """One call to a counterpart: on behalf of which message, to whom, the bytes, what became of it.

    ``reference`` is that of the message that was being worked on, None outside of one. ``at`` is when the
    call ended, by the caller's clock. ``outcome`` is ``answered`` or the name of the error.
    """

    reference: str | None
    destination: str
    service: str
    operation: str
    message_id: str
    request: bytes
    answer: bytes | None
    answer_message_id: str | None
    signer: str | None
    verified: bool
    milliseconds: float
    outcome: str
    at: datetime


class Captures:
    """The kept calls of one system; each process and thread may write."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def keep(self, captured: Captured) -> None:
        """Write one call. Raises StateError when it cannot be written."""
        try:
            self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        except OSError as error:
            raise StateError(f"{self._folder}: cannot be made ({error.strerror})") from error
        # The time first: names in order are calls in order.
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        write_atomically(self._folder / f"{name}.request.xml", captured.request)
        if captured.answer is not None:
            write_atomically(self._folder / f"{name}.answer.xml", captured.answer)
        about = {
            key: getattr(captured, key)
            for key in Captured.__dataclass_fields__
            if key not in {"request", "answer", "at"}
        }
        about["at"] = captured.at.astimezone(UTC).strftime(_FORMAT)
        write_atomically(self._folder / f"{name}.json", json.dumps(about, indent=2).encode())

    def read(self) -> Iterator[Captured]:
        """Every kept call, in the order in which they ended."""
        for file in sorted(self._folder.glob("*.json")):
            about = json.loads(file.read_text(encoding="utf-8"))
            about["at"] = datetime.strptime(about["at"], _FORMAT).replace(tzinfo=UTC)
            request, answer = file.with_suffix(".request.xml"), file.with_suffix(".answer.xml")
            yield Captured(
                **about,
                request=request.read_bytes(),
                answer=answer.read_bytes() if answer.exists() else None,
            )
