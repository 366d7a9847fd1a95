"""hypothesis strategies for domain values: only good ones, every kind of them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller, Operator
from gateway.domain.change import MOST_NUMBER, Change, ChangeResult
from gateway.domain.change_reason import ChangeGroup, ChangeReason
from gateway.domain.change_report import (
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
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.eras import SPANS, Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
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
identity_records = st.builds(
    IdentityRecord,
    code=st.builds(lambda n: ResidentRecordCode.from_base(f"{n:010d}"), st.integers(0, 10**10 - 1)),
    individual_number=st.none()
    | st.builds(lambda n: IndividualNumber.from_base(f"{n:011d}"), st.integers(0, 10**11 - 1)),
    name=register_texts(),
    kana=st.none() | st.just(Kana("ヤマダ\u3000タロウ")),
    latin_name=st.none() | st.just(RegisterText("SMITH JOHN")),
    common_name=st.none() | register_texts(),
    former_surname=st.none() | register_texts(),
    birth_date=dates(),
    sex=st.sampled_from(Sex),
    address=register_texts(20),
    municipality=st.just(MunicipalityCode("131016")),
)
questions = st.builds(IdentityQuestion, callers, keys)
answers = st.builds(
    IdentityAnswer,
    st.sampled_from(VerificationResult),
    st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.from_regex("[0-9A-Za-z-]{8,64}", fullmatch=True),
)

_CODES_OF_PEOPLE = st.builds(lambda n: ResidentRecordCode.from_base(f"{n:010d}"), st.integers(0, 10**10 - 1))
_NUMBERS = st.integers(1, MOST_NUMBER)
_INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
_REFERENCES = st.from_regex("[0-9A-Za-z-]{8,64}", fullmatch=True)
_ANY_DAY = (ChangeReason.BIRTH, ChangeReason.DEATH, ChangeReason.OFFICIAL_REMOVAL)


@st.composite
def changes(draw: st.DrawFn, revisions: bool = False) -> Change:
    """A change of any kind, its date as its reason allows."""
    reason = draw(st.sampled_from(ChangeReason))
    record = draw(identity_records)
    date = draw(dates() if reason in _ANY_DAY else dates().filter(lambda day: day.is_calendar_day))
    former = None
    if reason.group is ChangeGroup.CODE:
        former = draw(_CODES_OF_PEOPLE.filter(lambda code: code != record.code))
    revision = draw(st.integers(0, MOST_NUMBER)) if revisions else 0
    return Change(draw(_NUMBERS), reason, date, record, former, revision)


def change_reports(revisions: bool = False) -> st.SearchStrategy[ChangeReport]:
    """Reports, or with revisions notices, of a few changes."""
    some = st.lists(changes(revisions), min_size=1, max_size=2).map(tuple)
    return st.builds(ChangeReport, callers, some)


resends = st.builds(Resend, callers, _CODES_OF_PEOPLE, _NUMBERS, st.sampled_from(ChangeReason))
cancellations = st.builds(Cancellation, callers, _CODES_OF_PEOPLE, _NUMBERS, _NUMBERS, dates())
change_questions = st.builds(ChangeQuestion, callers, _CODES_OF_PEOPLE, st.none() | _NUMBERS)
receipts = st.builds(
    ChangeReceipt,
    _INSTANTS,
    _REFERENCES,
    st.lists(
        st.builds(
            ChangeOutcome, _CODES_OF_PEOPLE, _NUMBERS, st.sampled_from(ChangeResult), st.none() | _NUMBERS
        ),
        min_size=1,
        max_size=4,
    ).map(tuple),
)
statuses = st.builds(
    ChangeStatus,
    _INSTANTS,
    _REFERENCES,
    st.integers(0, MOST_NUMBER),
    st.none()
    | st.builds(
        ChangeTrack,
        _NUMBERS,
        st.integers(0, MOST_NUMBER),
        st.sampled_from(ChangeReason),
        _INSTANTS,
        st.sampled_from(Delivery),
    ),
)
