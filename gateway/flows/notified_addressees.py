"""What a card management system (個人番号カード管理システム) does with addressees, flow 7, 7-②."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.domain.addressee import Addressee, AddresseeHeader
from gateway.domain.addressee_delivery import AddresseePiece, AddresseeReceipt
from gateway.domain.addressee_rules import (
    AddresseeResult,
    AddresseeRuling,
    fingerprint,
    judge_form,
    judge_header,
)
from gateway.domain.faults import operation_fault
from gateway.flows.addressee_notification import receipt_of
from gateway.flows.decision import Decision
from gateway.flows.identity_update import japanese_day


class ReceivedBook(Protocol):
    """What a card management system was told of before, read only."""

    def fingerprint_of(self, municipality: str, number: str) -> bytes | None:
        """Of the addressee with this 送付先管理番号; None when there is none."""
        ...


class NotifiedAddressees:
    """The use case behind NotifyAddressees: what a card management system does with what it is told.

    All of a message are taken or none, so that whoever delivers it takes nothing for delivered that is not.
    ``refused`` is told why an addressee was.
    """

    def __init__(
        self,
        book: ReceivedBook,
        clock: Clock,
        *,
        write: Callable[[Any, AddresseePiece, Sequence[bool], datetime], None],
        refused: Callable[[str], object],
    ) -> None:
        self._book = book
        self._clock = clock
        self._write = write
        self._refused = refused

    def __call__(self, piece: AddresseePiece) -> Decision[AddresseeReceipt]:
        """All of them, or OperationFault AddresseeRefused for the first that is not right."""
        here = piece.caller.municipality.digits
        header = judge_header(
            piece.header, len(piece.addressees), reporter=here, name=None, today=japanese_day(self._clock)
        )
        rulings = [
            self._rule(piece.header, addressee) if header.is_accepted else AddresseeRuling(header)
            for addressee in piece.addressees
        ]
        for ruling in rulings:
            if not ruling.result.is_taken:
                self._refused(ruling.result.value)
                raise operation_fault("AddresseeRefused")
        new = [ruling.result.is_accepted for ruling in rulings]
        at = self._clock.now()
        return Decision(receipt_of("K", self._clock, rulings), lambda work: self._write(work, piece, new, at))

    def _rule(self, header: AddresseeHeader, addressee: Addressee) -> AddresseeRuling:
        known = self._book.fingerprint_of(header.municipality.digits, addressee.number)
        if known is None:
            return judge_form(addressee, header.processed_on)
        same = known == fingerprint(header, addressee)
        return AddresseeRuling(AddresseeResult.ALREADY_ACCEPTED if same else AddresseeResult.NUMBER_USED)
