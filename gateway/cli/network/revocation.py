"""Keeps the revocation lists of a running development network fresh, in every state folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.pki import Authority
from gateway.state import StateFolder, write_atomically

RENEW_SECONDS = 600.0
"""How often new lists are published; far more often than their next update, so a late one is harmless."""

NEXT_UPDATE_HOURS = 24.0


class RevocationLists:
    """Publishes lists, and copies them into the state folders whenever they changed."""

    def __init__(
        self,
        authority: Authority,
        states: Iterable[StateFolder],
        *,
        renew_seconds: float = RENEW_SECONDS,
        ahead: Callable[[], timedelta] = timedelta,
    ) -> None:
        """``ahead`` tells how far the network's clock runs: a list is current until a day after that."""
        self._authority = authority
        self._states = tuple(states)
        self._renew_seconds = renew_seconds
        self._published = 0.0
        self._ahead = ahead
        self._offset = timedelta(0)
        self._copied: dict[Path, tuple[int, int]] = {}

    def refresh(self) -> bool:
        """Publish when it is time, and copy what changed, by ``pki revoke`` too; True when anything did."""
        offset = self._ahead()
        due = not self._published or time.monotonic() - self._published >= self._renew_seconds
        if due or offset != self._offset:
            self._authority.publish_crls(at=datetime.now(UTC), hours=hours_ahead(offset))
            self._published, self._offset = time.monotonic(), offset
        changed = False
        for source in (self._authority.root_crl_pem, self._authority.issuing_crl_pem):
            status = source.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if self._copied.get(source) != stamp:
                content = source.read_bytes()
                for state in self._states:
                    write_atomically(state.certificates / source.name, content)
                self._copied[source] = stamp
                changed = True
        return changed


def hours_ahead(offset: timedelta) -> float:
    """Hours from now to the next update of a list that is current now and when the clock is moved so far."""
    return NEXT_UPDATE_HOURS + offset / timedelta(hours=1)
