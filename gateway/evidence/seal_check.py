"""Finds what seals know of the chains and the store no longer has, one seal after the other.

The seals of a system are numbered without a gap and each names the digest of the one before, so the newest
holds all; a gap is good only where a chain says that a restore has lost the seals up to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.evidence.chain_check import Finding
from gateway.evidence.entry import ChainStart, Head, chain_name
from gateway.evidence.seal import Seal

LinkAt = Callable[[str, int, int], bytes | None]
"""The link that is stored for (node, epoch, number); None when there is none."""

Trusted = Callable[[bytes, datetime], str | None]
"""Why a certificate (DER) may not have sealed at that time; None when it may."""


@dataclass(slots=True)
class SealCheck:
    """Checks all seals of a store; give them in order of their numbers."""

    system: str
    link_at: LinkAt
    trusted: Trusted
    lost: Mapping[int, bytes] = field(default_factory=dict)
    """Seals that a restore has lost, the newest of each restore: number to digest."""
    last: Seal | None = None
    sealed: dict[tuple[str, int], int] = field(default_factory=dict)
    """How far each chain is sealed: (node, epoch) to number."""

    def take(self, seal: Seal) -> Iterator[Finding]:
        """The next seal; gives what is wrong with it."""
        last = self.last
        follows = last.number + 1 if last else 1
        if seal.number != follows and seal.number - 1 not in self.lost:
            yield Finding("seal-removed", "", follows, f"missing: the next one is {seal.number}")
        elif seal.previous != (last.digest if last else None):
            yield Finding("seal-changed", "", seal.number, "does not follow the seal before it")
        yield from self._own(seal)
        for head in seal.heads:
            known = self.sealed.get((head.node, head.epoch), 0)
            if head.number < known:
                yield Finding("seal-changed", "", seal.number, f"goes back behind {known} of {_name(head)}")
            self.sealed[head.node, head.epoch] = max(known, head.number)
            yield from self._head(head, seal.number)
        self.last = seal

    def outside(self, seal: Seal, stored: Seal | None) -> Iterator[Finding]:
        """A seal from elsewhere (``stored`` is the one of its number here): proof against rollback."""
        yield from self._own(seal)
        if stored is None:
            newest = self.last.number if self.last else 0
            told = any(number >= seal.number for number in self.lost)
            why = "; a restore has told of it" if told else ""
            yield Finding(
                "truncated",
                "",
                seal.number,
                f"is not here, the newest is {newest}: cut off{why}",
            )
        elif stored.statement != seal.statement:
            yield Finding("seal-changed", "", seal.number, "is another one than the one from elsewhere")
        for head in seal.heads:
            yield from self._head(head, seal.number)

    def _own(self, seal: Seal) -> Iterator[Finding]:
        if seal.system != self.system:
            yield Finding("seal-changed", "", seal.number, "is of another system")
        if not seal.signature_holds():
            yield Finding("seal-signature", "", seal.number, "its signature does not hold")
        elif (reason := self.trusted(seal.certificate, seal.at)) is not None:
            yield Finding("seal-signature", "", seal.number, reason)

    def _head(self, head: Head, seal: int) -> Iterator[Finding]:
        link = self.link_at(head.node, head.epoch, head.number)
        if link is None:
            yield Finding(
                "truncated",
                _name(head),
                head.number,
                f"is missing, though seal {seal} says it was there",
            )
        elif link != head.link:
            yield Finding("changed", _name(head), head.number, f"is not what seal {seal} says")


def check_start(start: ChainStart, link_at: LinkAt) -> Iterator[Finding]:
    """A chain's beginning: the node's chain before it must go as far as it says."""
    after = start.after
    before = after.epoch if after else 0
    # After a restore the epochs that were lost are not used again.
    if before != start.epoch - 1 and not (start.reason == "restore" and before < start.epoch):
        yield Finding("chain-removed", start.name, 0, "does not begin where the node's chain before it was")
    elif after is not None:
        link = link_at(after.node, after.epoch, after.number)
        if link is None:
            yield Finding(
                "truncated", _name(after), after.number, f"is missing, though {start.name} begins after it"
            )
        elif link != after.link:
            yield Finding("changed", _name(after), after.number, f"is not what {start.name} begins after")


def _name(head: Head) -> str:
    return chain_name(head.node, head.epoch)
