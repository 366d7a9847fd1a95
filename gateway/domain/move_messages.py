"""What terminals, resident record systems and municipalities tell each other of a move, and the answers."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.domain.caller import Caller
from gateway.domain.card import CardSerial
from gateway.domain.change import Change
from gateway.domain.codes import Coded
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_certificate import MOST_PEOPLE, TransferCertificate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, Masked

MOST_MOVES: Final = 50
"""Moves that an answer lists at most (own rule): it then stays within 256 KiB."""

MOST_LINES: Final = 16
"""Events of one move that an answer lists at most, the newest (own rule)."""

_REFERENCE: Final = re.compile("[0-9A-Za-z-]{8,64}")


def _reference(what: str, text: str) -> None:
    if not _REFERENCE.fullmatch(text):
        raise InvalidValue(what, "reference")


class MoveResult(Coded):
    """What is answered; all but the first two say which rule is broken. Own codes."""

    ACCEPTED = ("accepted", "受理", "Accepted.")
    ALREADY_ACCEPTED = ("already_accepted", "受理済み", "This was accepted before.")
    NO_CERTIFICATE = ("no_certificate", "転出証明書情報なし", "No move-out of this person is pending there.")
    REQUESTED_ELSEWHERE = (
        "requested_elsewhere",
        "他市町村で手続中",
        "Another town received the first 転入届.",
    )
    RECORDED_SINCE = (
        "recorded_since",
        "他市町村で記載済み",
        "The person was recorded elsewhere since the 転出届 (令24条の2).",
    )
    LATE_BY_PLAN = (
        "late_by_plan",
        "転出予定日から30日経過",
        "30 days after the planned day of the move-out were over (令24条の2).",
    )
    LATE_BY_MOVE = (
        "late_by_move",
        "転入日から14日経過",
        "14 days after the day of the move-in were over (令24条の2).",
    )
    CARD_NOT_HANDED_IN = (
        "card_not_handed_in",
        "カード未提出",
        "The card that was handed in is not the one of the certificate (令24条の2).",
    )
    MOVE_OUT_CANCELLED = ("move_out_cancelled", "転出取消済み", "The move-out was cancelled.")
    NOT_WANTED = ("not_wanted", "依頼なし", "It was withdrawn, or never asked for.")
    OPEN_ALREADY = ("open_already", "手続中", "A move of one of these people is under way already.")
    NO_SUCH_MOVE = ("no_such_move", "該当なし", "There is no such move.")
    NOT_ALLOWED = ("not_allowed", "遷移不可", "The state of the move does not allow it.")
    UNKNOWN_MUNICIPALITY = (
        "unknown_municipality",
        "接続先なし",
        "No 市町村CS of that municipality is known here.",
    )
    NOT_ON_RECORD = ("not_on_record", "未記載", "One of the people is not on record here.")
    OTHER_PEOPLE = ("other_people", "対象者相違", "They are not the people of the certificate.")
    DIFFERENT = (
        "different",
        "記載事項相違",
        "Date of birth, sex or a number is not what the certificate says.",
    )
    CHANGE_REFUSED = ("change_refused", "異動受理不可", "One of the changes does not fit what is on record.")
    DATE_TO_COME = ("date_to_come", "日付不整合", "The days are in no possible order, or still to come.")

    @property
    def is_accepted(self) -> bool:
        """Whether it is to be recorded."""
        return self is MoveResult.ACCEPTED

    @property
    def is_done(self) -> bool:
        """Whether it is, once the answer is given, as was asked."""
        return self in {MoveResult.ACCEPTED, MoveResult.ALREADY_ACCEPTED}


class Dispatch(Coded):
    """送信方法: when a certificate goes to the new town. Own codes."""

    ON_REQUEST = ("on_request", "依頼時", "When a town asks for it.")
    AHEAD = ("ahead", "事前", "At once, to the town that was named (引越しワンストップ).")


class MoveActor(Coded):
    """Who brought an event about. Own codes."""

    TERMINAL = ("terminal", "統合端末", "A clerk at the integrated terminal.")
    REGISTRY = ("registry", "既存住基システム", "The resident record system.")
    PEER = ("peer", "他市町村CS", "The other municipality.")
    TIME = ("time", "期限", "A deadline that passed.")
    OPERATOR = ("operator", "運用者", "An operator of the 市町村CS.")


@dataclass(frozen=True, slots=True, repr=False)
class TransferQuestion(Masked):
    """3-②, 統合端末 to CS: the first 転入届 of the holder of this card, who left ``old_town``.

    ``moved_on`` is 転入をした日, ``notified_on`` the day of the 転入届.
    """

    caller: Caller
    code: ResidentRecordCode
    serial: CardSerial
    old_town: MunicipalityCode
    moved_on: dt.date
    notified_on: dt.date


@dataclass(frozen=True, slots=True, repr=False)
class TransferRequest(Masked):
    """3-②, CS to 転出地: the same, under the new town's reference. Raises InvalidValue ``reference``."""

    caller: Caller
    reference: str
    code: ResidentRecordCode
    serial: CardSerial
    moved_on: dt.date
    notified_on: dt.date

    def __post_init__(self) -> None:
        _reference("transfer-request", self.reference)


