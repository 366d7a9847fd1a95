"""Flow 7, notification of addressees (送付先情報通知).

7-① the resident record system (既存住基システム) extracts addressees and delivers them, and asks whom the CS
wants extracted (更新対象者); 7-② the card management system is told of them. Accepted means: in the outbox,
and noted by digests only. What an addressee says stays no longer here than until the hand-over.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.domain.addressee import Addressee, AddresseeHeader
from gateway.domain.addressee_delivery import (
    AddresseeBatch,
    AddresseeEntry,
    AddresseeOutcome,
    AddresseePiece,
    AddresseeReceipt,
    Sending,
    SendingHistory,
    SendingQuestion,
    Target,
    TargetList,
    TargetQuestion,
)
from gateway.domain.addressee_rules import (
    AddresseeResult,
    AddresseeRuling,
    OnRecord,
    fingerprint,
    judge_form,
    judge_header,
    judge_people,
)
from gateway.domain.change_report import Notice
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.municipalities import municipality
from gateway.flows.decision import Decision
from gateway.flows.identity_update import japanese_day


class AddresseeBook(Protocol):
    """Register and notes of addressees, read only."""

    def known(self, municipality: str, number: str, content: bytes) -> AddresseeResult | None:
        """ALREADY_ACCEPTED or NUMBER_USED for a 送付先管理番号 that was accepted before."""
        ...

    def on_record(self, code: ResidentRecordCode, municipality: str) -> OnRecord:
        """The person with this 住民票コード as the municipality (six digits) has reported it."""
        ...

    def targets(self, municipality: str, *, after: int, limit: int) -> Sequence[tuple[int, Target]]:
        """更新対象者 with their positions, those after one."""
        ...

    def sendings(self, code: ResidentRecordCode, *, limit: int) -> Sequence[Sending]:
        """What was accepted about a person, the newest first."""
        ...


PieceNoticeMaker = Callable[[AddresseePiece], Notice]
"""Makes what the card management system is told of accepted addressees."""

WriteBatch = Callable[[Any, AddresseeBatch], None]
"""Notes and enqueues on a unit of work; raises the store's Conflict when what was read holds no more."""


class AddresseeNotification:
    """The use case behind DeliverAddressees."""

    def __init__(
        self, book: AddresseeBook, clock: Clock, *, notice: PieceNoticeMaker, write: WriteBatch
    ) -> None:
        self._book = book
        self._clock = clock
        self._notice = notice
        self._write = write

    def __call__(self, piece: AddresseePiece) -> Decision[AddresseeReceipt]:
        """Rule on addressees one by one; those that are right are passed on, whatever becomes of others."""
        reporter = piece.caller.municipality.digits
        intake = _Intake(self._book, reporter, piece.header)
        found = municipality(MunicipalityCode(reporter))
        header = judge_header(
            piece.header,
            len(piece.addressees),
            reporter=reporter,
            name=None if found is None else found.name,
            today=japanese_day(self._clock),
        )
        rulings = [
            intake.take(addressee) if header.is_accepted else AddresseeRuling(header)
            for addressee in piece.addressees
        ]
        return Decision(receipt_of("M", self._clock, rulings), self._effect(piece, intake))

    def _effect(self, piece: AddresseePiece, intake: _Intake) -> Callable[[Any], None]:
        if not intake.accepted:
            return lambda _work: None
        header = replace(piece.header, count=len(intake.accepted))
        notice = self._notice(AddresseePiece(piece.caller, header, tuple(intake.accepted)))
        batch = AddresseeBatch(piece.caller.municipality.digits, tuple(intake.entries), notice)
        return lambda work: self._write(work, batch)


@dataclass(slots=True)
class _Intake:
    """One message being ruled on."""

    book: AddresseeBook
    reporter: str
    header: AddresseeHeader
    accepted: list[Addressee] = field(default_factory=list)
    entries: list[AddresseeEntry] = field(default_factory=list)
    _contents: dict[str, bytes] = field(default_factory=dict)  # of accepted ones, by number

    def take(self, addressee: Addressee) -> AddresseeRuling:
        """Rule on the next addressee."""
        content = fingerprint(self.header, addressee)
        known = self._known(addressee.number, content)
        if known is not None:
            return AddresseeRuling(known)
        ruling = judge_form(addressee, self.header.processed_on)
        if not ruling.result.is_accepted:
            return ruling
        people = tuple(self.book.on_record(person.code, self.reporter) for person in addressee.people)
        ruling = judge_people(addressee, people)
        if ruling.result.is_accepted:
            self._contents[addressee.number] = content
            self.accepted.append(addressee)
            self.entries.append(AddresseeEntry(addressee.number, content, people))
        return ruling

    def _known(self, number: str, content: bytes) -> AddresseeResult | None:
        here = self._contents.get(number)
        if here is None:
            return self.book.known(self.reporter, number, content)
        return AddresseeResult.ALREADY_ACCEPTED if here == content else AddresseeResult.NUMBER_USED


class AddresseeTargets:
    """The use case behind ListAddresseeTargets: whose addressees the CS wants (更新対象者)."""

    def __init__(self, book: AddresseeBook, clock: Clock, *, most: int) -> None:
        self._book = book
        self._clock = clock
        self._most = most

    def __call__(self, asked: TargetQuestion) -> TargetList:
        """One list, and where the next begins."""
        here = asked.caller.municipality.digits
        found = self._book.targets(here, after=asked.after or 0, limit=self._most + 1)
        listed = found[: self._most]
        following = listed[-1][0] if len(found) > self._most else None
        return TargetList(
            self._clock.now(), _reference("M"), tuple(target for _, target in listed), following
        )

    @staticmethod
    def stays_here(_asked: TargetQuestion) -> bool:
        """Nobody else is asked."""
        return True


class AddresseeSendings:
    """The use case behind QueryAddresseeSendings (送信履歴)."""

    def __init__(self, book: AddresseeBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def __call__(self, asked: SendingQuestion) -> SendingHistory:
        """What was accepted about a person, and how far it has come."""
        found = self._book.sendings(asked.code, limit=SendingHistory.MOST)
        return SendingHistory(self._clock.now(), _reference("M"), tuple(found))

    @staticmethod
    def stays_here(_asked: SendingQuestion) -> bool:
        """Nobody else is asked."""
        return True


def receipt_of(prefix: str, clock: Clock, rulings: Sequence[AddresseeRuling]) -> AddresseeReceipt:
    """The answer to a message: one outcome for each ruling; ``prefix`` begins its reference."""
    outcomes = tuple(
        AddresseeOutcome(place, ruling.result, ruling.person) for place, ruling in enumerate(rulings, start=1)
    )
    return AddresseeReceipt(clock.now(), _reference(prefix), outcomes)


def _reference(prefix: str) -> str:
    return f"{prefix}-{secrets.token_hex(10)}"
