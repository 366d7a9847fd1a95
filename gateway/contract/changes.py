"""Changes of identity records (本人確認情報の更新, flow 1): reported to the CS, and from there passed on."""

from __future__ import annotations

from typing import Any

from gateway.contract import change_types, types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.records import read_record, write_record
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, read_date, value, write_caller, write_date
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import (
    MOST_CHANGES,
    MOST_NOTICES,
    Cancellation,
    ChangeOutcome,
    ChangeQuestion,
    ChangeReceipt,
    ChangeReport,
    ChangeStatus,
    ChangeTrack,
    Delivery,
    Resend,
)
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code
from gateway.refusals import Refused

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))


def _changes(most: int) -> tuple[str, Any]:
    kind = change_types.Change.customize(sub_ns=TYPES, min_occurs=1, max_occurs=most, nillable=False)
    return "change", kind


def _member(name: str, kind: Any) -> tuple[str, Any]:
    return name, types.element_of(TYPES, kind)


_RECEIPT: tuple[str, Any] = ("receipt", types.element_of(TYPES, change_types.Receipt))

_Change = message_class(change_types.Change)
_Resend = message_class(change_types.Resend)
_Cancellation = message_class(change_types.Cancellation)
_ChangeKey = message_class(change_types.ChangeKey)
_Outcome = message_class(change_types.ChangeOutcome)
_Receipt = message_class(change_types.Receipt)
_Track = message_class(change_types.ChangeTrack)
_Status = message_class(change_types.ChangeStatus)


def report_codec(namespace: str) -> Codec[ChangeReport, ChangeReceipt]:
    """ReportChanges: no change in it is a revision, which ResendChange makes."""
    return _changes_codec(namespace, "ReportChanges", revisions=False)


def notify_codec(namespace: str) -> Codec[ChangeReport, ChangeReceipt]:
    """NotifyChanges, from one server to the next."""
    return _changes_codec(namespace, "NotifyChanges", revisions=True)


def resend_codec(namespace: str) -> Codec[Resend, ChangeReceipt]:
    """ResendChange."""

    def read(message: Any, at: str) -> Resend:
        asked, at_asked = message.resend, f"{at}/resend"
        return Resend(
            read_caller(message.caller, f"{at}/caller"),
            _read_code(asked.residentRecordCode, at_asked),
            asked.number,
            value(f"{at_asked}/reason", read_code, ChangeReason, asked.reason),
        )

    def write(asked: Resend) -> dict[str, Any]:
        return {
            "resend": _Resend(
                residentRecordCode=asked.code.digits, number=asked.number, reason=asked.reason.value
            )
        }

    return _receipt_codec(namespace, "ResendChange", _member("resend", change_types.Resend), read, write)


def cancel_codec(namespace: str) -> Codec[Cancellation, ChangeReceipt]:
    """CancelChange."""

    def read(message: Any, at: str) -> Cancellation:
        asked, at_asked = message.cancellation, f"{at}/cancellation"
        return Cancellation(
            read_caller(message.caller, f"{at}/caller"),
            _read_code(asked.residentRecordCode, at_asked),
            asked.cancels,
            asked.number,
            read_date(asked.eventDate, f"{at_asked}/eventDate"),
        )

    def write(asked: Cancellation) -> dict[str, Any]:
        return {
            "cancellation": _Cancellation(
                residentRecordCode=asked.code.digits,
                cancels=asked.cancels,
                number=asked.number,
                eventDate=write_date(asked.event_date),
            )
        }

    member = _member("cancellation", change_types.Cancellation)
    return _receipt_codec(namespace, "CancelChange", member, read, write)


def query_codec(namespace: str) -> Codec[ChangeQuestion, ChangeStatus]:
    """QueryChange."""
    request = types.record(
        namespace, "QueryChange", [_CALLER, ("changeKey", types.element_of(TYPES, change_types.ChangeKey))]
    )
    response = types.record(
        namespace,
        "QueryChangeResponse",
        [("changeStatus", types.element_of(TYPES, change_types.ChangeStatus))],
    )
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=_read_question,
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller),
            changeKey=_ChangeKey(residentRecordCode=asked.code.digits, number=asked.number),
        ),
        read_answer=lambda message, at: _read_status(message.changeStatus, f"{at}/changeStatus"),
        write_answer=lambda status: answers(changeStatus=_write_status(status)),
    )


