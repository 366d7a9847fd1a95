"""The types of changes of identity records (flow 1) as spyne models; ``wsdl/types-1.xsd`` is the truth."""

from __future__ import annotations

from gateway.contract import types
from gateway.contract.service import TYPES
from gateway.contract.types import codes, optional, record
from gateway.domain.change import MOST_NUMBER, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import MOST_CHANGES, Delivery

# isort: split
from spyne import Integer

SequenceNumber = Integer(type_name="SequenceNumber", ge=1, le=MOST_NUMBER, min_occurs=1, nillable=False)
Count = Integer(type_name="Count", ge=0, le=MOST_NUMBER, min_occurs=1, nillable=False)
ChangeReasonCode = codes("ChangeReason", ChangeReason)
ChangeResultCode = codes("ChangeResult", ChangeResult)
DeliveryCode = codes("Delivery", Delivery)

Change = record(
    TYPES,
    "Change",
    [
        ("number", SequenceNumber),
        ("revision", optional(Count)),
        ("reason", ChangeReasonCode),
        ("eventDate", types.RegisterDate),
        ("formerCode", optional(types.ResidentRecordCode)),
        ("record", types.IdentityRecord),
    ],
)

Resend = record(
    TYPES,
    "Resend",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("number", SequenceNumber),
        ("reason", ChangeReasonCode),
    ],
)

Cancellation = record(
    TYPES,
    "Cancellation",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("cancels", SequenceNumber),
        ("number", SequenceNumber),
        ("eventDate", types.RegisterDate),
    ],
)

ChangeKey = record(
    TYPES,
    "ChangeKey",
    [("residentRecordCode", types.ResidentRecordCode), ("number", optional(SequenceNumber))],
)

ChangeOutcome = record(
    TYPES,
    "ChangeOutcome",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("number", SequenceNumber),
        ("result", ChangeResultCode),
        ("expected", optional(SequenceNumber)),
    ],
)

Receipt = record(
    TYPES,
    "Receipt",
    [
        ("receivedAt", types.Instant),
        ("reference", types.Reference),
        ("outcome", ChangeOutcome.customize(min_occurs=1, max_occurs=MOST_CHANGES, nillable=False)),
    ],
)

ChangeTrack = record(
    TYPES,
    "ChangeTrack",
    [
        ("number", SequenceNumber),
        ("revision", Count),
        ("reason", ChangeReasonCode),
        ("recordedAt", types.Instant),
        ("delivery", DeliveryCode),
    ],
)

ChangeStatus = record(
    TYPES,
    "ChangeStatus",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("last", Count),
        ("track", optional(ChangeTrack)),
    ],
)
