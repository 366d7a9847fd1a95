"""A change of an identity record (本人確認情報の更新, flow 1), and which changes fit which state of a person.

Who reports numbers the changes of each person 1, 2, 3 … (更新順番号); nothing is taken out of turn. The
rules are about one person as one municipality has reported it; docs/domain.md says which are law and which
our own. Pure: no clock, no register.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from gateway.domain.change_reason import ChangeGroup, ChangeReason
from gateway.domain.codes import Coded
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import RegisterDate
from gateway.domain.values import InvalidValue, Masked

MOST_NUMBER: Final = 999_999_999
"""The highest 更新順番号 and the highest revision (own rule)."""

# 住民記録システム標準仕様書 1.1.8: the day of a birth, death or disappearance may be none of the calendar.
_ANY_DAY: Final = frozenset({ChangeReason.BIRTH, ChangeReason.DEATH, ChangeReason.OFFICIAL_REMOVAL})


@dataclass(frozen=True, slots=True, repr=False)
class Change(Masked):
    """One change: why, when, and the record after it; of a removal (消除) the record as it was.

    ``event_date`` is the 異動年月日, of a move-out the planned day (施行令30条の5). Only a change of the
    住民票コード has a ``former_code``, None where none was entered before. ``revision`` counts how often the
    same change was sent again with another reason. Raises InvalidValue ``number``, ``revision``,
    ``former-code`` or ``event-date`` (a day that this reason cannot have).
    """

    number: int
    reason: ChangeReason
    event_date: RegisterDate
    record: IdentityRecord
    former_code: ResidentRecordCode | None = None
    revision: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MOST_NUMBER:
            raise InvalidValue("change", "number")
        if not 0 <= self.revision <= MOST_NUMBER:
            raise InvalidValue("change", "revision")
        if self.reason.group is ChangeGroup.CODE:
            absent = self.former_code is None and self.reason is not ChangeReason.CODE_CHANGE_OFFICIAL
            if absent or self.former_code == self.record.code:
                raise InvalidValue("change", "former-code")
        elif self.former_code is not None:
            raise InvalidValue("change", "former-code")
        if self.reason not in _ANY_DAY and not self.event_date.is_calendar_day:
            raise InvalidValue("change", "event-date")

    @property
    def code(self) -> ResidentRecordCode:
        """The 住民票コード by which the person is known when the change comes."""
        return self.record.code if self.revision else self.former_code or self.record.code

    @property
    def enters(self) -> bool:
        """Whether it puts somebody on record: a 記載, or a first 住民票コード."""
        group = self.reason.group
        return group is ChangeGroup.ENTRY or (group is ChangeGroup.CODE and self.former_code is None)

    @property
    def removes(self) -> bool:
        """Whether it is a 消除."""
        return self.reason.group is ChangeGroup.REMOVAL

    def is_to_come(self, today: dt.date) -> bool:
        """Whether the event is still to come, as far as its date is known."""
        date = self.event_date
        known = 8 if date.day else 6 if date.month else 4
        return date.digits[:known] > today.strftime("%Y%m%d")[:known]

    def fingerprint(self) -> bytes:
        """SHA-256 of all it says but its revision: whether two changes of one number are the same one."""
        record, date = self.record, self.event_date
        parts = (
            str(self.number),
            self.reason.value,
            *_date_parts(date),
            self.former_code and self.former_code.digits,
            record.code.digits,
            record.individual_number and record.individual_number.digits,
            record.name.inline,
            record.kana and record.kana.text,
            *(
                text and text.inline
                for text in (record.latin_name, record.common_name, record.former_surname)
            ),
            *_date_parts(record.birth_date),
            record.sex.value,
            record.address.inline,
            record.municipality.digits,
        )
        text = "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(text.encode()).digest()


def _date_parts(date: RegisterDate) -> tuple[str | None, ...]:
    text = None if date.text is None else date.text.inline
    return date.calendar.value, date.digits, date.certainty.value, text


class ChangeResult(Coded):
    """What is answered to one change; the first two mean that it is on record. Own codes."""

    ACCEPTED = ("accepted", "受理", "Accepted: recorded, and it will be passed on.")
    ALREADY_ACCEPTED = ("already_accepted", "受理済み", "This very change was accepted before.")
    NUMBER_USED = ("number_used", "更新順番号重複", "Another change of this person has this number.")
    NUMBER_GAP = ("number_gap", "更新順番号欠番", "A change of this person is missing before this one.")
    NOT_ON_RECORD = ("not_on_record", "未記載", "Nobody with this 住民票コード is on record here.")
    ALREADY_ON_RECORD = ("already_on_record", "記載済み", "The person is on record here already.")
    REMOVED = ("removed", "消除済み", "The person's record here was struck.")
    OTHER_MUNICIPALITY = ("other_municipality", "他市町村", "The record is another municipality's.")
    CODE_IN_USE = ("code_in_use", "住民票コード重複", "Somebody else has this 住民票コード.")
    INDIVIDUAL_NUMBER_IN_USE = (
        "individual_number_in_use",
        "個人番号重複",
        "Somebody else has this 個人番号.",
    )
    DATE_TO_COME = ("date_to_come", "異動日が未来", "Only the day of a move-out may be still to come.")
    DATE_NOT_A_DAY = ("date_not_a_day", "暦にない異動日", "This reason needs a day of the calendar.")
    NO_SUCH_CHANGE = ("no_such_change", "該当する異動なし", "There is no change of this number.")
    FORMER_CODE = ("former_code", "旧コードの異動", "It was made under a former 住民票コード of the person.")
    OTHER_GROUP = ("other_group", "事由の区分相違", "The reason is of another group than the change's.")
    NOT_THE_LAST = ("not_the_last", "最新の異動でない", "Only a person's last change can be cancelled.")
    NOT_CANCELLABLE = ("not_cancellable", "取消し不可", "A cancellation cannot be cancelled.")

    @property
    def is_accepted(self) -> bool:
        """Whether the change is to be recorded."""
        return self is ChangeResult.ACCEPTED

    @property
    def is_on_record(self) -> bool:
        """Whether the change is on record once the answer is given."""
        return self in {ChangeResult.ACCEPTED, ChangeResult.ALREADY_ACCEPTED}


class Presence(Enum):
    """Whether a person is on record at one municipality."""

    NOBODY = "nobody"
    ON_RECORD = "on_record"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as one municipality has reported it.

    ``last`` is the number of its last change, 0 for nobody and for a first stock; ``person`` and ``version``
    are the register's own, None for nobody: they tell whether anything was written since.
    """

    presence: Presence = Presence.NOBODY
    last: int = 0
    person: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is answered to a change; ``expected`` is the number that would have been next, for a gap."""

    result: ChangeResult
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else a ruling needs: the change on record under this number, whom the new numbers belong to.

    ``known`` is its fingerprint and its newest revision. ``today`` is None where dates are not judged: the
    receiver of a notice leaves that to the municipality.
    """

    reporter: str  # code of the municipality, six digits
    known: tuple[bytes, int] | None = None
    code_taken: bool = False  # by another person
    individual_number_taken: bool = False
    today: dt.date | None = None


