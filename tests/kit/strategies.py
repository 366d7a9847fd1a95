"""hypothesis strategies for domain values: only good ones, every kind of them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.eras import SPANS, Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date import WITH_TEXT, Certainty, RegisterDate
from gateway.domain.register_text import JukiCode, RegisterText
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, PresentedDocument

_IDEOGRAPHS = st.one_of(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2A6D6),
    st.sampled_from("\ufa19\ufa11髙﨑𠮷\U00031350"),
)
_SELECTED = st.builds(lambda base, nth: base + chr(0xE0100 + nth), _IDEOGRAPHS, st.integers(0, 0xEF))
_OTHERS = st.sampled_from("ABCxyz019&<>\"'{}]-ーァヴあ々〆・\u3000 ")
_CODES = st.one_of(st.integers(0xAAA0, 0xABFF), st.integers(0xAC00, 0xD6FF), st.integers(0xFF00, 0xFFFE)).map(
    lambda code: JukiCode(f"{code:04X}")
)
_EDGE = st.one_of(_IDEOGRAPHS, _SELECTED, _CODES, st.sampled_from("AB{}あ"))


@st.composite
def register_texts(draw: st.DrawFn, longest: int = 12) -> RegisterText:
    """Text with tokens, braces, selectors, astral ideographs and characters that XML escapes."""
    middle = draw(st.lists(st.one_of(_IDEOGRAPHS, _SELECTED, _CODES, _OTHERS), max_size=longest - 2))
    return RegisterText.of((draw(_EDGE), *middle, draw(_EDGE)))


@st.composite
def dates(draw: st.DrawFn) -> RegisterDate:
    """Dates of every certainty and calendar, days that no calendar has among them."""
    certainty = draw(st.sampled_from(Certainty))
    if certainty is Certainty.UNKNOWN:
        return RegisterDate(Calendar.NONE, "00000000", certainty)
    calendar = draw(st.sampled_from(sorted(SPANS, key=lambda c: c.value)))
    span = SPANS[calendar]
    year = draw(st.integers(span.first // 10000 + 1, min(span.last // 10000 - 1, 2100)))
    month, day = draw(st.integers(1, 12)), draw(st.integers(1, 31))
    full = f"{year:04d}{month:02d}{day:02d}"
    yearly = {Certainty.AROUND_YEAR, Certainty.SEASON, Certainty.MONTH_AND_DAY_UNKNOWN}
    monthly = {
        Certainty.AROUND_MONTH,
        Certainty.ESTIMATED_MONTH,
        Certainty.THIRD_OF_MONTH,
        Certainty.AROUND_THIRD_OF_MONTH,
        Certainty.DAY_UNKNOWN,
    }
    digits = f"{full[:4]}0000" if certainty in yearly else f"{full[:6]}00" if certainty in monthly else full
    text = draw(register_texts(6)) if certainty in WITH_TEXT else None
    return RegisterDate(calendar, digits, certainty, text)


_IDENTIFIERS = st.from_regex("[0-9A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?", fullmatch=True)

callers = st.builds(
    Caller,
    st.builds(
        lambda p, r: MunicipalityCode.from_base(f"{p:02d}{r:03d}"), st.integers(1, 47), st.integers(0, 999)
    ),
    _IDENTIFIERS,
    st.builds(Operator, _IDENTIFIERS, _IDENTIFIERS),
    st.sampled_from(Purpose),
)
people = st.builds(BasicFour, register_texts(), dates(), st.sampled_from(Sex), register_texts(20), st.none())
keys = st.one_of(
    st.builds(lambda n: ResidentRecordCode.from_base(f"{n:010d}"), st.integers(0, 10**10 - 1)),
    st.builds(PresentedDocument, st.sampled_from(DocumentKind), people),
)
questions = st.builds(IdentityQuestion, callers, keys)
answers = st.builds(
    IdentityAnswer,
    st.sampled_from(VerificationResult),
    st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.from_regex("[0-9A-Za-z-]{8,64}", fullmatch=True),
)
