"""Flow 3 in the new town (転入地).

3-② the terminal's first 転入届 goes to the old town as a request; its certificate comes by move_receiving.py,
and is taken by move_desk.py; 3-⑤ what the resident record system hands over after the move-in goes to the old
town as a notice and to the prefectural server as an update, in one transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.change import Change, Presence
from gateway.domain.change_report import ChangeEntry
from gateway.domain.move import MoveEvent, MoveRole, MoveState
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import (
    Arrival,
    Completion,
    MoveActor,
    MoveInNotice,
    MoveReceipt,
    MoveResult,
    TransferQuestion,
    TransferRequest,
)
from gateway.domain.move_record import Move, MoveEntry, stepped
from gateway.domain.move_rules import judge_days, too_late
from gateway.flows.card_work import new_reference
from gateway.flows.change_intake import ChangeIntake, ChangeJournal, NoticeMaker
from gateway.flows.decision import Decision
from gateway.flows.identity_update import Write, japanese_day
from gateway.flows.move_work import MovePost, MoveShelf, MoveWork, MoveWriter, Papers, receipt

_NEW = MoveRole.NEW_TOWN
_R = MoveResult
_CLAIMED = frozenset({MoveState.REQUESTED, MoveState.RECEIVED, MoveState.TAKEN})

FollowMoveIn = Callable[[Caller, Sequence[ChangeEntry], dt.date], Callable[[Any], None]]
"""What follows for cards from people who moved in; the day is that of the first 転入届."""


class MoveIn:
    """The use cases of the new town.

    ``journal``, ``notice`` and ``write_changes`` are those of flow 1; ``follow`` is what its changes mean for
    cards.
    """

    def __init__(
        self,
        shelf: MoveShelf,
        clock: Clock,
        *,
        papers: Papers,
        post: MovePost,
        write: MoveWriter,
        journal: ChangeJournal,
        notice: NoticeMaker,
        write_changes: Write,
        follow: FollowMoveIn,
    ) -> None:
        self._shelf = shelf
        self._clock = clock
        self._papers = papers
        self._post = post
        self._write = write
        self._journal = journal
        self._notice = notice
        self._write_changes = write_changes
        self._follow = follow

    def request(self, asked: TransferQuestion) -> Decision[MoveReceipt]:
        """RequestTransferCertificate of a terminal: the first 転入届."""
        refusal = self._refusal(asked)
        if refusal is not None:
            return self._say(refusal)
        found = self._shelf.open_of(_NEW, (asked.code,))
        move = found[0] if found else None
        if move is not None and not self._may_ask(move, asked):
            same = (move.code, move.serial, move.peer) == (asked.code, asked.serial, asked.old_town)
            done = same and move.state in _CLAIMED
            return self._say(_R.ALREADY_ACCEPTED if done else _R.OPEN_ALREADY, move)
        # What was planned is known of what was sent ahead only: after a refusal it may be another day by now.
        ahead = move is not None and move.state is MoveState.PREPARED
        planned_on = move.planned_on if move is not None and ahead else None
        late = too_late(planned_on, asked.moved_on, asked.notified_on)
        if late is not None:
            return self._say(late, move)
        move = self._asked(asked, move)
        order = self._post.to_peer(
            asked.old_town,
            "RequestTransferCertificate",
            TransferRequest(
                asked.caller, move.reference, asked.code, asked.serial, asked.moved_on, asked.notified_on
            ),
            move.line,
        )
        entry = MoveEntry(MoveEvent.REQUEST, MoveActor.TERMINAL)
        return self._say(_R.ACCEPTED, move, MoveWork(move, entry, (order,)))

    def _refusal(self, asked: TransferQuestion) -> MoveResult | None:
        refusal = judge_days(asked.moved_on, asked.notified_on, japanese_day(self._clock))
        if refusal is not None:
            return refusal
        here = asked.caller.municipality
        if asked.old_town == here or not self._post.knows(asked.old_town):
            return _R.UNKNOWN_MUNICIPALITY
        standing = self._journal.standing(asked.code, here.digits)
        return _R.RECORDED_SINCE if standing.presence is Presence.ON_RECORD else None

    @staticmethod
    def _may_ask(move: Move, asked: TransferQuestion) -> bool:
        """What was sent ahead is asked of who sent it; who refused may have been the wrong town."""
        if not move.may(MoveEvent.REQUEST):
            return False
        return move.state is not MoveState.PREPARED or move.peer == asked.old_town

    def _asked(self, asked: TransferQuestion, move: Move | None) -> Move:
        if move is None:
            reference = new_reference("M")
            before = self._shelf.newest_of(_NEW, asked.code)
            line = reference if before is None else before.line
            move = Move(reference, MoveState.REQUESTED, asked.code, line, (asked.code,))
        if move.state is not MoveState.PREPARED:
            move = dataclasses.replace(
                move, people=(asked.code,), theirs=None, planned_on=None, certificate=None
            )
        return dataclasses.replace(
            move,
            state=MoveState.REQUESTED,
            code=asked.code,
            serial=asked.serial,
            peer=asked.old_town,
            moved_on=asked.moved_on,
            notified_on=asked.notified_on,
            result=None,
        )

    def complete(self, told: Completion) -> Decision[MoveReceipt]:
        """CompleteMoveIn: the people are on record; both the old town and the prefecture are told."""
        move = self._shelf.by_reference(told.reference)
        if move is None or move.role is not _NEW:
            return self._say(_R.NO_SUCH_MOVE)
        moved_on = _moved_on(told.changes)
        refusal = self._incomplete(move, told, moved_on)
        if refusal is not None or moved_on is None:
            return self._say(refusal or _R.DIFFERENT, move)
        intake = ChangeIntake(self._journal, told.caller, self._notice, japanese_day(self._clock))
        intake.take_all(told.changes)
        if not all(outcome.result.is_on_record for outcome in intake.outcomes):
            return self._say(_R.CHANGE_REFUSED, move)
        return self._completed(told, move, intake, moved_on)

    def _incomplete(self, move: Move, told: Completion, moved_on: dt.date | None) -> MoveResult | None:
        """Why this does not complete the move-in."""
        if move.is_complete:
            return _R.ALREADY_ACCEPTED
        if not move.may(MoveEvent.COMPLETE) or move.certificate is None or move.peer is None:
            return _R.NOT_ALLOWED
        if not self._post.knows(move.peer):
            return _R.UNKNOWN_MUNICIPALITY
        refusal = _differs(self._papers.certificate(move.certificate), told.changes, moved_on)
        if refusal is None and move.notified_on is not None:
            return too_late(move.planned_on, moved_on, move.notified_on)
        return refusal

    def _completed(
        self, told: Completion, move: Move, intake: ChangeIntake, moved_on: dt.date
    ) -> Decision[MoveReceipt]:
        """One transaction: the changes and what tells of them, the cards, the notice to the old town."""
        entries = tuple(intake.entries)
        follow = self._follow(told.caller, entries, move.notified_on or moved_on)
        address = told.changes[0].record.address
        arrival = Arrival(move.theirs or "", moved_on, address, move.people)
        notice = MoveInNotice(told.caller, arrival)
        if move.peer is None:
            raise RuntimeError("a move that is completed without an old town")
        order = self._post.to_peer(move.peer, "NotifyMoveIn", notice, move.line)
        step = stepped(
            move,
            MoveEvent.COMPLETE,
            MoveActor.REGISTRY,
            moved_on=moved_on,
            arrival=self._papers.keep(arrival),
        )
        decision = self._say(_R.ACCEPTED, step.move, MoveWork.of(step, order))

        def write(unit: Any) -> None:
            self._write_changes(unit, entries)
            follow(unit)
            decision.write(unit)

        return Decision(decision.answer, write)

    def _say(self, result: MoveResult, move: Move | None = None, *works: MoveWork) -> Decision[MoveReceipt]:
        return receipt(self._clock, self._write, result, move, *works)


def _moved_on(changes: Sequence[Change]) -> dt.date | None:
    """The day of the move-in, which all changes share; None where they do not."""
    days = {change.event_date.digits for change in changes}
    if len(days) != 1 or not changes[0].event_date.is_calendar_day:
        return None
    return dt.datetime.strptime(days.pop(), "%Y%m%d").date()  # noqa: DTZ007 - a day of Japan


def _differs(
    certificate: TransferCertificate, changes: Sequence[Change], moved_on: dt.date | None
) -> MoveResult | None:
    """Received values win, except of the name (標準仕様書 4.1.1.2)."""
    told = {change.record.code: change.record for change in changes}
    if len(told) != len(changes) or told.keys() != set(certificate.codes):
        return _R.OTHER_PEOPLE
    if moved_on is None:
        return _R.DIFFERENT
    for person in certificate.people:
        left, entered = person.record, told[person.record.code]
        number = left.individual_number
        if (
            left.birth_date != entered.birth_date
            or left.sex is not entered.sex
            or (number is not None and number != entered.individual_number)
        ):
            return _R.DIFFERENT
    return None
