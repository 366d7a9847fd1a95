"""Changes of identity records (flow 1) from the asking side: the same values in three services."""

from __future__ import annotations

from typing import Any

from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values, date_values
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_report import ChangeOutcome, ChangeReceipt, ChangeReport
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.instant import read_instant
from gateway.domain.values import read_code
from gateway.errors import CounterpartAnswerInvalid


def tell_changes(
    channel: Channel,
    operation: str,
    report: ChangeReport,
    *,
    message_id: str | None,
    deadline_seconds: float | None,
) -> ChangeReceipt:
    """Report or notify; the receipt has an outcome for each change. Raises CounterpartError."""
    answer = channel.call(
        operation,
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(report.caller),
        change=[change_values(change) for change in report.changes],
    )
    told = [(change.code, change.number) for change in report.changes]
    return read_receipt(answer, told)


def read_receipt(receipt: Any, told: list[tuple[ResidentRecordCode, int]]) -> ChangeReceipt:
    """The ``receipt`` element as zeep read it; its outcomes must be about what was told, in that order."""
    with contract_values():
        read = ChangeReceipt(
            read_instant(receipt.receivedAt),
            receipt.reference,
            tuple(
                ChangeOutcome(
                    ResidentRecordCode(one.residentRecordCode),
                    one.number,
                    read_code(ChangeResult, one.result),
                    one.expected,
                )
                for one in receipt.outcome
            ),
        )
    if [(outcome.code, outcome.number) for outcome in read.outcomes] != told:
        raise CounterpartAnswerInvalid("the receipt is about other changes than were told")
    return read


def change_values(change: Change) -> dict[str, Any]:
    """A ``change`` element; what is absent is left out."""
    values: dict[str, Any] = {
        "number": change.number,
        "reason": change.reason.value,
        "eventDate": date_values(change.event_date),
        "record": record_values(change.record),
    }
    if change.revision:
        values["revision"] = change.revision
    if change.former_code is not None:
        values["formerCode"] = change.former_code.digits
    return values


def record_values(record: IdentityRecord) -> dict[str, Any]:
    """A ``record`` element, 個人番号 included; what is absent is left out."""
    values = {
        "residentRecordCode": record.code.digits,
        "individualNumber": record.individual_number and record.individual_number.digits,
        "name": record.name.inline,
        "kana": record.kana and record.kana.text,
        "latinName": record.latin_name and record.latin_name.inline,
        "commonName": record.common_name and record.common_name.inline,
        "formerSurname": record.former_surname and record.former_surname.inline,
        "birthDate": date_values(record.birth_date),
        "sex": record.sex.value,
        "address": record.address.inline,
        "municipality": record.municipality.digits,
    }
    return {name: value for name, value in values.items() if value is not None}
