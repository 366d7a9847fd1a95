"""Flow 3 in the new town: a move-in is ended before it is complete, or what was refused is tried again."""

from __future__ import annotations

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import (
    MoveActor,
    MoveInNotice,
    MoveReceipt,
    MoveResult,
    MoveStep,
    TransferRequest,
)
from gateway.domain.move_record import Move, stepped
from gateway.flows.decision import Decision
from gateway.flows.move_work import MovePost, MoveShelf, MoveWork, MoveWriter, Papers, receipt

_NEW = MoveRole.NEW_TOWN
_R = MoveResult
_CLAIMED = frozenset({MoveState.REQUESTED, MoveState.RECEIVED, MoveState.TAKEN})


class MoveInControl:
    """What a clerk, the resident record system and an operator may do to a move-in."""

    def __init__(
        self, shelf: MoveShelf, clock: Clock, *, papers: Papers, post: MovePost, write: MoveWriter
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._papers = papers
        self._post = post
        self._write = write

    def cancel(self, asked: MoveStep, actor: MoveActor) -> Decision[MoveReceipt]:
        """CancelMoveIn: the people gave up, or the move-in cannot be."""
        move = self._shelf.by_reference(asked.reference)
        if move is None or move.role is not _NEW:
            return self._say(_R.NO_SUCH_MOVE)
        if move.state is MoveState.WITHDRAWN:
            return self._say(_R.ALREADY_ACCEPTED, move)
        if not move.may(MoveEvent.WITHDRAW):
            return self._say(_R.NOT_ALLOWED, move)
        step = stepped(move, MoveEvent.WITHDRAW, actor)
        orders = []
        if move.state in _CLAIMED and move.peer is not None and self._post.knows(move.peer):
            told = MoveStep(asked.caller, move.reference)
            orders.append(self._post.to_peer(move.peer, "WithdrawRequest", told, move.line))
        return self._say(_R.ACCEPTED, step.move, MoveWork.of(step, *orders, remarks=()))

    def retry(self, move: Move, caller: Caller) -> MoveWork | None:
        """What an operator has sent again: the refused notice, or the refused request; None for neither."""
        if move.peer is None or not self._post.knows(move.peer):
            return None
        if move.may(MoveEvent.RETRY) and move.arrival is not None:
            step = stepped(move, MoveEvent.RETRY, MoveActor.OPERATOR)
            notice = MoveInNotice(caller, self._papers.arrival(move.arrival))
            return MoveWork.of(step, self._post.to_peer(move.peer, "NotifyMoveIn", notice, move.line))
        serial, moved_on, notified_on = move.serial, move.moved_on, move.notified_on
        if move.state is not MoveState.REFUSED or serial is None or moved_on is None or notified_on is None:
            return None
        request = TransferRequest(caller, move.reference, move.code, serial, moved_on, notified_on)
        step = stepped(move, MoveEvent.REQUEST, MoveActor.OPERATOR)
        order = self._post.to_peer(move.peer, "RequestTransferCertificate", request, move.line)
        return MoveWork.of(step, order)

    def _say(self, result: MoveResult, move: Move | None = None, *works: MoveWork) -> Decision[MoveReceipt]:
        return receipt(self._clock, self._write, result, move, *works)
