"""What a decision about a move writes, and what the use cases of moves need of the world."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import MoveRole
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import Arrival, MoveReceipt, MoveResult, MoveView
from gateway.domain.move_record import Move, MoveEntry, MoveOrder, Stepped
from gateway.domain.move_remarks import Remark
from gateway.flows.card_work import new_reference
from gateway.flows.decision import Decision


class MoveShelf(Protocol):
    """The moves on record here, read only."""

    def by_reference(self, reference: str) -> Move | None:
        """The move of this reference of ours."""
        ...

    def by_theirs(self, role: MoveRole, peer: MunicipalityCode, theirs: str) -> Move | None:
        """The newest move with this municipality under its reference."""
        ...

    def newest_of(self, role: MoveRole, code: ResidentRecordCode) -> Move | None:
        """The newest move of a person, ended or not."""
        ...

    def open_of(self, role: MoveRole, codes: Sequence[ResidentRecordCode]) -> tuple[Move, ...]:
        """The moves of any of these people that have not ended."""
        ...

    def due(self, planned_before: dt.date, *, limit: int) -> tuple[Move, ...]:
        """Moves that wait for a first 転入届 and were planned before a day."""
        ...

    def waiting(self, *, limit: int) -> tuple[MoveView, ...]:
        """What waits for the resident record system, the longest first."""
        ...

    def views_of(self, code: ResidentRecordCode, *, limit: int) -> tuple[MoveView, ...]:
        """A person's moves with their events, the newest first."""
        ...


class Papers(Protocol):
    """How certificates and notices are kept."""

    def keep(self, paper: TransferCertificate | Arrival) -> bytes:
        """As they are kept."""
        ...

    def certificate(self, kept: bytes) -> TransferCertificate:
        """Back."""
        ...

    def arrival(self, kept: bytes) -> Arrival:
        """Back."""
        ...


class MovePost(Protocol):
    """Makes the messages of moves."""

    def knows(self, peer: MunicipalityCode) -> bool:
        """Whether a 市町村CS of this municipality is known."""
        ...

    def to_peer(self, peer: MunicipalityCode, operation: str, told: Any, line: str) -> MoveOrder:
        """A message to another municipality."""
        ...

    def to_prefecture(self, told: Any, person: ResidentRecordCode) -> MoveOrder:
        """転出確定通知."""
        ...


@dataclass(frozen=True, slots=True)
class MoveWork:
    """What is to be written of one move: it, what happened, what goes out, what an operator must look at.

    ``remarks`` of None leaves those that there are.
    """

    move: Move
    entry: MoveEntry
    orders: tuple[MoveOrder, ...] = ()
    remarks: tuple[Remark, ...] | None = None

    @classmethod
    def of(cls, step: Stepped, *orders: MoveOrder, remarks: tuple[Remark, ...] | None = None) -> MoveWork:
        """An event with what goes out because of it."""
        return cls(step.move, step.entry, orders, remarks)


MoveWriter = Callable[[Any, Sequence[MoveWork]], None]
"""Writes on a unit of work; raises the store's Conflict when a move was written since it was read."""


def receipt(
    clock: Clock, write: MoveWriter, result: MoveResult, move: Move | None = None, *works: MoveWork
) -> Decision[MoveReceipt]:
    """The answer, and what is to be written with it."""
    about = () if move is None else move.people
    reference = None if move is None else move.reference
    answer = MoveReceipt(clock.now(), new_reference("M"), result, reference, about)
    if not works:
        return Decision(answer)
    return Decision(answer, lambda unit: write(unit, works))
