"""The types of inquiries to 機構 (flow 5) as spyne models; ``wsdl/types-1.xsd`` is the truth."""

from __future__ import annotations

from gateway.contract import types
from gateway.contract.change_types import Count
from gateway.contract.service import TYPES
from gateway.contract.types import codes, optional, record, text
from gateway.domain.inquiry import InquiryResult, LegalBasis
from gateway.domain.inquiry_file import MOST_IN_MESSAGE, MOST_LINES, FileState, PieceResult

# isort: split
from spyne import Integer

LegalBasisCode = codes("LegalBasis", LegalBasis)
InquiryResultCode = codes("InquiryResult", InquiryResult)

InquiryAnswer = record(
    TYPES,
    "InquiryAnswer",
    [
        ("result", InquiryResultCode),
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("record", optional(types.IdentityRecord)),
    ],
)

# The two keys are a choice in the schema, which spyne cannot say.
_KEYS = [
    ("individualNumber", optional(types.IndividualNumber)),
    ("items", optional(types.BasicFour)),
]

LineNumber = Integer(type_name="LineNumber", ge=1, le=MOST_LINES, min_occurs=1, nillable=False)
PieceNumber = Integer(type_name="PieceNumber", ge=1, le=99_999, min_occurs=1, nillable=False)
ResultPosition = Integer(type_name="ResultPosition", ge=0, le=999_999_999, min_occurs=1, nillable=False)
PieceText = text("PieceText", min_len=1, max_len=2_000_000)
ColumnName = text("ColumnName", pattern="[a-z_]{1,32}")
ErrorCode = text("ErrorCode", pattern="[a-z0-9-]{1,32}")
FileStateCode = codes("FileState", FileState)
PieceResultCode = codes("PieceResult", PieceResult)

InquiryLine = record(TYPES, "InquiryLine", [("line", LineNumber), *_KEYS])

InquiryLineAnswer = record(
    TYPES,
    "InquiryLineAnswer",
    [
        ("line", LineNumber),
        *_KEYS,
        ("result", InquiryResultCode),
        ("record", optional(types.IdentityRecord)),
    ],
)

InquiryAnswers = record(
    TYPES,
    "InquiryAnswers",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("answer", InquiryLineAnswer.customize(min_occurs=1, max_occurs=MOST_IN_MESSAGE, nillable=False)),
    ],
)

InquiryFileName = record(TYPES, "InquiryFileName", [("office", types.Identifier), ("file", types.Identifier)])

InquiryPiece = record(
    TYPES,
    "InquiryPiece",
    [
        ("office", types.Identifier),
        ("file", types.Identifier),
        ("piece", PieceNumber),
        ("pieces", PieceNumber),
        ("text", PieceText),
    ],
)

InquiryPieceReceipt = record(
    TYPES,
    "InquiryPieceReceipt",
    [
        ("receivedAt", types.Instant),
        ("reference", types.Reference),
        ("result", PieceResultCode),
        ("expected", optional(PieceNumber)),
    ],
)

InquiryFileError = record(
    TYPES, "InquiryFileError", [("line", Count), ("column", optional(ColumnName)), ("code", ErrorCode)]
)

InquiryFileProgress = record(
    TYPES,
    "InquiryFileProgress",
    [
        ("state", FileStateCode),
        ("count", Count),
        ("answered", Count),
        ("withoutRecord", Count),
        ("error", optional(InquiryFileError)),
    ],
)

InquiryFileStatus = record(
    TYPES,
    "InquiryFileStatus",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("progress", optional(InquiryFileProgress)),
    ],
)

InquiryResults = record(
    TYPES,
    "InquiryResults",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("text", optional(PieceText)),
        ("following", optional(ResultPosition)),
    ],
)
