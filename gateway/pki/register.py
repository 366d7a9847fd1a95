"""The authority's register: every certificate it issued, what was revoked, and the last CRL numbers.

One JSON file, replaced in one step under a lock, so that a command and a running network may both write.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from gateway.errors import StateError
from gateway.state import FILE_MODE, write_atomically


@dataclass(slots=True)
class Entry:
    """One certificate. Times are seconds since 1970 UTC, the serial is hex, files are absolute paths."""

    serial: str
    issuer: str
    profile: str
    subject: str
    system: str
    role: str
    municipality: str | None
    not_before: int
    not_after: int
    certificate: str
    revoked_at: int | None = None
    reason: str | None = None


@dataclass(slots=True)
class Register:
    """What the register file holds; ``crl_numbers`` by authority, the last one that was published."""

    entries: list[Entry] = field(default_factory=list)
    crl_numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the file. Raises StateError when it cannot be read whole."""
        try:
            values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return cls([Entry(**one) for one in values["entries"]], dict(values["crl_numbers"]))
        except OSError as error:
            raise StateError(f"{file}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise StateError(f"{file}: not a register of issued certificates") from None

    def write(self, file: Path) -> None:
        """Replace the file."""
        values = {"entries": [asdict(one) for one in self.entries], "crl_numbers": self.crl_numbers}
        write_atomically(file, (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode())


@contextmanager
def register_for_change(file: Path) -> Iterator[Register]:
    """The register, held for this process alone; written back when the block ends well."""
    try:
        handle = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise StateError(f"{file}: cannot be changed ({error.strerror})") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        register = Register.read(file)
        yield register
        register.write(file)
    finally:
        os.close(handle)


def seconds(at: datetime) -> int:
    """An instant as whole seconds since 1970, rounded down."""
    return int(at.timestamp() // 1)


def instant(value: int) -> datetime:
    """Seconds since 1970 as an aware UTC instant."""
    return datetime.fromtimestamp(value, UTC)
