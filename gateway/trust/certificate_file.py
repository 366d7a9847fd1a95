"""When the certificate in a file ends, read again when the file changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography import x509

from gateway.trust.snapshot import stamp


class CertificateFile:
    """A PEM file with one certificate, looked at from time to time; ``file`` says which it is now."""

    def __init__(self, file: Callable[[], Path]) -> None:
        self._file = file
        self._seen: object = None
        self._end: datetime | None = None

    def not_after(self) -> datetime | None:
        """The certificate's end, in UTC; None while the file cannot be read."""
        file = self._file()
        seen = file, stamp(file)
        if seen != self._seen or seen[1] is None:
            self._seen = seen
            try:
                self._end = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
            except (OSError, ValueError):
                self._end = None
        return self._end
