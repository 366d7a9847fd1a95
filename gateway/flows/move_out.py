"""Flow 3 in the old town (転出地).

The resident record system registers the certificate when the move-out is reported; a request of the town that
received the first 転入届 is answered with it; that town's notice ends the move, and the prefectural server is
told that it is definite (転出確定通知, 施行令13条3項).
"""

from __future__ import annotations

import dataclasses

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.change import Presence
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import (
    CertificateRegistration,
    Dispatch,
    MoveActor,
    MoveInNotice,
    MoveOutConfirmation,
    MoveReceipt,
    MoveResult,
    MoveStep,
    TransferRequest,
    TransferSending,
)
from gateway.domain.move_record import Move, MoveEntry, MoveOrder, released, stepped
from gateway.domain.move_rules import judge_days, too_late
from gateway.flows.card_work import new_reference
from gateway.flows.change_intake import ChangeJournal
from gateway.flows.decision import Decision
from gateway.flows.identity_update import japanese_day
from gateway.flows.move_work import MovePost, MoveShelf, MoveWork, MoveWriter, Papers, receipt

_OLD = MoveRole.OLD_TOWN
_R = MoveResult
_CLAIMED = frozenset({MoveState.SENT, MoveState.DELIVERED})
_WITHOUT = {MoveState.SETTLED: _R.RECORDED_SINCE, MoveState.CANCELLED: _R.MOVE_OUT_CANCELLED}


