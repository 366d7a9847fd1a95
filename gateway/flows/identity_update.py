"""Flow 1, update of identity records (本人確認情報の更新).

1-③ the resident record system (既存住基システム) reports what changed in the resident register, and the CS
brings its identity records to it; 1-④ the prefectural server is notified of each change, in each person's
order.
Acknowledged means: in the register and in the outbox, in one transaction.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.change import Change, ChangeResult, Ruling, Standing, cancellation
from gateway.domain.change_report import (
    Cancellation,
    ChangeEntry,
    ChangeQuestion,
    ChangeReceipt,
    ChangeReport,
    ChangeStatus,
    ChangeTrack,
    Delivery,
    RecordedChange,
    Resend,
)
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.values import InvalidValue
from gateway.flows.change_intake import ChangeIntake, ChangeJournal, NoticeMaker
from gateway.flows.decision import Decision, nothing

_JAPAN = timedelta(hours=9)

Write = Callable[[Any, Sequence[ChangeEntry]], None]
"""Writes accepted changes on a unit of work; raises the store's Conflict when their states were left."""


Follow = Callable[[Caller, Sequence[ChangeEntry]], Callable[[Any], None]]
"""What follows from accepted changes beyond the record: decided with them, written in their unit of work."""


def nothing_follows(_caller: Caller, _entries: Sequence[ChangeEntry]) -> Callable[[Any], None]:
    """Where nothing does."""
    return nothing


class DeliveryTracks(Protocol):
    """The outbox, as far as one notice goes."""

    def delivery(self, message_id: str | None) -> Delivery:
        """How far it has come."""
        ...


class IdentityUpdate:
    """The use cases behind the resident record system's service."""

    def __init__(
        self,
        journal: ChangeJournal,
        deliveries: DeliveryTracks,
        clock: Clock,
        *,
        notice: NoticeMaker,
        write: Write,
        follow: Follow = nothing_follows,
    ) -> None:
        self._follow = follow
        self._journal = journal
        self._deliveries = deliveries
        self._clock = clock
        self._notice = notice
        self._write = write

    def report(self, report: ChangeReport) -> Decision[ChangeReceipt]:
        """Rule on changes one by one; those that fit are recorded, whatever becomes of the others."""
        intake = self._intake(report)
        intake.take_all(report.changes)
        return self._decided(intake)

    def resend(self, asked: Resend) -> Decision[ChangeReceipt]:
        """再送信 with another reason: the change stays, a revision of it is logged and told."""
        intake = self._intake(asked)
        standing, known = self._known(asked, asked.number)
        if known is None or known.version is None or standing.person is None:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.NO_SUCH_CHANGE))
        elif known.reason.group is not asked.reason.group:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.OTHER_GROUP))
        elif known.reason is asked.reason:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.ALREADY_ACCEPTED))
        else:
            self._send_again(intake, asked, known, standing.person)
        return self._decided(intake)

    def _send_again(self, intake: ChangeIntake, asked: Resend, known: RecordedChange, person: int) -> None:
        record = self._journal.record(person, known.version or 0)
        if record.code != asked.code:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.FORMER_CODE))
            return
        before = self._before(person, known)
        former = before.code if before is not None and before.code != record.code else None
        try:
            change = Change(known.number, asked.reason, known.event_date, record, former, known.revision + 1)
        except InvalidValue as error:
            # The new reason cannot have the day of this change, or needs a former code where there was none.
            day = error.code == "event-date"
            result = ChangeResult.DATE_NOT_A_DAY if day else ChangeResult.OTHER_GROUP
            intake.refuse(asked.code, asked.number, Ruling(result))
        else:
            intake.take(change, cancels=known.cancels)

    def cancel(self, asked: Cancellation) -> Decision[ChangeReceipt]:
        """異動の取消し: the person's last change is taken back by the opposite one."""
        intake = self._intake(asked)
        standing, known = self._known(asked, asked.cancels)
        if known is None or known.version is None or standing.person is None:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.NO_SUCH_CHANGE))
        elif self._is_cancelled(asked, standing):
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.ALREADY_ACCEPTED))
        elif known.number != standing.last:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.NOT_THE_LAST))
        elif known.cancels is not None:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.NOT_CANCELLABLE))
        else:
            self._take_back(intake, asked, known, standing.person)
        return self._decided(intake)

    def _take_back(
        self, intake: ChangeIntake, asked: Cancellation, known: RecordedChange, person: int
    ) -> None:
        try:
            change = cancellation(
                known.reason,
                number=asked.number,
                event_date=asked.event_date,
                now=self._journal.record(person, known.version or 0),
                before=self._before(person, known),
            )
        except InvalidValue:
            intake.refuse(asked.code, asked.number, Ruling(ChangeResult.DATE_NOT_A_DAY))
        else:
            intake.take(change, cancels=asked.cancels)

    def query(self, asked: ChangeQuestion) -> ChangeStatus:
        """What became of a change: whether it is on record, and how far it has come."""
        standing = self._journal.standing(asked.code, asked.caller.municipality.digits)
        number = standing.last if asked.number is None else asked.number
        known = self._known(asked, number)[1]
        track = None if known is None else self._track(known)
        return ChangeStatus(self._clock.now(), _reference(), standing.last, track)

    def _track(self, known: RecordedChange) -> ChangeTrack:
        delivery = self._deliveries.delivery(known.message_id)
        return ChangeTrack(known.number, known.revision, known.reason, known.recorded_at, delivery)

    def _known(
        self, asked: Resend | Cancellation | ChangeQuestion, number: int
    ) -> tuple[Standing, RecordedChange | None]:
        reporter = asked.caller.municipality.digits
        standing = self._journal.standing(asked.code, reporter)
        if standing.person is None:
            return standing, None
        return standing, self._journal.change(standing.person, reporter, number)

    def _is_cancelled(self, asked: Cancellation, standing: Standing) -> bool:
        """Whether this very cancellation was taken before."""
        if asked.number > standing.last:
            return False
        made = self._known(asked, asked.number)[1]
        return made is not None and made.cancels == asked.cancels

    def _before(self, person: int, known: RecordedChange) -> IdentityRecord | None:
        """The record before a change; None for the first that there is of a person."""
        version = (known.version or 0) - 1
        return self._journal.record(person, version) if version > 0 else None

    def _intake(self, asked: ChangeReport | Resend | Cancellation) -> ChangeIntake:
        return ChangeIntake(self._journal, asked.caller, self._notice, japanese_day(self._clock))

    def _decided(self, intake: ChangeIntake) -> Decision[ChangeReceipt]:
        receipt = ChangeReceipt(self._clock.now(), _reference(), tuple(intake.outcomes))
        entries = tuple(intake.entries)
        follow = self._follow(intake.caller, entries)

        def write(work: Any) -> None:
            self._write(work, entries)
            follow(work)

        return Decision(receipt, write, beside=follow is nothing)


def japanese_day(clock: Clock) -> dt.date:
    """Which day it is in Japan."""
    return (clock.now() + _JAPAN).date()


def _reference() -> str:
    return f"M-{secrets.token_hex(10)}"
