"""What the resident record system and the CS say to each other of addressees (flow 7), and what is passed on.

An answer names an addressee by its place in the message only, so that it can be kept when the addressee
itself is erased.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.addressee import Addressee, AddresseeHeader
from gateway.domain.addressee_rules import AddresseeResult, OnRecord
from gateway.domain.caller import Caller
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Delivery, Notice
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue, Masked

MOST_ADDRESSEES: Final = 500
"""Addressees of one message (a piece of a file) at most (own rule): about 1 MB."""

MOST_TARGETS: Final = 500
"""People that one answer lists at most (own rule)."""

MOST_POSITION: Final = 2**53 - 1
_REFERENCE: Final = re.compile("[0-9A-Za-z-]{8,64}")


def _reference(what: str, reference: str) -> None:
    if not _REFERENCE.fullmatch(reference):
        raise InvalidValue(what, "reference")


@dataclass(frozen=True, slots=True)
class AddresseePiece:
    """Addressees in their order under one header: a file or a piece of one. Raises InvalidValue ``count``."""

    caller: Caller
    header: AddresseeHeader
    addressees: tuple[Addressee, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.addressees) <= MOST_ADDRESSEES:
            raise InvalidValue("addressee-piece", "count")


@dataclass(frozen=True, slots=True)
class AddresseeOutcome:
    """What is answered to the addressee in this ``place`` of the message, from 1.

    ``person`` is the place of the person at fault in the addressee, where one is.
    """

    place: int
    result: AddresseeResult
    person: int | None = None


@dataclass(frozen=True, slots=True)
class AddresseeReceipt:
    """The answer to a piece: an outcome for each addressee, in their order. ``received_at`` is UTC.

    Raises InvalidValue ``reference``, ``count``, ``place`` or ``not-utc``.
    """

    received_at: datetime
    reference: str
    outcomes: tuple[AddresseeOutcome, ...]

    def __post_init__(self) -> None:
        require_utc(self.received_at)
        _reference("addressee-receipt", self.reference)
        if not 1 <= len(self.outcomes) <= MOST_ADDRESSEES:
            raise InvalidValue("addressee-receipt", "count")
        if [outcome.place for outcome in self.outcomes] != list(range(1, len(self.outcomes) + 1)):
            raise InvalidValue("addressee-receipt", "place")


@dataclass(frozen=True, slots=True)
class TargetQuestion:
    """Who is to be extracted (更新対象者); those after a position that an answer before gave."""

    caller: Caller
    after: int | None = None

    def __post_init__(self) -> None:
        if self.after is not None and not 0 <= self.after <= MOST_POSITION:
            raise InvalidValue("target-question", "position")


@dataclass(frozen=True, slots=True, repr=False)
class Target(Masked):
    """更新対象者: somebody whose addressee the CS wants, why, and since when (UTC)."""

    code: ResidentRecordCode
    reason: ChangeReason
    since: datetime


@dataclass(frozen=True, slots=True)
class TargetList:
    """People to be extracted, the longest waiting first; ``following`` is where the next list begins.

    Raises InvalidValue ``reference``, ``count`` or ``not-utc``.
    """

    checked_at: datetime
    reference: str
    targets: tuple[Target, ...]
    following: int | None = None

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        _reference("target-list", self.reference)
        if len(self.targets) > MOST_TARGETS:
            raise InvalidValue("target-list", "count")


@dataclass(frozen=True, slots=True, repr=False)
class SendingQuestion(Masked):
    """送信履歴: what was sent about a person."""

    caller: Caller
    code: ResidentRecordCode


@dataclass(frozen=True, slots=True)
class Sending:
    """One addressee that a person was part of: when it was accepted (UTC), and how far it has come."""

    accepted_at: datetime
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class SendingHistory:
    """The newest first, at most ``MOST``. Raises InvalidValue ``reference``, ``count`` or ``not-utc``."""

    checked_at: datetime
    reference: str
    sendings: tuple[Sending, ...]

    MOST = 50

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        _reference("sending-history", self.reference)
        if len(self.sendings) > self.MOST:
            raise InvalidValue("sending-history", "count")


@dataclass(frozen=True, slots=True, repr=False)
class AddresseeEntry(Masked):
    """An accepted addressee as it is to be noted: number, fingerprint, and the people as they were read."""

    number: str
    content: bytes
    people: tuple[OnRecord, ...]


@dataclass(frozen=True, slots=True)
class AddresseeBatch:
    """What is to be written of one message: its accepted addressees, and the notice that hands them over."""

    municipality: str  # its code, six digits
    entries: tuple[AddresseeEntry, ...]
    notice: Notice
