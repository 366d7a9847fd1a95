"""What is known of revocation at one moment, as one object that is swapped whole.

A snapshot never changes what it knows; taking up changed files makes a new one. So threads that are in
the middle of a check keep a consistent view, and the memo of good checks, which lives in its snapshot,
cannot outlive a revocation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.trust.crl import CrlUnusable, RevocationList, read_crl
from gateway.trust.model import Anchor, TrustedCertificate, Usage

MEMO_ENTRIES = 4096
"""Counterparts have two certificates each: this is never reached by honest traffic."""

Stamp = tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A good check and the span of time for which nothing of it changes."""

    trusted: TrustedCertificate
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class FileState:
    """One configured file as last read: its list, or why there is none."""

    stamp: Stamp
    content: RevocationList | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lists in use, by authority, the state of each file, and the memo of good checks."""

    lists: Mapping[tuple[str, bytes], RevocationList] = field(default_factory=dict)
    files: Mapping[Path, FileState] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    memo: dict[tuple[bytes, Usage], Remembered] = field(default_factory=dict)

    def list_for(self, anchor: Anchor, authority: x509.Certificate) -> RevocationList | None:
        """The list that speaks for ``authority`` under ``anchor``."""
        return self.lists.get((anchor.name, identity(authority)))

    def remember(self, key: tuple[bytes, Usage], entry: Remembered) -> None:
        """Keep a good check; a full memo starts anew."""
        if len(self.memo) >= MEMO_ENTRIES:
            self.memo.clear()
        self.memo[key] = entry


def identity(authority: x509.Certificate) -> bytes:
    """Name and key: a renewed certificate of an authority keeps the authority's CRL."""
    key = authority.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return authority.subject.public_bytes() + key


def changed(snapshot: Snapshot, anchors: Sequence[Anchor]) -> bool:
    """Whether any configured file is another one than was read, or was unreadable then."""
    for file in crl_files(anchors):
        state = snapshot.files.get(file)
        if state is None or state.content is None or state.stamp != stamp(file):
            return True
    return False


def take_up(old: Snapshot, anchors: Sequence[Anchor]) -> Snapshot:
    """A snapshot of the files as they are now.

    A list in ``old`` stays in use unless a newer one of the same authority (by CRL number) is there: a
    file that is half written, bad, gone or older than what was seen takes nothing away.
    """
    files = {file: _read(file) for file in crl_files(anchors)}
    lists = dict(old.lists)
    problems: dict[str, tuple[str, ...]] = {}
    for anchor in (one for one in anchors if one.revocation == "crl"):
        found: list[str] = []
        for file in anchor.crl_files:
            state = files[file]
            if state.content is None:
                found.append(state.problem or str(file))
            else:
                found += _offer(lists, anchor, state.content)
        problems[anchor.name] = tuple(found)
    return Snapshot(lists, files, problems)


def crl_files(anchors: Sequence[Anchor]) -> list[Path]:
    """Every file that is configured with an anchor whose revocation is checked."""
    return [file for anchor in anchors if anchor.revocation == "crl" for file in anchor.crl_files]


def stamp(file: Path) -> Stamp:
    """What changes when a file does, or None when it cannot be looked at."""
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns


def _read(file: Path) -> FileState:
    # The stamp comes first: a file that changes while it is read is then read again.
    seen = stamp(file)
    try:
        return FileState(seen, read_crl(file), None)
    except CrlUnusable as exc:
        return FileState(seen, None, str(exc))


def _offer(
    lists: dict[tuple[str, bytes], RevocationList], anchor: Anchor, offered: RevocationList
) -> list[str]:
    """Put a list in use where it is newer than what is there; the answer says what is wrong with it."""
    owners = [one for one in (anchor.certificate, *anchor.intermediates) if offered.signed_by(one)]
    if not owners:
        return [f"{offered.file}: signed by no authority of this anchor"]
    older = []
    for owner in owners:
        key = (anchor.name, identity(owner))
        present = lists.get(key)
        if present is None or offered.age >= present.age:
            lists[key] = offered
        else:
            older.append(
                f"{offered.file}: CRL number {offered.number} is older than {present.number}, which is in use"
            )
    return older