class MoveOut:
    """The use cases of the old town; ``own`` is in whose name the CS itself tells."""

    def __init__(
        self,
        shelf: MoveShelf,
        clock: Clock,
        *,
        papers: Papers,
        post: MovePost,
        write: MoveWriter,
        journal: ChangeJournal,
        own: Caller,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._papers = papers
        self._post = post
        self._write = write
        self._journal = journal
        self._own = own

    def register(self, told: CertificateRegistration) -> Decision[MoveReceipt]:
        """RegisterTransferCertificate: a move-out was reported."""
        certificate, today = told.certificate, japanese_day(self._clock)
        if certificate.reported_on > today:
            return self._say(_R.DATE_TO_COME)
        late = too_late(certificate.planned_on, None, today)
        if late is not None:
            return self._say(late)
        here = told.caller.municipality.digits
        if any(self._journal.standing(code, here).presence is Presence.NOBODY for code in certificate.codes):
            return self._say(_R.NOT_ON_RECORD)
        ahead = told.dispatch is Dispatch.AHEAD
        if ahead and not self._post.knows(certificate.destination):
            return self._say(_R.UNKNOWN_MUNICIPALITY)
        found = self._shelf.open_of(_OLD, certificate.codes)
        if len(found) > 1:
            return self._say(_R.OPEN_ALREADY)
        return self._registered(found[0] if found else None, certificate, ahead)

    def _registered(
        self, move: Move | None, certificate: TransferCertificate, ahead: bool
    ) -> Decision[MoveReceipt]:
        reference = new_reference("M") if move is None else move.reference
        ours = dataclasses.replace(certificate, reference=reference)
        kept = self._papers.keep(ours)
        if move is not None and move.certificate == kept:
            return self._say(_R.ALREADY_ACCEPTED, move)
        if move is not None and not move.may(MoveEvent.REGISTER):
            return self._say(_R.OPEN_ALREADY, move)
        holder = next(one.record.code for one in ours.people if one.card is not None)
        if move is None:
            before = self._shelf.newest_of(_OLD, holder)
            line = reference if before is None else before.line
            move = Move(reference, MoveState.REGISTERED, holder, line, ours.codes)
        move = dataclasses.replace(
            move,
            state=MoveState.REGISTERED,
            code=holder,
            people=ours.codes,
            planned_on=ours.planned_on,
            certificate=kept,
            result=None,
        )
        orders = (self._sending(ours, ours.destination, move, None),) if ahead else ()
        entry = MoveEntry(MoveEvent.REGISTER, MoveActor.REGISTRY)
        return self._say(_R.ACCEPTED, move, MoveWork(move, entry, orders))

    def cancel(self, asked: MoveStep, actor: MoveActor = MoveActor.REGISTRY) -> Decision[MoveReceipt]:
        """CancelTransferCertificate: the people stay."""
        move = self._shelf.by_reference(asked.reference)
        if move is None or move.role is not _OLD:
            return self._say(_R.NO_SUCH_MOVE)
        if move.state is MoveState.CANCELLED:
            return self._say(_R.ALREADY_ACCEPTED, move)
        if not move.may(MoveEvent.CANCEL):
            claimed = move.state in _CLAIMED
            return self._say(_R.REQUESTED_ELSEWHERE if claimed else _R.NOT_ALLOWED, move)
        step = stepped(move, MoveEvent.CANCEL, actor)
        return self._say(_R.ACCEPTED, step.move, MoveWork.of(step))

    def asked(self, request: TransferRequest) -> Decision[MoveReceipt]:
        """RequestTransferCertificate of the town that received the first 転入届."""
        refusal = judge_days(request.moved_on, request.notified_on, japanese_day(self._clock))
        if refusal is None and not self._post.knows(request.caller.municipality):
            refusal = _R.UNKNOWN_MUNICIPALITY  # nobody could be sent the certificate
        if refusal is not None:
            return self._say(refusal)
        found = self._shelf.open_of(_OLD, (request.code,))
        if not found:
            before = self._shelf.newest_of(_OLD, request.code)
            return self._say(_R.NO_CERTIFICATE if before is None else _WITHOUT[before.state])
        (move,) = found
        refusal = self._unfit(move, request)
        if refusal is not None or move.certificate is None:
            return self._say(refusal or _R.NO_CERTIFICATE)
        peer = request.caller.municipality
        step = stepped(
            move,
            MoveEvent.ASK,
            MoveActor.PEER,
            peer=peer,
            theirs=request.reference,
            moved_on=request.moved_on,
            notified_on=request.notified_on,
        )
        certificate = self._papers.certificate(move.certificate)
        order = self._sending(certificate, peer, move, request.reference)
        return self._say(_R.ACCEPTED, step.move, MoveWork.of(step, order))

    def _unfit(self, move: Move, request: TransferRequest) -> MoveResult | None:
        """Why the request is not answered: the exclusions of 施行令24条の2."""
        if move.state is MoveState.ARRIVED:
            return _R.RECORDED_SINCE
        if move.state in _CLAIMED:
            if move.peer != request.caller.municipality:
                return _R.REQUESTED_ELSEWHERE
            if move.theirs != request.reference:
                return _R.OPEN_ALREADY
        if move.certificate is not None:
            card = self._papers.certificate(move.certificate).card_of(request.code)
            if card is None or card.serial != request.serial:
                return _R.CARD_NOT_HANDED_IN
        return too_late(move.planned_on, request.moved_on, request.notified_on)

    def withdrawn(self, told: MoveStep) -> Decision[MoveReceipt]:
        """WithdrawRequest: the town that asked does not need the answer any more."""
        move = self._shelf.by_theirs(_OLD, told.caller.municipality, told.reference)
        if move is None:
            return self._say(_R.NO_SUCH_MOVE)
        if not move.may(MoveEvent.RELEASE):
            return self._say(_R.NOT_ALLOWED)
        step = released(move)
        return self._say(_R.ACCEPTED, step.move, MoveWork.of(step))

    def arrived(self, told: MoveInNotice) -> Decision[MoveReceipt]:
        """NotifyMoveIn: the people are on record elsewhere; a resend may correct what was said."""
        arrival, peer = told.arrival, told.caller.municipality
        move = self._shelf.by_reference(arrival.reference)
        if move is None or move.role is not _OLD:
            return self._say(_R.NO_SUCH_MOVE)
        if move.state is MoveState.CANCELLED:
            return self._say(_R.MOVE_OUT_CANCELLED)
        if move.peer not in {None, peer}:
            return self._say(_R.REQUESTED_ELSEWHERE)
        kept = self._papers.keep(arrival)
        if move.arrival == kept:
            return self._say(_R.ALREADY_ACCEPTED, move)
        refusal = self._no_arrival(move, told)
        if refusal is not None:
            return self._say(refusal, move)
        step = stepped(
            move, MoveEvent.ARRIVE, MoveActor.PEER, peer=peer, moved_on=arrival.moved_on, arrival=kept
        )
        confirmations = [self._confirmation(move, code, told) for code in move.people]
        return self._say(_R.ACCEPTED, step.move, MoveWork.of(step, *confirmations))

    def _no_arrival(self, move: Move, told: MoveInNotice) -> MoveResult | None:
        if not move.may(MoveEvent.ARRIVE):
            return _R.NOT_ALLOWED
        if set(told.arrival.people) != set(move.people):
            return _R.OTHER_PEOPLE
        return _R.DATE_TO_COME if told.arrival.moved_on > japanese_day(self._clock) else None

    def _sending(
        self, certificate: TransferCertificate, peer: MunicipalityCode, move: Move, answers: str | None
    ) -> MoveOrder:
        sent = TransferSending(self._own, answers, certificate)
        return self._post.to_peer(peer, "SendTransferCertificate", sent, move.line)

    def _confirmation(self, move: Move, code: ResidentRecordCode, told: MoveInNotice) -> MoveOrder:
        definite = MoveOutConfirmation(
            self._own, move.reference, code, told.caller.municipality, told.arrival.moved_on
        )
        return self._post.to_prefecture(definite, code)

    def _say(self, result: MoveResult, move: Move | None = None, *works: MoveWork) -> Decision[MoveReceipt]:
        return receipt(self._clock, self._write, result, move, *works)
