"""What the resident record system says of changes (flow 1), what it is answered, and what is passed on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.caller import Caller
from gateway.domain.change import MOST_NUMBER, Change, ChangeResult, Standing
from gateway.domain.change_reason import ChangeReason
from gateway.domain.codes import Coded
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.register_date import RegisterDate
from gateway.domain.values import InvalidValue, Masked

MOST_CHANGES: Final = 1_000
"""Changes of one message at most (own rule): its answer then stays within 256 KiB."""

MOST_NOTICES: Final = 100
"""Changes that one server tells the next in one message at most (own rule)."""

_REFERENCE = re.compile("[0-9A-Za-z-]{8,64}")


def _number(number: int) -> None:
    if not 1 <= number <= MOST_NUMBER:
        raise InvalidValue("change", "number")


@dataclass(frozen=True, slots=True)
class ChangeReport:
    """Changes in the order in which they happened; also what one server tells the next (通知).

    Raises InvalidValue ``count``.
    """

    caller: Caller
    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.changes) <= MOST_CHANGES:
            raise InvalidValue("change-report", "count")


@dataclass(frozen=True, slots=True, repr=False)
class Resend(Masked):
    """再送信: a change on record is sent again with another reason of its group. Raises InvalidValue."""

    caller: Caller
    code: ResidentRecordCode
    number: int
    reason: ChangeReason

    def __post_init__(self) -> None:
        _number(self.number)


@dataclass(frozen=True, slots=True, repr=False)
class Cancellation(Masked):
    """異動の取消し: the person's last change, ``cancels``, is taken back by a new one with ``number``.

    Raises InvalidValue.
    """

    caller: Caller
    code: ResidentRecordCode
    cancels: int
    number: int
    event_date: RegisterDate

    def __post_init__(self) -> None:
        _number(self.cancels)
        _number(self.number)


@dataclass(frozen=True, slots=True, repr=False)
class ChangeQuestion(Masked):
    """What became of a change; of the person's last one without a ``number``. Raises InvalidValue."""

    caller: Caller
    code: ResidentRecordCode
    number: int | None = None

    def __post_init__(self) -> None:
        if self.number is not None:
            _number(self.number)


@dataclass(frozen=True, slots=True, repr=False)
class ChangeOutcome(Masked):
    """What is answered to one change; ``expected`` comes with a gap: the number that would be next."""

    code: ResidentRecordCode
    number: int
    result: ChangeResult
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeReceipt:
    """The answer to a report: an outcome for each change, in its order. ``received_at`` is UTC.

    Raises InvalidValue ``reference``, ``count`` or ``not-utc``.
    """

    received_at: datetime
    reference: str
    outcomes: tuple[ChangeOutcome, ...]

    def __post_init__(self) -> None:
        require_utc(self.received_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("change-receipt", "reference")
        if not 1 <= len(self.outcomes) <= MOST_CHANGES:
            raise InvalidValue("change-receipt", "count")


class Delivery(Coded):
    """How far a change has come on its way to the prefectural server. Own codes."""

    WAITING = ("waiting", "送信待ち", "It waits, or is being delivered.")
    DELIVERED = ("delivered", "送信済み", "The prefectural server took it: its signed answer is kept.")
    REFUSED = (
        "refused",
        "要確認",
        "It was refused there and waits for an operator, or stands behind such a one.",
    )
    DROPPED = ("dropped", "送信取止め", "An operator decided that it is not delivered.")
    NOT_LISTED = ("not_listed", "記録なし", "It was settled so long ago that the outbox lists it no more.")


@dataclass(frozen=True, slots=True)
class ChangeTrack:
    """One change on record: its newest reason, when it was recorded (UTC), how far it has come."""

    number: int
    revision: int
    reason: ChangeReason
    recorded_at: datetime
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class ChangeStatus:
    """The answer to a question; ``last`` is the number of the person's last change, 0 for none.

    ``track`` is None when there is no such change. Raises InvalidValue ``reference`` or ``not-utc``.
    """

    checked_at: datetime
    reference: str
    last: int
    track: ChangeTrack | None

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("change-status", "reference")


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """The newest revision of a change on record.

    ``version`` is the register's that it made, None where another municipality's record had come meanwhile;
    ``cancels`` is the number of a change that it takes back; ``message_id`` the notice that told of it.
    """

    number: int
    revision: int
    reason: ChangeReason
    event_date: RegisterDate
    fingerprint: bytes
    version: int | None
    cancels: int | None
    message_id: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """What the next server is told of a change: the Body's child in canonical form, its MessageID."""

    message_id: str
    body: bytes

    def __repr__(self) -> str:
        return f"Notice({self.message_id}, <{len(self.body)} octets>)"


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """An accepted change as it is to be written.

    ``reporter`` is the municipality's code, ``read`` the state on which it was decided: it must still hold.
    ``read`` is None where an earlier entry of the same report is about the same person.
    """

    change: Change
    reporter: str
    read: Standing | None
    notice: Notice | None = None
    cancels: int | None = None