def _changes_codec(namespace: str, name: str, *, revisions: bool) -> Codec[ChangeReport, ChangeReceipt]:
    def read(message: Any, at: str) -> ChangeReport:
        changes = tuple(read_change(one, f"{at}/change", revisions) for one in message.change)
        return ChangeReport(read_caller(message.caller, f"{at}/caller"), changes)

    def write(report: ChangeReport) -> dict[str, Any]:
        return {"change": [write_change(change) for change in report.changes]}

    most = MOST_NOTICES if revisions else MOST_CHANGES
    return _receipt_codec(namespace, name, _changes(most), read, write)


def _receipt_codec(
    namespace: str, name: str, member: tuple[str, Any], read: Any, write: Any
) -> Codec[Any, ChangeReceipt]:
    """A request of a caller and one more member, answered by a receipt."""
    request = types.record(namespace, name, [_CALLER, member])
    response = types.record(namespace, f"{name}Response", [_RECEIPT])
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=read,
        write_request=lambda asked: asks(caller=write_caller(asked.caller), **write(asked)),
        read_answer=lambda message, at: _read_receipt(message.receipt, f"{at}/receipt"),
        write_answer=lambda receipt: answers(receipt=_write_receipt(receipt)),
    )


def _read_code(digits: str, at: str) -> ResidentRecordCode:
    return value(f"{at}/residentRecordCode", ResidentRecordCode, digits)


def read_change(message: Any, at: str, revisions: bool) -> Change:
    """A change; where there are to be no ``revisions``, one is refused."""
    if message.revision and not revisions:
        raise Refused("value", where=f"{at}/revision", found="revision")
    former = message.formerCode
    return value(
        at,
        Change,
        number=message.number,
        reason=value(f"{at}/reason", read_code, ChangeReason, message.reason),
        event_date=read_date(message.eventDate, f"{at}/eventDate"),
        record=read_record(message.record, f"{at}/record"),
        former_code=None if former is None else value(f"{at}/formerCode", ResidentRecordCode, former),
        revision=message.revision or 0,
    )


def write_change(change: Change) -> Any:
    """A change as message object."""
    return _Change(
        number=change.number,
        revision=change.revision or None,
        reason=change.reason.value,
        eventDate=write_date(change.event_date),
        formerCode=change.former_code and change.former_code.digits,
        record=write_record(change.record, with_individual_number=True),
    )


def _read_question(message: Any, at: str) -> ChangeQuestion:
    key = message.changeKey
    return ChangeQuestion(
        read_caller(message.caller, f"{at}/caller"),
        _read_code(key.residentRecordCode, f"{at}/changeKey"),
        key.number,
    )


def _read_receipt(message: Any, at: str) -> ChangeReceipt:
    return value(
        at,
        ChangeReceipt,
        value(f"{at}/receivedAt", read_instant, message.receivedAt),
        message.reference,
        tuple(_read_outcome(one, f"{at}/outcome") for one in message.outcome),
    )


def _write_receipt(receipt: ChangeReceipt) -> Any:
    return _Receipt(
        receivedAt=write_instant(receipt.received_at),
        reference=receipt.reference,
        outcome=[
            _Outcome(
                residentRecordCode=one.code.digits,
                number=one.number,
                result=one.result.value,
                expected=one.expected,
            )
            for one in receipt.outcomes
        ],
    )


def _read_outcome(message: Any, at: str) -> ChangeOutcome:
    return ChangeOutcome(
        _read_code(message.residentRecordCode, at),
        message.number,
        value(f"{at}/result", read_code, ChangeResult, message.result),
        message.expected,
    )


def _read_status(message: Any, at: str) -> ChangeStatus:
    return value(
        at,
        ChangeStatus,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        message.last,
        None if message.track is None else _read_track(message.track, f"{at}/track"),
    )


def _read_track(message: Any, at: str) -> ChangeTrack:
    return ChangeTrack(
        message.number,
        message.revision,
        value(f"{at}/reason", read_code, ChangeReason, message.reason),
        value(f"{at}/recordedAt", read_instant, message.recordedAt),
        value(f"{at}/delivery", read_code, Delivery, message.delivery),
    )


def _write_status(status: ChangeStatus) -> Any:
    track = status.track
    return _Status(
        checkedAt=write_instant(status.checked_at),
        reference=status.reference,
        last=status.last,
        track=track
        and _Track(
            number=track.number,
            revision=track.revision,
            reason=track.reason.value,
            recordedAt=write_instant(track.recorded_at),
            delivery=track.delivery.value,
        ),
    )
