"""Flow 3 in either town: what the resident record system takes over, who may see it, and what time does."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta

from gateway.clock import Clock
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import (
    MOST_MOVES,
    FetchedMove,
    MoveActor,
    MoveQuestion,
    MoveReceipt,
    MoveResult,
    Moves,
    MoveStep,
)
from gateway.domain.move_record import Move, stepped
from gateway.domain.move_rules import PLANNED_DAYS, too_late
from gateway.flows.card_work import new_reference
from gateway.flows.decision import Decision
from gateway.flows.move_work import MoveShelf, MoveWork, MoveWriter, Papers, receipt

_TAKEN = frozenset({MoveState.TAKEN, MoveState.SETTLED})
_MOST_OF_PERSON = 10


class MoveHandOver:
    """The use cases behind ListMoves, FetchMove, AcknowledgeMove and QueryMoves."""

    def __init__(self, shelf: MoveShelf, clock: Clock, *, papers: Papers, write: MoveWriter) -> None:
        self._shelf = shelf
        self._clock = clock
        self._papers = papers
        self._write = write

    def list(self, _asked: MoveQuestion) -> Moves:
        """What waits for the resident record system."""
        return Moves(self._clock.now(), new_reference("M"), self._shelf.waiting(limit=MOST_MOVES))

    def query(self, asked: MoveQuestion) -> Moves:
        """How far a person's moves have come."""
        found = () if asked.code is None else self._shelf.views_of(asked.code, limit=_MOST_OF_PERSON)
        return Moves(self._clock.now(), new_reference("M"), found)

    def fetch(self, asked: MoveStep) -> FetchedMove:
        """The certificate in the new town, the move-in notice in the old."""
        move = self._shelf.by_reference(asked.reference)
        now, reference = self._clock.now(), new_reference("M")
        if move is None:
            return FetchedMove(now, reference, MoveResult.NO_SUCH_MOVE)
        if move.role is MoveRole.NEW_TOWN and move.certificate is not None:
            certificate = self._papers.certificate(move.certificate)
            return FetchedMove(now, reference, MoveResult.ACCEPTED, certificate)
        if move.role is MoveRole.OLD_TOWN and move.arrival is not None:
            arrival = self._papers.arrival(move.arrival)
            return FetchedMove(now, reference, MoveResult.ACCEPTED, arrival=arrival)
        return FetchedMove(now, reference, MoveResult.NOT_ALLOWED)

    def acknowledge(self, asked: MoveStep) -> Decision[MoveReceipt]:
        """The resident record system has it."""
        move = self._shelf.by_reference(asked.reference)
        if move is None:
            return receipt(self._clock, self._write, MoveResult.NO_SUCH_MOVE)
        if move.state in _TAKEN:
            return receipt(self._clock, self._write, MoveResult.ALREADY_ACCEPTED, move)
        if not move.may(MoveEvent.TAKE):
            return receipt(self._clock, self._write, MoveResult.NOT_ALLOWED, move)
        step = stepped(move, MoveEvent.TAKE, MoveActor.REGISTRY)
        return receipt(self._clock, self._write, MoveResult.ACCEPTED, step.move, MoveWork.of(step))


def last_planned(today: dt.date) -> dt.date:
    """Moves that were planned before this day are over by themselves."""
    return today - timedelta(days=PLANNED_DAYS)


def lapsed(move: Move, today: dt.date) -> MoveWork | None:
    """The end of a move that nobody came for in time; None while that is not over."""
    late = too_late(move.planned_on, None, today)
    if late is None or not move.may(MoveEvent.LAPSE):
        return None
    return MoveWork.of(stepped(move, MoveEvent.LAPSE, MoveActor.TIME, late), remarks=())
