"""Special move-ins (特例転入, flow 3) of a municipal CS in both roles: what it asks, tells, takes and does by
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from gateway import telemetry
from gateway.clock import Clock
from gateway.contract import SERVICES, write_body
from gateway.contract.certificates import Papers
from gateway.domain.caller import Caller, Operator
from gateway.domain.change_report import Notice
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move_messages import MoveActor
from gateway.domain.move_record import MoveOrder
from gateway.domain.move_remarks import TextLimits
from gateway.flows.change_intake import NoticeMaker
from gateway.flows.identity_update import Write, japanese_day
from gateway.flows.move_control import MoveInControl
from gateway.flows.move_desk import MoveHandOver, lapsed, last_planned
from gateway.flows.move_in import FollowMoveIn, MoveIn
from gateway.flows.move_out import MoveOut
from gateway.flows.move_receiving import MoveReceiving
from gateway.flows.move_work import MoveWork, MoveWriter
from gateway.running import Handlers
from gateway.settings import Settings
from gateway.store import Conflict, Store
from gateway.wss.sign import new_message_id

LAPSE_SECONDS = 20.0
"""Between two looks for moves whose deadline is over."""
_AT_ONCE = 200  # moves of one look
_ITSELF = "SYSTEM"


class MoveMail:
    """Makes the messages of moves; ``peers`` are the destinations of other municipalities by code."""

    def __init__(self, peers: dict[str, str], prefecture: str) -> None:
        self._peers = peers
        self._prefecture = prefecture

    @classmethod
    def of(cls, settings: Settings, prefecture: str) -> MoveMail:
        """By the settings: every 市町村CS that is a destination."""
        called = {destination.id for destination in settings.destinations}
        peers = {
            known.municipality: known.id
            for known in settings.counterparts
            if known.role == "municipal_cs" and known.municipality is not None and known.id in called
        }
        return cls(peers, prefecture)

    def knows(self, peer: MunicipalityCode) -> bool:
        """As MovePost.knows."""
        return peer.digits in self._peers

    def to_peer(self, peer: MunicipalityCode, operation: str, told: Any, line: str) -> MoveOrder:
        """As MovePost.to_peer; KeyError for a municipality that is not known."""
        return _order(self._peers[peer.digits], "municipal", operation, told, line=line)

    def to_prefecture(self, told: Any, person: ResidentRecordCode) -> MoveOrder:
        """As MovePost.to_prefecture."""
        return _order(self._prefecture, "prefectural", "ConfirmMoveOut", told, person=person)


class MoveDesk:
    """Everything that a municipal CS does about special move-ins.

    ``follow``, ``notice`` and ``write_changes`` are what its changes of flow 1 bring with them;
    ``prefecture`` is the destination of its prefectural server.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: Settings,
        home: MunicipalityCode,
        *,
        prefecture: str,
        notice: NoticeMaker,
        write_changes: Write,
        follow: FollowMoveIn,
    ) -> None:
        self._store = store
        self._clock = clock
        self._write = write = move_writer(store, clock)
        self.own = itself(settings, home)
        papers, post, shelf = Papers(), MoveMail.of(settings, prefecture), store.moves
        self.incoming = MoveIn(
            shelf,
            clock,
            papers=papers,
            post=post,
            write=write,
            journal=store.changes,
            notice=notice,
            write_changes=write_changes,
            follow=follow,
        )
        self.outgoing = MoveOut(
            shelf,
            clock,
            papers=papers,
            post=post,
            write=write,
            journal=store.changes,
            own=self.own,
        )
        self.control = MoveInControl(shelf, clock, papers=papers, post=post, write=write)
        limits = TextLimits(settings.moves.name_characters, settings.moves.address_characters)
        self._receiving = MoveReceiving(shelf, clock, papers=papers, write=write, limits=limits)
        self._hand_over = MoveHandOver(shelf, clock, papers=papers, write=write)

    @property
    def handlers(self) -> Handlers:
        """The use cases by service and operation."""
        incoming, outgoing, hand_over = self.incoming, self.outgoing, self._hand_over
        cancel = self.control.cancel
        return {
            "terminal": {
                "RequestTransferCertificate": incoming.request,
                "CancelMoveIn": partial(cancel, actor=MoveActor.TERMINAL),
                "QueryMoves": hand_over.query,
            },
            "resident_record": {
                "RegisterTransferCertificate": outgoing.register,
                "CancelTransferCertificate": outgoing.cancel,
                "ListMoves": hand_over.list,
                "FetchMove": hand_over.fetch,
                "AcknowledgeMove": hand_over.acknowledge,
                "CompleteMoveIn": incoming.complete,
                "CancelMoveIn": partial(cancel, actor=MoveActor.REGISTRY),
            },
            "municipal": {
                "RequestTransferCertificate": outgoing.asked,
                "SendTransferCertificate": self._receiving,
                "WithdrawRequest": outgoing.withdrawn,
                "NotifyMoveIn": outgoing.arrived,
            },
        }

    def end_what_is_over(self) -> None:
        """End the moves that nobody came for in time."""
        today = japanese_day(self._clock)
        for move in self._store.moves.due(last_planned(today), limit=_AT_ONCE):
            work = lapsed(move, today)
            if work is not None and commit_move(self._store, self._write, work):
                telemetry.event("move-lapsed", code=work.move.state.value)


def itself(settings: Settings, home: MunicipalityCode) -> Caller:
    """In whose name the CS itself tells of moves."""
    return Caller(home, settings.system.id, Operator(_ITSELF, _ITSELF), Purpose.SPECIAL_MOVE_IN)


def move_writer(store: Store, clock: Clock) -> MoveWriter:
    """Writes decisions about moves on the unit of work that it is given."""

    def write(unit: Any, works: Sequence[MoveWork]) -> None:
        for work in works:
            store.moves.write(
                unit, work.move, work.entry, orders=work.orders, remarks=work.remarks, at=clock.now()
            )

    return write


def commit_move(store: Store, write: Callable[[Any, Sequence[MoveWork]], None], work: MoveWork) -> bool:
    """Write it in a unit of work of its own; False where somebody else was faster."""
    try:
        with store.unit_of_work() as unit:
            write(unit, (work,))
    except Conflict:
        return False
    return True


def _order(
    destination: str,
    service_name: str,
    operation_name: str,
    told: Any,
    *,
    line: str | None = None,
    person: ResidentRecordCode | None = None,
) -> MoveOrder:
    service = SERVICES[service_name]
    operation = service.operation(operation_name)
    notice = Notice(new_message_id(), write_body(service, operation, told))
    return MoveOrder(destination, service_name, operation.name, operation.action, notice, line, person)
