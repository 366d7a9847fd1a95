"""hypothesis strategies for consistency checks: only good ones, every kind of them."""

from __future__ import annotations

from hypothesis import strategies as st

from gateway.domain.consistency import (
    ConsistencyNotice,
    ConsistencyPiece,
    DigestAnswer,
    DigestQuestion,
    Finding,
    FindingKind,
    NoticeTaken,
    NumberedRecord,
    PieceTaken,
    RecordItem,
    Span,
    SpanTotal,
    Total,
)
from gateway.domain.identifiers import ResidentRecordCode
from tests.kit.inquiries import AT
from tests.kit.strategies import callers, identity_records

_CODES = st.integers(0, 10**10 - 1).map(lambda base: ResidentRecordCode.from_base(f"{base:010d}"))
_SPANS = st.builds(Span, st.none() | _CODES, st.none() | _CODES)
_TOTALS = st.builds(Total, st.integers(0, 999), st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}"))
_NUMBERS = st.none() | st.integers(0, 999)
_FINDINGS = st.builds(
    Finding,
    st.sampled_from(FindingKind),
    _CODES,
    _NUMBERS,
    _NUMBERS,
    st.lists(st.sampled_from(RecordItem), max_size=3, unique=True).map(tuple),
)
_RECORDS = st.lists(
    st.builds(NumberedRecord, st.integers(0, 999), identity_records),
    max_size=2,
    unique_by=lambda one: one.record.code.digits,
).map(lambda records: tuple(sorted(records, key=lambda one: one.record.code.digits)))
PIECES = st.builds(
    ConsistencyPiece,
    callers,
    st.just("C-00000001"),
    st.integers(1, 99),
    st.booleans(),
    st.just(Span(None, None)),
    _RECORDS,
)
PIECES_TAKEN = st.builds(PieceTaken, st.just(AT), st.just("ref-00000001"), st.integers(1, 99))
DIGEST_QUESTIONS = st.builds(
    DigestQuestion,
    callers,
    st.lists(st.builds(SpanTotal, _SPANS, _TOTALS), min_size=1, max_size=3).map(tuple),
)
DIGEST_ANSWERS = st.builds(
    DigestAnswer, st.just(AT), st.just("ref-00000001"), st.lists(st.integers(0, 99), max_size=3).map(tuple)
)
NOTICES = st.builds(
    ConsistencyNotice,
    callers,
    st.just("C-00000001"),
    st.integers(1, 99),
    st.integers(1, 99),
    _TOTALS,
    st.lists(_FINDINGS, max_size=3).map(tuple),
)
NOTICES_TAKEN = st.builds(NoticeTaken, st.just(AT), st.just("ref-00000001"))