@dataclass(frozen=True, slots=True, repr=False)
class TransferSending(Masked):
    """3-③, 転出地 to 転入地: a certificate; ``answers`` is the request's reference, None when sent ahead.

    Raises InvalidValue ``reference`` or ``municipality`` (not the sender's own).
    """

    caller: Caller
    answers: str | None
    certificate: TransferCertificate

    def __post_init__(self) -> None:
        if self.answers is not None:
            _reference("transfer-sending", self.answers)
        if self.certificate.municipality != self.caller.municipality:
            raise InvalidValue("transfer-sending", "municipality")


@dataclass(frozen=True, slots=True, repr=False)
class CertificateRegistration(Masked):
    """既存住基システム to CS of the old town: a move-out was reported.

    Its certificate's reference is the resident record system's. Raises InvalidValue ``municipality``.
    """

    caller: Caller
    dispatch: Dispatch
    certificate: TransferCertificate

    def __post_init__(self) -> None:
        if self.certificate.municipality != self.caller.municipality:
            raise InvalidValue("certificate-registration", "municipality")


@dataclass(frozen=True, slots=True)
class MoveStep:
    """Something that is done to one move, by its reference. Raises InvalidValue ``reference``."""

    caller: Caller
    reference: str

    def __post_init__(self) -> None:
        _reference("move", self.reference)


@dataclass(frozen=True, slots=True, repr=False)
class Completion(Masked):
    """3-⑤, 既存住基システム to CS: the move-in is on record (転入通知情報).

    ``changes`` are those of flow 1 that enter the people, one each. Raises InvalidValue ``reference``,
    ``count`` or ``reason`` (none of them is a move-in).
    """

    caller: Caller
    reference: str
    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        _reference("completion", self.reference)
        if not 1 <= len(self.changes) <= MOST_PEOPLE:
            raise InvalidValue("completion", "count")
        if not all(change.enters for change in self.changes):
            raise InvalidValue("completion", "reason")


@dataclass(frozen=True, slots=True, repr=False)
class Arrival(Masked):
    """What a move-in notice (転入通知) says: who is on record at which new address, and since when.

    ``reference`` is the old town's, of the certificate. Raises InvalidValue ``reference`` or ``count``.
    """

    reference: str
    moved_on: dt.date
    address: RegisterText
    people: tuple[ResidentRecordCode, ...]

    def __post_init__(self) -> None:
        _reference("arrival", self.reference)
        if not 1 <= len(self.people) <= MOST_PEOPLE:
            raise InvalidValue("arrival", "count")


@dataclass(frozen=True, slots=True, repr=False)
class MoveInNotice(Masked):
    """3-⑤, 転入地 to 転出地: 転入通知 (法9条1項)."""

    caller: Caller
    arrival: Arrival


@dataclass(frozen=True, slots=True, repr=False)
class MoveOutConfirmation(Masked):
    """転出確定通知 (令13条3項), 転出地 to its prefectural server: that one person has moved in elsewhere.

    No item of the certificate is in it. Raises InvalidValue ``reference``.
    """

    caller: Caller
    reference: str
    code: ResidentRecordCode
    destination: MunicipalityCode
    moved_on: dt.date

    def __post_init__(self) -> None:
        _reference("move-out-confirmation", self.reference)


@dataclass(frozen=True, slots=True, repr=False)
class MoveQuestion(Masked):
    """How far a person's moves have come; without a ``code`` what waits for the resident record system."""

    caller: Caller
    code: ResidentRecordCode | None = None


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One event as it is read back; ``at`` is UTC, ``result`` the rule that a counterpart named."""

    event: MoveEvent
    state: MoveState
    actor: MoveActor
    at: datetime
    result: MoveResult | None = None


@dataclass(frozen=True, slots=True, repr=False)
class MoveView(Masked):
    """One move as its own municipality's systems see it.

    ``reference`` is this municipality's, ``code`` the card holder's or the first person's, ``peer`` the other
    municipality, None while the old town does not know it. ``last_day`` is the last one for a first 転入届.
    """

    reference: str
    state: MoveState
    code: ResidentRecordCode
    peer: MunicipalityCode | None
    planned_on: dt.date | None
    moved_on: dt.date | None
    last_day: dt.date | None
    result: MoveResult | None
    lines: tuple[MoveLine, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveReceipt:
    """The answer to whatever is told of a move; ``move`` is its reference at who answers, where there is one.

    ``about`` is who moves: for the access log of who answers, and in no message. Raises InvalidValue
    ``reference`` or ``not-utc``.
    """

    received_at: datetime
    reference: str
    result: MoveResult
    move: str | None = None
    about: tuple[ResidentRecordCode, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        require_utc(self.received_at)
        _reference("move-receipt", self.reference)
        if self.move is not None:
            _reference("move-receipt", self.move)


@dataclass(frozen=True, slots=True)
class Moves:
    """The answer to a question for moves, the newest first. Raises InvalidValue ``reference``, ``count``."""

    checked_at: datetime
    reference: str
    moves: tuple[MoveView, ...]

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        _reference("moves", self.reference)
        if len(self.moves) > MOST_MOVES or any(len(move.lines) > MOST_LINES for move in self.moves):
            raise InvalidValue("moves", "count")


@dataclass(frozen=True, slots=True)
class FetchedMove:
    """The answer to a resident record system that fetches what waits for it.

    That is the certificate in the new town, the move-in notice in the old; neither where it may not have it.
    Raises InvalidValue ``reference`` or ``not-utc``.
    """

    checked_at: datetime
    reference: str
    result: MoveResult
    certificate: TransferCertificate | None = None
    arrival: Arrival | None = None

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        _reference("fetched-move", self.reference)
