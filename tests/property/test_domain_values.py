"""Properties of identifiers, register text and register dates over generated values."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st
from stdnum.jp import in_ as stdnum_individual_number

from gateway.domain.characters import refusal
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_date_text import read_written, written
from gateway.domain.register_text import JukiCode, RegisterText
from gateway.domain.values import InvalidValue
from tests.kit.strategies import dates, register_texts


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@given(_digits(12))
@example("000000000000")
def test_individual_numbers_are_judged_as_stdnum_judges_them(digits: str) -> None:
    try:
        IndividualNumber(digits)
        good = True
    except InvalidValue:
        good = False
    assert good == stdnum_individual_number.is_valid(digits)


@given(_digits(11))
def test_individual_numbers_get_stdnums_check_digit(base: str) -> None:
    assert IndividualNumber.check_digit(base) == stdnum_individual_number.calc_check_digit(base)


@given(_digits(10))
def test_exactly_one_check_digit_fits_a_resident_record_code(base: str) -> None:
    good = []
    for last in "0123456789":
        try:
            good.append(ResidentRecordCode(base + last).digits[-1])
        except InvalidValue as error:
            assert error.code == "check-digit"
    assert good == [ResidentRecordCode.check_digit(base)]


@given(st.integers(1, 47), _digits(3), st.integers(0, 4), st.integers(1, 9))
def test_a_wrong_digit_of_a_municipality_code_is_found(prefecture: int, rest: str, at: int, by: int) -> None:
    code = MunicipalityCode.from_base(f"{prefecture:02d}{rest}").digits
    wrong = code[:at] + str((int(code[at]) + by) % 10) + code[at + 1 :]
    # 11 - (sum mod 11) folds 10 and 0 into the digit 0, 11 and 1 into 1: those pairs cannot be told apart.
    assume(code[5] not in "01")
    try:
        MunicipalityCode(wrong)
    except InvalidValue:
        return
    raise AssertionError("accepted")


@given(st.text(max_size=30))
@example("{{J+AD00}")
@example("{")
def test_a_literal_is_refused_or_comes_back_unchanged(text: str) -> None:
    try:
        made = RegisterText.literal(text)
    except InvalidValue:
        return
    assert "".join(str(e) for e in made.elements) == text


@given(register_texts())
def test_elements_and_inline_form_are_one_to_one(text: RegisterText) -> None:
    assert RegisterText.of(text.elements) == text
    assert all(isinstance(e, JukiCode) or refusal(e) is None for e in text.elements)


@given(dates())
def test_dates_are_written_and_read_back(date: RegisterDate) -> None:
    if date.text is None:
        assert read_written(written(date)) == date
    else:
        assert written(date) == date.text.inline


@given(st.sampled_from(Calendar), st.text("0123456789", min_size=8, max_size=8), st.sampled_from(Certainty))
def test_any_digits_are_a_date_or_refused(calendar: Calendar, digits: str, certainty: Certainty) -> None:
    for note in (None, RegisterText("春")):
        try:
            date = RegisterDate(calendar, digits, certainty, note)
        except InvalidValue:
            continue
        assert date.digits == f"{date.year:04d}{date.month:02d}{date.day:02d}"
        assert (date.calendar is Calendar.NONE) is (date.year == 0)
