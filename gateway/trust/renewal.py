"""Which key and certificate a system uses now: those of the settings, or newer ones from an instant on.

``certificates/renewals.json`` in the state folder names the newer ones, by use (``signing``, ``tls``):

    {"signing": [{"from": "2026-12-01T00:00:00Z", "key": "keys/…", "certificate": "certificates/…"}]}

Paths are relative to the folder. The files are there before they are named, and are never changed after:
whoever reads the list finds a key and a certificate that belong together. The last whose instant has come
counts.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from gateway.clock import Clock
from gateway.errors import StateError
from gateway.settings import Settings
from gateway.trust.signer import FileSigner

Use = Literal["signing", "tls"]
USES: Final[tuple[Use, ...]] = ("signing", "tls")
RENEWALS: Final = Path("certificates/renewals.json")
LOOK_EVERY: Final = 0.5
"""Seconds between two looks at the list by a running system."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key and its certificate, absolute paths, and from when on they are used; None: from the beginning."""

    key: Path
    certificate: Path
    since: datetime | None = None


def pairs(settings: Settings, folder: Path, use: Use) -> tuple[KeyPair, ...]:
    """The pair of the settings, then each newer one in order. Raises StateError for a bad list."""
    own = settings.credentials
    first = {
        "signing": KeyPair(folder / own.signing_key, folder / own.signing_certificate),
        "tls": KeyPair(folder / own.tls_key, folder / own.tls_certificate),
    }
    return (first[use], *(_pair(folder, one) for one in listed(folder)[use]))


def pair_at(settings: Settings, folder: Path, use: Use, now: datetime) -> KeyPair:
    """The pair that is used at an instant. Raises StateError."""
    return [one for one in pairs(settings, folder, use) if one.since is None or one.since <= now][-1]


class CurrentPair:
    """The pair that a running system uses now; cheap to ask. Safe for threads."""

    def __init__(self, settings: Settings, folder: Path, use: Use, clock: Clock) -> None:
        """Raises StateError when the list cannot be read."""
        self._settings = settings
        self._folder = folder
        self._use: Use = use
        self._clock = clock
        self._stamp = self._seen()
        self._pairs = pairs(settings, folder, use)
        self._look_at = time.monotonic() + LOOK_EVERY
        self.problem = ""
        """Why the list as it is now cannot be read; empty when it can."""

    def __call__(self) -> KeyPair:
        """The pair of this instant. A list that cannot be read leaves all as it is."""
        if time.monotonic() >= self._look_at:
            self._look()
        if len(self._pairs) == 1:
            return self._pairs[0]
        now = self._clock.now()
        return [one for one in self._pairs if one.since is None or one.since <= now][-1]

    def _look(self) -> None:
        self._look_at = time.monotonic() + LOOK_EVERY
        stamp = self._seen()
        if stamp == self._stamp:
            return
        try:
            self._pairs = pairs(self._settings, self._folder, self._use)
        except StateError as error:
            self.problem = str(error)
        else:
            self.problem = ""
        self._stamp = stamp

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = (self._folder / RENEWALS).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


class RenewedSigner:
    """A system's signing key, which is exchanged at an instant while the system runs.

    Whoever signs takes ``present()`` once for each message: key, certificate and algorithm of one pair.
    """

    def __init__(self, current: CurrentPair) -> None:
        """Raises StateError when the key of now cannot be used."""
        self._current = current
        self._pair = current()
        self._signer = FileSigner.load(self._pair.key, self._pair.certificate)
        self._problem = ""
        self._lock = threading.Lock()

    def present(self) -> FileSigner:
        """The signer of this instant; the one before when the new files cannot be used."""
        pair = self._current()
        if pair != self._pair:
            with self._lock:
                if pair != self._pair:
                    self._exchange(pair)
        return self._signer

    def _exchange(self, pair: KeyPair) -> None:
        try:
            self._signer = FileSigner.load(pair.key, pair.certificate)
        except StateError as error:
            self._problem = str(error)
        else:
            self._problem = ""
        self._pair = pair

    @property
    def problem(self) -> str:
        """Why a newer key is not used; empty when there is nothing wrong."""
        return self._current.problem or self._problem

    @property
    def certificate_der(self) -> bytes:
        """The certificate, DER."""
        return self.present().certificate_der

    @property
    def algorithm(self) -> str:
        """The SignatureMethod URI."""
        return self.present().algorithm

    def sign(self, data: bytes) -> bytes:
        """As Signer.sign; for more than one value of one signature take ``present()`` first."""
        return self.present().sign(data)


def listed(folder: Path) -> dict[Use, list[dict[str, str]]]:
    """The list as it stands. Raises StateError."""
    file = folder / RENEWALS
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {use: [] for use in USES}
    except (OSError, ValueError):
        raise StateError(f"{file}: cannot be read") from None
    try:
        found = {use: [dict(one) for one in content.get(use, [])] for use in USES}
    except (AttributeError, TypeError, ValueError):
        raise StateError(f"{file}: is no list of renewals") from None
    return found


def _pair(folder: Path, values: Mapping[str, str]) -> KeyPair:
    try:
        since = datetime.strptime(values["from"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return KeyPair(folder / values["key"], folder / values["certificate"], since)
    except (KeyError, ValueError, TypeError):
        raise StateError(f"{folder / RENEWALS}: is no list of renewals") from None
