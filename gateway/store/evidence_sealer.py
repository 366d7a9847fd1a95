"""Seals the chains every 1,000 entries or 60 s, and copies each seal to a folder outside the state folder.

Any number of processes may call a Sealer: a seal's number is its row's key, so of two who seal at once one
finds that it was done. Nothing is signed inside the write lock. What a killed process left unsealed is
sealed by the next.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from gateway.clock import Clock
from gateway.errors import StateError
from gateway.evidence import Head, Lost, Seal, SealUnreadable, parse_seal, seal_file, signed_seal
from gateway.state import FOLDER_MODE, write_atomically
from gateway.store.evidence_log import HoldsConnection, chain_end
from gateway.store.evidence_rows import EvidenceRows
from gateway.store.failures import Conflict
from gateway.store.instants import to_micros
from gateway.store.tables import evidence_chains, evidence_seals
from gateway.trust import Signer

EVERY_ENTRIES: Final = 1_000
EVERY: Final = timedelta(seconds=60)

_SUFFIX: Final = ".seal"
_NAME: Final = re.compile(r"(?P<system>.+)-(?P<number>[0-9]{9,12})\.seal")
_DIRTY = select(evidence_chains.c.id, evidence_chains.c.sealed).where(evidence_chains.c.dirty)
_CLEAN = (
    update(evidence_chains)
    .where(evidence_chains.c.id == bindparam("chain"))
    .values(sealed=bindparam("upto"), dirty=bindparam("more"))
)
_NEWEST = select(func.max(evidence_seals.c.number))
_UNCOPIED = (
    select(evidence_seals.c.number)
    .where(evidence_seals.c.copied.is_(False))
    .order_by(evidence_seals.c.number)
    .limit(100)
)
_COPIED = update(evidence_seals).where(evidence_seals.c.number == bindparam("which")).values(copied=True)
_ADD_CERTIFICATE = text(
    "INSERT INTO evidence_certificates (digest, der) VALUES (:digest, :der) ON CONFLICT DO NOTHING"
)


class HoldsEvidence(Protocol):
    """The store, as far as sealing goes."""

    @property
    def evidence_rows(self) -> EvidenceRows:
        """Its evidence."""
        ...

    def unit_of_work(self) -> AbstractContextManager[HoldsConnection]:
        """A write transaction."""
        ...

    def read(self) -> AbstractContextManager[Connection]:
        """A reading connection."""
        ...

    def note_accesses(self, system: str) -> bool:
        """Note in the evidence where the access log ends; whether there was anything new."""
        ...


class SealCopies:
    """The folder outside: one file a seal, SYSTEM-NUMBER.seal, the newest ``keep`` of them."""

    def __init__(self, folder: Path, system: str, *, keep: int = 10_000) -> None:
        self.folder = folder
        self._system = system
        self._keep = keep

    def write(self, seal: Seal) -> None:
        """Copy one seal. Raises StateError when the folder does not take it."""
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(f"{self.folder}: cannot be made ({error.strerror})") from error
        write_atomically(self._file(seal.number), seal_file(seal))
        if seal.number > self._keep:
            self._file(seal.number - self._keep).unlink(missing_ok=True)

    def newest(self) -> Seal | None:
        """The copy with the highest number; None when there is none. Raises SealUnreadable, StateError."""
        highest = -1
        try:
            with os.scandir(self.folder) as found:
                for entry in found:
                    match = _NAME.fullmatch(entry.name)
                    if match is not None and match["system"] == self._system:
                        highest = max(highest, int(match["number"]))
            return None if highest < 0 else parse_seal(self._file(highest).read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"{self.folder}: cannot be read ({error.strerror})") from error

    def _file(self, number: int) -> Path:
        return self.folder / f"{self._system}-{number:09d}{_SUFFIX}"


def lost_seal(rows: EvidenceRows, copies: SealCopies) -> Seal | None:
    """What a restore of an older database has lost, by the newest copy outside; None when nothing is.

    Raises StateError when the copies cannot be read.
    """
    try:
        copy = copies.newest()
    except SealUnreadable as error:
        raise StateError(f"{copies.folder}: the newest copy cannot be read: {error}") from error
    if copy is None or not copy.signature_holds():
        return None
    stored = rows.seal(copy.number)
    if stored is not None and stored.statement == copy.statement:
        return None
    chains = (row.start() for row in rows.chains())
    if any(chain.lost is not None and chain.lost.number >= copy.number for chain in chains):
        return None  # told of already
    return copy


class Sealer:
    """Seals one store's chains with the system's signing key; call it every fraction of a second."""

    SECONDS: Final = 0.25
    """How often to call it: at 4,000 entries a second a seal still covers no more than 1,000."""

    def __init__(
        self,
        store: HoldsEvidence,
        signer: Signer,
        clock: Clock,
        *,
        system: str,
        copies: SealCopies | None = None,
        alarm: Callable[[bool], object] = lambda _begins: None,
        notes: bool = True,
    ) -> None:
        """``alarm`` is told True when a seal could not be copied, False when all are. ``notes``: each seal is
        preceded by where the access log ends; not for a command, which would begin a chain for it."""
        self._store = store
        self._signer = signer
        self._clock = clock
        self._system = system
        self._copies = copies
        self._alarm = alarm
        self._notes = notes
        self._behind = False

    def __call__(self) -> None:
        """Seal when it is due, and copy what was not copied yet. Raises StoreError."""
        self.seal(due_only=True)
        if self._copies is not None:
            self.copy()

    def seal(self, *, due_only: bool = False) -> Seal | None:
        """Seal what is not sealed; None when there is nothing, it is not due, or another was first."""
        heads, entries = self._unsealed()
        if not heads:
            return None
        last = self._store.evidence_rows.newest_seal()
        now = self._clock.now()
        # A clock that was set back makes a seal due, not late.
        if due_only and entries < EVERY_ENTRIES and last is not None and last.at <= now < last.at + EVERY:
            return None
        if self._notes and self._store.note_accesses(self._system):
            heads, _ = self._unsealed()
        lost = max((found.number for found in self._lost()), default=0)
        seal = signed_seal(
            self._signer,
            system=self._system,
            number=max(last.number if last else 0, lost) + 1,
            previous=last.digest if last else None,
            at=now,
            heads=[head for _, head in heads],
        )
        return seal if self._add(seal, last.number if last else None, heads) else None

    def copy(self) -> None:
        """Copy the seals that are not copied yet, in order; the alarm is told when one cannot be."""
        if self._copies is None:
            return
        with self._store.read() as connection:
            numbers = list(connection.execute(_UNCOPIED).scalars())
        try:
            for number in numbers:
                seal = self._store.evidence_rows.seal(number)
                if seal is not None:
                    self._copies.write(seal)
        except StateError:
            self._told(behind=True)
            return
        if numbers:
            with self._store.unit_of_work() as work:
                work.connection.execute(_COPIED, [{"which": number} for number in numbers])
        self._told(behind=False)

    def _told(self, *, behind: bool) -> None:
        if behind != self._behind:
            self._behind = behind
            self._alarm(behind)

    def _lost(self) -> list[Lost]:
        with self._store.read() as connection:
            begun = connection.execute(
                select(evidence_chains.c.id).where(evidence_chains.c.text.contains("\nreason restore\n"))
            )
            restored = set(begun.scalars())
        if not restored:
            return []
        starts = (row.start() for row in self._store.evidence_rows.chains() if row.id in restored)
        return [start.lost for start in starts if start.lost is not None]

    def _unsealed(self) -> tuple[list[tuple[int, Head]], int]:
        heads, entries = [], 0
        with self._store.read() as connection:
            for row in connection.execute(_DIRTY).all():
                end = chain_end(connection, row.id)
                if end is not None:
                    heads.append((row.id, Head(end.node, end.epoch, end.number, end.link)))
                    entries += end.number - row.sealed
        return heads, entries

    def _add(self, seal: Seal, after: int | None, heads: list[tuple[int, Head]]) -> bool:
        digest = hashlib.sha256(seal.certificate).digest()
        try:
            with self._store.unit_of_work() as work:
                connection = work.connection
                if connection.execute(_NEWEST).scalar() != after:
                    return False
                connection.execute(
                    insert(evidence_seals),
                    {
                        "number": seal.number,
                        "at": to_micros(seal.at),
                        "statement": seal.statement,
                        "signature": seal.signature,
                        "certificate": digest,
                        "copied": False,
                    },
                )
                connection.execute(_ADD_CERTIFICATE, {"digest": digest, "der": seal.certificate})
                for chain, head in heads:
                    end = chain_end(connection, chain)
                    more = end is not None and end.number > head.number
                    connection.execute(_CLEAN, {"chain": chain, "upto": head.number, "more": more})
        except Conflict:
            return False
        return True