def judge(change: Change, standing: Standing, around: Surroundings) -> Ruling:
    """Whether a change fits a person's state; the first rule that says no is the answer.

    The receiver of a notice takes a correction (職権修正等) of whom it never heard as the first it hears: the
    municipality repairs what was lost, and counts on where it stands (own rule).
    """
    if change.record.municipality.digits != around.reporter:
        return Ruling(ChangeResult.OTHER_MUNICIPALITY)
    if _mends(change, standing, around):
        return Ruling(_free(around))
    if standing.presence is Presence.NOBODY and not (change.enters and not change.revision):
        return Ruling(ChangeResult.NOT_ON_RECORD)
    ruling = _in_turn(change, standing, around.known)
    if ruling.result is not ChangeResult.ACCEPTED:
        return ruling
    # Only a move-out may be told before it happens (標準仕様書 4.0.3).
    early = around.today is not None and change.is_to_come(around.today)
    if early and change.reason is not ChangeReason.MOVE_OUT:
        return Ruling(ChangeResult.DATE_TO_COME)
    # Another reason for what is on record changes nothing of the person's state.
    return ruling if change.revision else Ruling(_fits(change, standing.presence, around))


def _in_turn(change: Change, standing: Standing, known: tuple[bytes, int] | None) -> Ruling:
    """The sequence: each number once, none left out; a revision follows the one before of its number."""
    following = standing.last + 1
    if change.number == following and not change.revision:
        return Ruling(ChangeResult.ACCEPTED)
    if change.number >= following:
        return Ruling(ChangeResult.NUMBER_GAP, following)
    fingerprint, revision = known or (b"", -1)
    if change.revision == revision and fingerprint == change.fingerprint():
        return Ruling(ChangeResult.ALREADY_ACCEPTED)
    if change.revision <= revision or known is None:
        return Ruling(ChangeResult.NUMBER_USED)
    if change.revision > revision + 1:
        return Ruling(ChangeResult.NUMBER_GAP, following)
    return Ruling(ChangeResult.ACCEPTED)


def _fits(change: Change, presence: Presence, around: Surroundings) -> ChangeResult:
    """Entries fit who is not on record, all others who is; and nobody gets a number of somebody else."""
    if change.enters is (presence is Presence.ON_RECORD):
        return ChangeResult.ALREADY_ON_RECORD if change.enters else ChangeResult.REMOVED
    return _free(around)


def _mends(change: Change, standing: Standing, around: Surroundings) -> bool:
    correction = change.reason is ChangeReason.OFFICIAL_CORRECTION and not change.revision
    return correction and around.today is None and standing.person is None


def _free(around: Surroundings) -> ChangeResult:
    """Nobody else has the numbers."""
    if around.code_taken:
        return ChangeResult.CODE_IN_USE
    if around.individual_number_taken:
        return ChangeResult.INDIVIDUAL_NUMBER_IN_USE
    return ChangeResult.ACCEPTED


def after(change: Change, standing: Standing) -> Standing:
    """The state once an accepted change is recorded; ``version`` is not foreseen."""
    if change.revision:
        return standing
    presence = Presence.REMOVED if change.removes else Presence.ON_RECORD
    return replace(standing, presence=presence, last=change.number)


_CANCELLED_BY: Final = {
    ChangeGroup.REMOVAL: ChangeReason.OFFICIAL_ENTRY,
    ChangeGroup.CORRECTION: ChangeReason.OFFICIAL_CORRECTION,
    ChangeGroup.CODE: ChangeReason.CODE_CHANGE_OFFICIAL,
}


def cancellation(
    reason: ChangeReason,
    *,
    number: int,
    event_date: RegisterDate,
    now: IdentityRecord,
    before: IdentityRecord | None,
) -> Change:
    """The change that takes one with ``reason`` back: 異動の取消し has no reason of its own in 規則11条.

    So an entry is taken back by a removal, a removal by an entry, a correction by the opposite correction,
    each by the mayor's authority (own rule). ``now`` is the record after the change that is taken back,
    ``before`` the one before it. Raises InvalidValue.
    """
    if before is None or reason.group is ChangeGroup.ENTRY:
        return Change(number, ChangeReason.OFFICIAL_REMOVAL, event_date, now)
    former = now.code if reason.group is ChangeGroup.CODE else None
    return Change(number, _CANCELLED_BY[reason.group], event_date, before, former)
