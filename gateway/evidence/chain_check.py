"""Finds what was changed in a chain, entry by entry, in constant memory.

A changed entry no longer gives its link; one that was removed leaves a gap, one that was put in or put
elsewhere takes a number that its text does not have, or breaks the links after it. What was cut off at the
end is found against a seal (seal_check.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.evidence.entry import (
    GENESIS,
    WITHOUT_BYTES,
    ChainStart,
    Entry,
    Signature,
    link_of,
    opening,
    read_instant,
    stored_text,
)
from gateway.evidence.signature import hash_of, signature_holds, signed_info_of
from gateway.evidence.transient import HANDED_OVER, is_transient

ERASURE: Final = "erasure"
_BEFORE: Final = "before "


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written: a stable ``kind``, where, and a text for the operator.

    ``number`` is an entry's in ``chain`` (NODE-EPOCH), or a seal's when ``chain`` is empty.
    """

    kind: str
    chain: str
    number: int | None
    text: str

    def __str__(self) -> str:
        place = f"{self.chain or 'seal'} {self.number}" if self.number is not None else self.chain or "seals"
        return f"{place}: {self.text} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is kept; ``signed`` is what the last four lines of its text say."""

    number: int
    entry: Entry
    signed: tuple[str, str, str, str]
    link: bytes


def erasure_outcome(before: str) -> str:
    """The outcome of an entry that says: bodies older than this instant's text are erased from here on."""
    return _BEFORE + before


class ChainCheck:
    """Checks one chain; give it the entries in order of their numbers, then end()."""

    def __init__(self, start: ChainStart, genesis: bytes, *, bodies: bool = True) -> None:
        self._start = start
        self._opening = opening(start.node, start.epoch)
        self._bodies = bodies
        self.number = GENESIS
        self.link = genesis
        self.erased = 0
        """Entries whose bytes are gone, as an erasure says."""
        self.newest_erased: tuple[datetime, int] | None = None
        """The latest of them: its time and number, to be held against the erasures of all chains."""
        self.erasures: datetime | None = None
        """The latest instant before which this chain says that bodies are erased."""
        self.handed_over: set[tuple[str, str]] = set()
        """Peer and MessageID of messages of which this chain says that they were handed over and erased."""
        self.erased_apart: dict[tuple[str, str], tuple[datetime, int]] = {}
        """Those of the messages that are kept until the hand-over only whose bytes are gone: time, number."""

    def take(self, kept: Kept) -> Iterator[Finding]:
        """The next entry; gives what is wrong with it."""
        number, entry = kept.number, kept.entry
        if number != self.number + 1:
            last = number - 1
            gap = f"{self.number + 1} to {last}" if last > self.number + 1 else f"{self.number + 1}"
            yield self._finding("removed", self.number + 1, f"entries missing: {gap}")
        elif link_of(self.link, stored_text(self._opening, number, entry, kept.signed)) != kept.link:
            yield self._finding("changed", number, "is not what was written, or does not stand where it did")
        self.number, self.link = number, kept.link
        if entry.kind == ERASURE:
            self._note_erasure(entry)
        if entry.body is not None:
            if self._bodies and (
                len(entry.body) != entry.size or hashlib.sha256(entry.body).digest() != entry.digest
            ):
                yield self._finding("body-changed", number, "the bytes are not those that travelled")
        elif entry.kind not in WITHOUT_BYTES:
            self.erased += 1
            if is_transient(entry.direction, entry.kind, entry.operation) and entry.message_id is not None:
                self.erased_apart[entry.peer, entry.message_id] = (entry.at, number)
            elif self.newest_erased is None or entry.at > self.newest_erased[0]:
                self.newest_erased = (entry.at, number)

    def _note_erasure(self, entry: Entry) -> None:
        if entry.outcome == HANDED_OVER:
            if entry.relates_to is not None:
                self.handed_over.add((entry.peer, entry.relates_to))
            return
        try:
            before = read_instant(entry.outcome.removeprefix(_BEFORE))
        except ValueError:
            return
        if self.erasures is None or before > self.erasures:
            self.erasures = before

    def _finding(self, kind: str, number: int, text: str) -> Finding:
        return Finding(kind, self._start.name, number, text)


def body_missing(chain: str, erased: tuple[datetime, int] | None, before: datetime | None) -> Finding | None:
    """The finding for bytes that are gone though no erasure of any chain covers them."""
    if erased is None or (before is not None and erased[0] < before):
        return None
    return Finding("body-missing", chain, erased[1], "the bytes are gone, and no erasure covers them")


def check_signature(chain: str, number: int, signature: Signature, body: bytes | None) -> Finding | None:
    """The message's own signature, and while the bytes are there that their SignedInfo is what was signed."""
    if not signature_holds(signature):
        return Finding("signature", chain, number, "the message's signature does not hold")
    if body is not None:
        signed_info = signed_info_of(body)
        if signed_info is None or (
            hashlib.new(hash_of(signature.algorithm), signed_info).digest() != signature.signed
        ):
            return Finding("signature", chain, number, "SignedInfo in the bytes is not what was signed")
    return None
