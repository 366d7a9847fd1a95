"""The types of consistency checks (flow 6) as spyne models; ``wsdl/types-1.xsd`` is the truth."""

from __future__ import annotations

from gateway.contract import types
from gateway.contract.change_types import Count
from gateway.contract.service import TYPES
from gateway.contract.types import codes, optional, record, text
from gateway.domain.consistency import MOST_FINDINGS, MOST_RECORDS, MOST_SPANS, FindingKind, RecordItem

# isort: split
from spyne import Integer

PieceCount = Integer(type_name="PieceCount", ge=1, le=9_999_999, min_occurs=1, nillable=False)
RecordDigest = text("RecordDigest", pattern="[0-9a-f]{64}")
Last = text("Last", pattern="true|false")
FindingKindCode = codes("FindingKind", FindingKind)
RecordItemCode = codes("RecordItem", RecordItem)

CodeSpan = record(
    TYPES,
    "CodeSpan",
    [("after", optional(types.ResidentRecordCode)), ("upto", optional(types.ResidentRecordCode))],
)
RecordTotal = record(TYPES, "RecordTotal", [("count", Count), ("digest", RecordDigest)])
NumberedRecord = record(TYPES, "NumberedRecord", [("number", Count), ("record", types.IdentityRecord)])

ConsistencyPiece = record(
    TYPES,
    "ConsistencyPiece",
    [
        ("run", types.Reference),
        ("piece", PieceCount),
        ("last", Last),
        ("span", CodeSpan),
        ("one", NumberedRecord.customize(min_occurs=0, max_occurs=MOST_RECORDS, nillable=False)),
    ],
)
ConsistencyReceipt = record(
    TYPES,
    "ConsistencyReceipt",
    [("receivedAt", types.Instant), ("reference", types.Reference), ("expected", PieceCount)],
)
SpanTotal = record(TYPES, "SpanTotal", [("span", CodeSpan), ("total", RecordTotal)])
SpanTotals = record(
    TYPES,
    "SpanTotals",
    [("one", SpanTotal.customize(min_occurs=1, max_occurs=MOST_SPANS, nillable=False))],
)
DifferingSpans = record(
    TYPES,
    "DifferingSpans",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("place", Count.customize(min_occurs=0, max_occurs=MOST_SPANS, nillable=False)),
    ],
)
ConsistencyFinding = record(
    TYPES,
    "ConsistencyFinding",
    [
        ("kind", FindingKindCode),
        ("residentRecordCode", types.ResidentRecordCode),
        ("numberSent", optional(Count)),
        ("numberThere", optional(Count)),
        ("item", RecordItemCode.customize(min_occurs=0, max_occurs=len(RecordItem), nillable=False)),
    ],
)
ConsistencyResult = record(
    TYPES,
    "ConsistencyResult",
    [
        ("run", types.Reference),
        ("part", PieceCount),
        ("parts", PieceCount),
        ("there", RecordTotal),
        (
            "finding",
            ConsistencyFinding.customize(min_occurs=0, max_occurs=MOST_FINDINGS, nillable=False),
        ),
    ],
)
ConsistencyResultReceipt = record(
    TYPES,
    "ConsistencyResultReceipt",
    [("receivedAt", types.Instant), ("reference", types.Reference)],
)
