"""Which refusals get a record of their own, pure: no peer may fill the disk or keep it busy.

In each minute the first 100 refusals of a peer are recorded; of the others each hundredth, and the rest is
only counted. Counts are written with the next record, so a flood costs no sync for each message. One Sampler
serves one process; what the other processes counted comes back through learned().
"""

from __future__ import annotations

from dataclasses import dataclass, field

OTHERS = "(others)"
"""The peer under which refusals are counted once a minute has seen too many peers."""


@dataclass(frozen=True, slots=True)
class SamplingLimits:
    """Bounds for one minute."""

    recorded_per_peer: int = 100
    one_in: int = 100  # of the refusals beyond
    recorded_in_all: int = 1_000  # whoever the peers are, for each process
    peers: int = 1_000  # told apart


DEFAULT_LIMITS = SamplingLimits()


@dataclass(frozen=True, slots=True)
class Addition:
    """So many more refusals of a peer in a minute (its number since the epoch)."""

    minute: int
    peer: str
    refused: int


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be written now: ``additions`` to the counts, and whether this refusal gets its record.

    ``always``: it was drawn as a sample. Otherwise it gets it as long as the count of all processes
    before it (that of ``own``) is below the limit.
    """

    additions: tuple[Addition, ...]
    own: Addition | None
    always: bool = False


@dataclass(slots=True)
class _Peer:
    written: int = 0
    pending: int = 0


@dataclass(slots=True)
class Sampler:
    """Counts one process's refusals of the current minute. Not thread-safe: hold a lock around it."""

    limits: SamplingLimits = DEFAULT_LIMITS
    _minute: int = -1
    _recorded: int = 0
    _peers: dict[str, _Peer] = field(default_factory=dict)

    def note(self, peer: str, minute: int) -> Due:
        """One more refusal. A minute gone by counts as the current one."""
        additions = self._turn(minute) if minute > self._minute else ()
        if peer not in self._peers and len(self._peers) >= self.limits.peers:
            peer = OTHERS
        state = self._peers.setdefault(peer, _Peer())
        state.pending += 1
        first = (
            state.written + state.pending <= self.limits.recorded_per_peer
            and self._recorded < self.limits.recorded_in_all
        )
        sample = not first and state.pending >= self.limits.one_in
        if not first and not sample:
            return Due(additions, None)
        own = Addition(self._minute, peer, state.pending)
        state.written += state.pending
        state.pending = 0
        self._recorded += first
        return Due((*additions, own), own, always=sample)

    def learned(self, own: Addition, refused: int) -> None:
        """The count of all processes, as the database has it."""
        state = self._peers.get(own.peer)
        if state is not None and own.minute == self._minute:
            state.written = max(state.written, refused)

    def pending(self) -> tuple[Addition, ...]:
        """Take what is counted and not written yet."""
        additions = tuple(
            Addition(self._minute, peer, state.pending)
            for peer, state in self._peers.items()
            if state.pending
        )
        for state in self._peers.values():
            state.written += state.pending
            state.pending = 0
        return additions

    def _turn(self, minute: int) -> tuple[Addition, ...]:
        additions = self.pending()
        self._minute = minute
        self._recorded = 0
        self._peers.clear()
        return additions
