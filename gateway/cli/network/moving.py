"""Moves the clock of all systems of a running development network, forward and all at one instant.

Each state folder is told the same move some time before it comes (gateway.clock.Move). Before that every
revocation list is published anew, so that it is current on both sides of the move, and certificates that end
before are renewed. TLS keeps the machine's clock.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.cli.network.revocation import hours_ahead
from gateway.cli.renewal import Renewal
from gateway.clock import Move
from gateway.errors import StateError, UsageError
from gateway.pki import Authority
from gateway.pki.keys import read_certificate_file
from gateway.settings import CLOCK_FILE, load_settings
from gateway.state import StateFolder, write_atomically
from gateway.trust.renewal import USES, pairs

LEAD_SECONDS = 2.0
"""From telling the systems to the move: they look at lists once a second, at the move four times."""

FURTHEST = timedelta(days=2900)
"""Beyond it the credential that must be refused as not yet valid would be good (certs/negative.toml)."""

CERTIFICATE_MARGIN = timedelta(days=60)
"""A certificate with fewer days left after a move is renewed before it."""

_SPAN = re.compile(
    r"(?P<further>\+?)(?=\d)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII
)


def ahead(states: Iterable[StateFolder]) -> timedelta:
    """How far the clock of the network with these state folders runs, or is about to. Raises StateError."""
    offset = timedelta(0)
    for state in states:
        try:
            move = Move.read(state.path / CLOCK_FILE)
        except (OSError, ValueError) as error:
            raise StateError(f"the clock's offset cannot be read: {error}") from None
        if move is not None:
            offset = max(offset, move.after)
    return offset


def keep_together(states: Iterable[StateFolder]) -> None:
    """Before a start: every system of the network runs as far ahead as the one that runs furthest."""
    states = tuple(states)
    offset = ahead(states)
    for state in states if offset else ():
        write_atomically(state.path / CLOCK_FILE, Move(offset, offset, 0.0).written())


def wanted_offset(text: str, offset: timedelta, machine: datetime) -> timedelta:
    """What OFFSET asks for: ``+30d`` that much further, ``30d`` ahead of the machine's clock, or an instant
    (which the clock shows when it has moved). Whole seconds.

    Raises UsageError for anything else, and for one that would go back.
    """
    span = _SPAN.fullmatch(text)
    if span is not None:
        days, hours, minutes, seconds = (int(part or 0) for part in span.groups()[1:])
        wanted = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        wanted += offset if span["further"] else timedelta(0)
    else:
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(
                f"{text!r}: write +30d, 1d12h30m or an instant such as 2027-04-01T00:00:00+09:00"
            ) from None
        if instant.utcoffset() is None:
            raise UsageError(f"{text!r}: an instant needs its zone, as 2027-04-01T00:00:00+09:00")
        left = instant.astimezone(UTC) - machine
        wanted = timedelta(seconds=math.ceil(left.total_seconds() - LEAD_SECONDS))
        if offset <= left:
            wanted = max(wanted, offset)  # it is there before a move could be
    if wanted < offset:
        raise UsageError(f"the clock goes forward only: it is {shown(offset)} ahead already")
    if wanted > FURTHEST:
        raise UsageError(f"the clock of a network goes {FURTHEST.days} days ahead at most")
    return wanted


def shown(offset: timedelta) -> str:
    """A span for people: ``30 days 0:00:05``."""
    days = f"{offset.days} days " if offset.days else ""
    return f"{days}{timedelta(seconds=offset.seconds)}"


@dataclass(frozen=True, slots=True)
class Mover:
    """The clock of the network in ``folder``; ``states`` by system id."""

    folder: Path
    states: Mapping[str, StateFolder]

    def move(self, offset: timedelta) -> None:
        """Move to ``offset``; returns when every system has moved. Raises StateError."""
        before = ahead(self.states.values())
        now = datetime.now(UTC)
        authority = Authority.open(self.folder / "pki")
        self._certificates(authority, now + offset)
        self._lists(authority, now, offset)
        since = time.time() + LEAD_SECONDS
        for state in self.states.values():
            write_atomically(state.path / CLOCK_FILE, Move(before, offset, since).written())
        time.sleep(max(0.0, since - time.time()))

    def _certificates(self, authority: Authority, then: datetime) -> None:
        for state in self.states.values():
            settings = load_settings(state.settings_file)
            for use in USES:
                pair = pairs(settings, state.path, use)[-1]
                if read_certificate_file(pair.certificate).not_valid_after_utc < then + CERTIFICATE_MARGIN:
                    Renewal(state, settings, use).by_development_pki(authority, at=then)

    def _lists(self, authority: Authority, now: datetime, offset: timedelta) -> None:
        authority.publish_crls(at=now, hours=hours_ahead(offset))
        for source in (authority.root_crl_pem, authority.issuing_crl_pem):
            for state in self.states.values():
                write_atomically(state.certificates / source.name, source.read_bytes())


def states_of(systems: Sequence[Mapping[str, object]]) -> dict[str, StateFolder]:
    """The state folders of the systems in network.json that are ours, of their further nodes too."""
    folders = [Path(str(one["state"])) for one in systems if "state" in one]
    for one in systems:
        nodes: Any = one.get("nodes", [])
        folders += [Path(node["state"]) for node in nodes if node["state"] != one.get("state")]
    return {folder.name: StateFolder.open(folder) for folder in folders}
