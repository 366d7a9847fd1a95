"""A move as one municipality has it on record, and what leads it from one state to the next. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.card import CardSerial
from gateway.domain.change_report import Notice
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import ENDED, TABLE, MoveEvent, MoveRole, MoveState
from gateway.domain.move_messages import MoveActor, MoveResult
from gateway.domain.move_rules import last_day
from gateway.domain.values import Masked


@dataclass(frozen=True, slots=True, repr=False)
class Move(Masked):
    """One move here.

    ``reference`` is ours, ``theirs`` the other municipality's, ``peer`` is who that is; ``line`` orders its
    messages with those of earlier moves of the same person. ``code`` and ``serial`` are the holder's of the
    card, ``people`` all who move. ``certificate`` and ``arrival`` are as they are kept, None before they
    come and once nobody needs them. ``result`` is the last rule that the other municipality named.
    ``version`` counts what was written, 0 for a move that is not written yet.
    """

    reference: str
    state: MoveState
    code: ResidentRecordCode
    line: str
    people: tuple[ResidentRecordCode, ...]
    peer: MunicipalityCode | None = None
    theirs: str | None = None
    serial: CardSerial | None = None
    planned_on: dt.date | None = None
    moved_on: dt.date | None = None
    notified_on: dt.date | None = None
    result: MoveResult | None = None
    certificate: bytes | None = None
    arrival: bytes | None = None
    version: int = 0

    @property
    def role(self) -> MoveRole:
        """Which of the two towns this is."""
        return self.state.role

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state not in ENDED

    @property
    def is_complete(self) -> bool:
        """Whether the people are on record in the new town."""
        return self.state in {MoveState.COMPLETED, MoveState.NOTIFIED, MoveState.NOTICE_REFUSED}

    @property
    def last_day(self) -> dt.date | None:
        """The last day for the first 転入届, as far as it is known."""
        return last_day(self.planned_on, self.moved_on)

    def may(self, event: MoveEvent) -> bool:
        """Whether its state allows the event."""
        return (self.state, event) in TABLE


@dataclass(frozen=True, slots=True)
class MoveEntry:
    """What happened to a move, by whom; ``result`` is what a counterpart answered."""

    event: MoveEvent
    actor: MoveActor
    result: MoveResult | None = None


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """A message that is to go out: where, what, and in which line.

    ``line`` is that of the move's messages; None for one that stands in line with the changes of ``person``.
    """

    destination: str
    service: str
    operation: str
    action: str
    notice: Notice
    line: str | None = None
    person: ResidentRecordCode | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Stepped(Masked):
    """A move after an event."""

    move: Move
    entry: MoveEntry


def stepped(
    move: Move, event: MoveEvent, actor: MoveActor, result: MoveResult | None = None, **changes: Any
) -> Stepped:
    """The move after an event that its state allows; KeyError for any other.

    What it says of people beyond their codes goes with its end.
    """
    state = TABLE[move.state, event].to
    after = replace(move, **changes, result=result, state=state)
    if state in ENDED or state is MoveState.ARRIVED:
        after = replace(after, certificate=None)
    return Stepped(after, MoveEntry(event, actor, result))


def answered(move: Move, operation: str, result: MoveResult, answers: str | None = None) -> Stepped | None:
    """What the other municipality's answer to a message of ours makes of the move; None: nothing.

    An answer that comes when the move has gone on already, because a message overtook it, changes nothing:
    of a certificate that was sent, ``answers`` must be the request that counts now.
    """
    if operation == "SendTransferCertificate" and answers != move.theirs:
        return None
    if operation == "RequestTransferCertificate":
        event = None if result.is_done else MoveEvent.REFUSE
    elif operation == "SendTransferCertificate":
        event = MoveEvent.DELIVER if result.is_done else MoveEvent.RELEASE
    elif operation == "NotifyMoveIn":
        event = MoveEvent.NOTICE_TAKEN if result.is_done else MoveEvent.NOTICE_DENIED
    else:
        return None
    if event is None or not move.may(event):
        return None
    told = None if result.is_done else result
    if event is MoveEvent.RELEASE:
        return released(move, told)
    return stepped(move, event, MoveActor.PEER, told)


def released(move: Move, result: MoveResult | None = None) -> Stepped:
    """The old town's move once the town that asked does not want it any more."""
    return stepped(
        move,
        MoveEvent.RELEASE,
        MoveActor.PEER,
        result,
        peer=None,
        theirs=None,
        moved_on=None,
        notified_on=None,
    )
