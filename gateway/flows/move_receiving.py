"""Flow 3, 3-③ in the new town: the certificate comes, as it was asked for or sent ahead (引越しワンストップ).

Each is judged again here: that it is about who stands at the counter, and that the 転入届 was in time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from gateway.clock import Clock
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import MoveActor, MoveReceipt, MoveResult, TransferSending
from gateway.domain.move_record import Move, MoveEntry, stepped
from gateway.domain.move_remarks import TextLimits, remarks
from gateway.domain.move_rules import too_late
from gateway.flows.card_work import new_reference
from gateway.flows.decision import Decision
from gateway.flows.identity_update import japanese_day
from gateway.flows.move_work import MoveShelf, MoveWork, MoveWriter, Papers, receipt

_NEW = MoveRole.NEW_TOWN
_R = MoveResult
_HAVE = frozenset({MoveState.RECEIVED, MoveState.TAKEN})
_DONE = frozenset({MoveState.COMPLETED, MoveState.NOTIFIED, MoveState.NOTICE_REFUSED})


class MoveReceiving:
    """The use case behind SendTransferCertificate; ``limits`` are the resident record system's."""

    def __init__(
        self, shelf: MoveShelf, clock: Clock, *, papers: Papers, write: MoveWriter, limits: TextLimits
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._papers = papers
        self._write = write
        self._limits = limits

    def __call__(self, sent: TransferSending) -> Decision[MoveReceipt]:
        """Take a certificate, or say by which rule it is not."""
        if sent.answers is None:
            return self._pushed(sent)
        move = self._shelf.by_reference(sent.answers)
        if move is None or move.role is not _NEW or move.peer != sent.caller.municipality:
            return self._say(_R.NOT_WANTED)
        kept = self._papers.keep(sent.certificate)
        result = self._wanted(move, kept)
        if not result.is_accepted:
            return self._say(result, move)
        others = [
            other
            for other in self._shelf.open_of(_NEW, sent.certificate.codes)
            if other.reference != move.reference
        ]
        refusal = _unfit(move, sent.certificate, others)
        if refusal is None:
            step = stepped(move, MoveEvent.RECEIVE, MoveActor.PEER, **_brought(sent, kept))
            found = remarks(sent.certificate, self._limits)
            # Others of the household who asked by a card of their own move with this one.
            ended = [
                MoveWork.of(stepped(one, MoveEvent.WITHDRAW, MoveActor.PEER, _R.OPEN_ALREADY))
                for one in others
            ]
            return self._say(_R.ACCEPTED, step.move, *ended, MoveWork.of(step, remarks=found))
        if not move.may(MoveEvent.REFUSE):
            return self._say(refusal, move)
        step = stepped(move, MoveEvent.REFUSE, MoveActor.PEER, refusal)
        return self._say(refusal, step.move, MoveWork.of(step))

    @staticmethod
    def _wanted(move: Move, kept: bytes) -> MoveResult:
        """Whether the answer to a request is still waited for."""
        if move.state in _DONE or (move.state in _HAVE and move.certificate == kept):
            return _R.ALREADY_ACCEPTED
        return _R.ACCEPTED if move.may(MoveEvent.RECEIVE) else _R.NOT_WANTED

    def _pushed(self, sent: TransferSending) -> Decision[MoveReceipt]:
        certificate = sent.certificate
        late = too_late(certificate.planned_on, None, japanese_day(self._clock))
        found = self._shelf.open_of(_NEW, certificate.codes)
        if late is not None or len(found) > 1:
            return self._say(late or _R.OPEN_ALREADY)
        kept = self._papers.keep(certificate)
        remarked = remarks(certificate, self._limits)
        if not found:
            move = self._prepared(sent, kept)
            entry = MoveEntry(MoveEvent.PUSH, MoveActor.PEER)
            return self._say(_R.ACCEPTED, move, MoveWork(move, entry, remarks=remarked))
        (move,) = found
        result = _pushed_onto(move, sent, kept)
        if not result.is_accepted:
            return self._say(result, move)
        step = stepped(move, MoveEvent.PUSH, MoveActor.PEER, **_brought(sent, kept))
        return self._say(_R.ACCEPTED, step.move, MoveWork.of(step, remarks=remarked))

    def _prepared(self, sent: TransferSending, kept: bytes) -> Move:
        holder = next(one.record.code for one in sent.certificate.people if one.card is not None)
        reference = new_reference("M")
        before = self._shelf.newest_of(_NEW, holder)
        line = reference if before is None else before.line
        move = Move(
            reference,
            MoveState.PREPARED,
            holder,
            line,
            sent.certificate.codes,
            peer=sent.caller.municipality,
            theirs=sent.certificate.reference,
        )
        return dataclasses.replace(move, planned_on=sent.certificate.planned_on, certificate=kept)

    def _say(self, result: MoveResult, move: Move | None = None, *works: MoveWork) -> Decision[MoveReceipt]:
        return receipt(self._clock, self._write, result, move, *works)


def _unfit(move: Move, certificate: TransferCertificate, others: Sequence[Move]) -> MoveResult | None:
    """Why a certificate is not the answer to what was asked."""
    if move.code not in certificate.codes:
        return _R.OTHER_PEOPLE
    if any(other.certificate is not None or other.is_complete for other in others):
        return _R.OPEN_ALREADY
    if move.notified_on is None:
        return None
    return too_late(certificate.planned_on, move.moved_on, move.notified_on)


def _pushed_onto(move: Move, sent: TransferSending, kept: bytes) -> MoveResult:
    """Whether what is sent ahead is news to a move that is there."""
    same = (move.peer, move.theirs) == (sent.caller.municipality, sent.certificate.reference)
    if move.peer != sent.caller.municipality or not move.may(MoveEvent.PUSH):
        # Of what crossed a request the answer to that counts.
        crossed = same or (move.state is MoveState.REQUESTED and move.peer == sent.caller.municipality)
        return _R.ALREADY_ACCEPTED if crossed else _R.OPEN_ALREADY
    return _R.ALREADY_ACCEPTED if move.certificate == kept else _R.ACCEPTED


def _brought(sent: TransferSending, kept: bytes) -> dict[str, Any]:
    certificate = sent.certificate
    return {
        "peer": sent.caller.municipality,
        "certificate": kept,
        "people": certificate.codes,
        "planned_on": certificate.planned_on,
        "theirs": certificate.reference,
    }
