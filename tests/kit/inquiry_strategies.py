"""hypothesis strategies for inquiries to 機構: only good ones, every kind of them."""

from __future__ import annotations

from hypothesis import strategies as st

from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.inquiry import Inquiry, InquiryAnswer, InquiryResult, LegalBasis
from gateway.domain.inquiry_file import (
    MOST_LINES,
    FileError,
    FileName,
    FilePiece,
    FileProgress,
    FileQuestion,
    FileState,
    FileStatus,
    InquiryLine,
    LineAnswer,
    ManyAnswers,
    ManyInquiries,
    PieceReceipt,
    PieceResult,
    ResultsPart,
    ResultsQuestion,
)
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberReason, NumberRequest
from tests.kit.inquiries import AT
from tests.kit.strategies import callers, identity_records, people, register_texts

INQUIRY_KEYS = st.one_of(
    people,
    st.integers(0, 10**11 - 1).map(lambda base: IndividualNumber.from_base(f"{base:011d}")),
)
INQUIRIES = st.builds(Inquiry, callers, st.sampled_from(LegalBasis), INQUIRY_KEYS)
_NOT_FOUND = st.sampled_from([one for one in InquiryResult if one is not InquiryResult.FOUND])
INQUIRY_ANSWERS = st.one_of(
    st.builds(InquiryAnswer, _NOT_FOUND, st.just(AT), st.just("ref-00000001")),
    st.builds(
        InquiryAnswer,
        st.just(InquiryResult.FOUND),
        st.just(AT),
        st.just("ref-00000001"),
        identity_records,
    ),
)

_NAMES = st.builds(
    FileName, st.sampled_from(["TAX", "Welfare-2"]), st.from_regex("[0-9A-Za-z]{1,20}", fullmatch=True)
)
_LINES = st.builds(InquiryLine, st.integers(1, MOST_LINES), INQUIRY_KEYS)
_TEXTS = st.lists(register_texts(), min_size=1, max_size=3).map(
    lambda texts: "".join(f"{text.inline}\n" for text in texts)
)
_LINE_ANSWERS = st.one_of(
    st.builds(LineAnswer, _LINES, _NOT_FOUND),
    st.builds(LineAnswer, _LINES, st.just(InquiryResult.FOUND), identity_records),
)
_PROGRESS = st.builds(
    FileProgress,
    st.sampled_from(FileState),
    st.integers(0, MOST_LINES),
    st.integers(0, MOST_LINES),
    st.integers(0, MOST_LINES),
    st.none()
    | st.builds(FileError, st.integers(0, MOST_LINES), st.sampled_from(["", "sex"]), st.just("code")),
)
MANY_INQUIRIES = st.builds(
    ManyInquiries, callers, st.sampled_from(LegalBasis), st.lists(_LINES, min_size=1, max_size=3).map(tuple)
)
MANY_ANSWERS = st.builds(
    ManyAnswers,
    st.just(AT),
    st.just("ref-00000001"),
    st.lists(_LINE_ANSWERS, min_size=1, max_size=3).map(tuple),
)
FILE_PIECES = st.builds(
    FilePiece,
    callers,
    st.sampled_from(LegalBasis),
    _NAMES,
    st.integers(1, 3),
    st.integers(3, 99_999),
    _TEXTS,
)
PIECE_RECEIPTS = st.builds(
    PieceReceipt,
    st.just(AT),
    st.just("ref-00000001"),
    st.sampled_from(PieceResult),
    st.none() | st.integers(1, 99_999),
)
FILE_QUESTIONS = st.builds(FileQuestion, callers, _NAMES)
FILE_STATUSES = st.builds(FileStatus, st.just(AT), st.just("ref-00000001"), st.none() | _PROGRESS)
RESULTS_QUESTIONS = st.builds(ResultsQuestion, callers, _NAMES, st.integers(0, MOST_LINES))
RESULTS_PARTS = st.builds(
    ResultsPart,
    st.just(AT),
    st.just("ref-00000001"),
    st.none() | _TEXTS,
    st.none() | st.integers(0, MOST_LINES),
)

_REFERENCES = st.sampled_from(["ref-00000001", "TAX-2026-0001"])
_CODES = st.integers(0, 10**10 - 1).map(lambda base: ResidentRecordCode.from_base(f"{base:010d}"))
_NUMBERS = st.integers(0, 10**11 - 1).map(lambda base: IndividualNumber.from_base(f"{base:011d}"))
CODE_REQUESTS = st.builds(CodeRequest, callers, _REFERENCES, st.integers(1, 1_000))
CODE_BLOCKS = st.builds(
    CodeBlock, st.just(AT), _REFERENCES, st.lists(_CODES, min_size=1, max_size=3).map(tuple)
)
NUMBER_REQUESTS = st.builds(NumberRequest, callers, _REFERENCES, _CODES, st.sampled_from(NumberReason))
ISSUED_NUMBERS = st.builds(IssuedNumber, st.just(AT), _REFERENCES, _CODES, _NUMBERS)
