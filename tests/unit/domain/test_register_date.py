"""Register dates: eras and their edges, the 14 unknown forms, impossible but legal days, Japanese text."""

from __future__ import annotations

import pytest

from gateway.domain.eras import Calendar
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_date_text import read_written, written
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue

NOTE = RegisterText("昭和20年春")


@pytest.mark.parametrize(
    ("calendar", "first", "last"),
    [
        (Calendar.MEIJI, (1868, 1, 1), (1912, 7, 30)),
        (Calendar.TAISHO, (1912, 7, 30), (1926, 12, 25)),
        (Calendar.SHOWA, (1926, 12, 25), (1989, 1, 7)),
        (Calendar.HEISEI, (1989, 1, 8), (2019, 4, 30)),
        (Calendar.REIWA, (2019, 5, 1), (2199, 12, 31)),
        (Calendar.WESTERN, (1800, 1, 1), (2199, 12, 31)),
    ],
)
def test_edges_of_the_calendars(
    calendar: Calendar, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    for day in (first, last):
        assert RegisterDate.exact(calendar, *day).is_calendar_day
    for year, month, day_before in [(first[0] - 1, 12, 31), (last[0] + 1, 1, 1)]:
        with pytest.raises(InvalidValue) as caught:
            RegisterDate.exact(calendar, year, month, day_before)
        assert caught.value.code == "era"


@pytest.mark.parametrize(
    ("calendar", "digits"),
    [
        (Calendar.MEIJI, "19120731"),
        (Calendar.TAISHO, "19120729"),
        (Calendar.TAISHO, "19261226"),
        (Calendar.SHOWA, "19261224"),
        (Calendar.SHOWA, "19890108"),  # 昭和64年1月8日
        (Calendar.HEISEI, "19890107"),
        (Calendar.HEISEI, "20190501"),
        (Calendar.REIWA, "20190430"),
    ],
)
def test_a_day_past_the_edge(calendar: Calendar, digits: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        RegisterDate(calendar, digits)
    assert caught.value.code == "era"


@pytest.mark.parametrize(
    ("calendar", "digits", "certainty"),
    [
        (Calendar.SHOWA, "19890200", Certainty.DAY_UNKNOWN),
        (Calendar.HEISEI, "19880000", Certainty.AROUND_YEAR),
        (Calendar.REIWA, "20190400", Certainty.ESTIMATED_MONTH),
    ],
)
def test_known_parts_must_lie_in_the_era(calendar: Calendar, digits: str, certainty: Certainty) -> None:
    with pytest.raises(InvalidValue) as caught:
        RegisterDate(calendar, digits, certainty)
    assert caught.value.code == "era"


def test_known_parts_within_the_era() -> None:
    assert RegisterDate(Calendar.SHOWA, "19890100", Certainty.DAY_UNKNOWN).month == 1
    assert RegisterDate(Calendar.HEISEI, "19890000", Certainty.AROUND_YEAR).year == 1989


@pytest.mark.parametrize("digits", ["19010229", "19500230", "19500431", "19500231"])
def test_days_that_no_calendar_has_are_legal(digits: str) -> None:
    date = RegisterDate(Calendar.WESTERN, digits)
    assert date.digits == digits
    assert not date.is_calendar_day


FORMS = [
    (Certainty.AROUND_YEAR, Calendar.SHOWA, "19450000", None, "昭和20年頃"),
    (Certainty.AROUND_MONTH, Calendar.SHOWA, "19450300", None, "昭和20年3月頃"),
    (Certainty.AROUND_DAY, Calendar.SHOWA, "19450310", None, "昭和20年3月10日頃"),
    (Certainty.ESTIMATED_DAY, Calendar.SHOWA, "19450310", None, "推定昭和20年3月10日"),
    (Certainty.ESTIMATED_MONTH, Calendar.SHOWA, "19450300", None, "推定昭和20年3月"),
    (Certainty.SEASON, Calendar.SHOWA, "19450000", "昭和20年春", "昭和20年春"),
    (Certainty.THIRD_OF_MONTH, Calendar.SHOWA, "19450300", "昭和20年3月上旬", "昭和20年3月上旬"),
    (Certainty.AROUND_THIRD_OF_MONTH, Calendar.SHOWA, "19450300", "昭和20年3月中旬頃", "昭和20年3月中旬頃"),
    (Certainty.UNKNOWN, Calendar.NONE, "00000000", None, "年月日不詳"),
    (Certainty.MONTH_AND_DAY_UNKNOWN, Calendar.SHOWA, "19450000", None, "昭和20年 月日不詳"),
    (Certainty.DAY_UNKNOWN, Calendar.SHOWA, "19450300", None, "昭和20年3月 日不詳"),
    (
        Certainty.BETWEEN_DAYS,
        Calendar.SHOWA,
        "19450310",
        "昭和20年3月10日から4月1日頃までの間",
        "昭和20年3月10日から4月1日頃までの間",
    ),
    (Certainty.BETWEEN_ESTIMATED_DAYS, Calendar.NONE, "00000310", "3月推定10日から12日までの間", None),
    (Certainty.BETWEEN_ESTIMATED_DAYS, Calendar.SHOWA, "19450310", "3月推定10日から12日までの間", None),
    (Certainty.BETWEEN_AROUND_DAYS, Calendar.SHOWA, "19450310", "3月10日頃から12日頃までの間", None),
    (Certainty.BETWEEN_AROUND_DAYS, Calendar.NONE, "00000010", "10日頃から12日頃までの間", None),
    (Certainty.BETWEEN_AROUND_DAYS, Calendar.NONE, "00000310", "3月10日頃から12日頃までの間", None),
]


@pytest.mark.parametrize(("certainty", "calendar", "digits", "text", "japanese"), FORMS)
def test_the_unknown_forms(
    certainty: Certainty, calendar: Calendar, digits: str, text: str | None, japanese: str | None
) -> None:
    note = None if text is None else RegisterText(text)
    date = RegisterDate(calendar, digits, certainty, note)
    assert not date.is_calendar_day
    assert written(date) == (japanese or text)
    if note is None:
        assert read_written(written(date)) == date
        with pytest.raises(InvalidValue) as caught:
            RegisterDate(calendar, digits, certainty, NOTE)
    else:
        with pytest.raises(InvalidValue) as caught:
            RegisterDate(calendar, digits, certainty)
    assert caught.value.code == "text"


def test_all_fourteen_forms_are_tried() -> None:
    assert {form[0] for form in FORMS} | {Certainty.EXACT} == set(Certainty)
    assert len(Certainty) == 15


@pytest.mark.parametrize("certainty", Certainty)
@pytest.mark.parametrize(
    "digits", ["19450310", "19450300", "19450000", "00000000", "00000310", "00000010", "19450010", "00000300"]
)
def test_only_the_parts_of_the_form_may_be_known(certainty: Certainty, digits: str) -> None:
    calendar = Calendar.NONE if digits.startswith("0000") else Calendar.SHOWA
    good = any(form[0] is certainty and _known(form[2]) == _known(digits) for form in FORMS)
    if certainty is Certainty.EXACT:
        good = digits == "19450310"
    note = NOTE if any(form[0] is certainty and form[3] for form in FORMS) else None
    if good:
        RegisterDate(calendar, digits, certainty, note)
    else:
        with pytest.raises(InvalidValue) as caught:
            RegisterDate(calendar, digits, certainty, note)
        assert caught.value.code == "certainty"


def _known(digits: str) -> tuple[bool, bool, bool]:
    return digits[:4] != "0000", digits[4:6] != "00", digits[6:] != "00"


@pytest.mark.parametrize(
    "digits",
    ["", "1945031", "194503100", "19451301", "19450332", "1945-3-1", "１９４５０３１０", "19450310\n"],
)
def test_digits(digits: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        RegisterDate(Calendar.SHOWA, digits)
    assert caught.value.code == "digits"


def test_a_calendar_stands_exactly_where_a_year_does() -> None:
    for calendar, digits, certainty in [
        (Calendar.NONE, "19450310", Certainty.EXACT),
        (Calendar.SHOWA, "00000000", Certainty.UNKNOWN),
    ]:
        with pytest.raises(InvalidValue) as caught:
            RegisterDate(calendar, digits, certainty)
        assert caught.value.code == "calendar"


def test_the_text_is_bounded() -> None:
    RegisterDate(Calendar.SHOWA, "19450000", Certainty.SEASON, RegisterText("春" * 60))
    with pytest.raises(InvalidValue) as caught:
        RegisterDate(Calendar.SHOWA, "19450000", Certainty.SEASON, RegisterText("春" * 61))
    assert caught.value.code == "text"


@pytest.mark.parametrize(
    ("date", "text"),
    [
        (RegisterDate.exact(Calendar.SHOWA, 1989, 1, 7), "昭和64年1月7日"),
        (RegisterDate.exact(Calendar.HEISEI, 1989, 1, 8), "平成元年1月8日"),
        (RegisterDate.exact(Calendar.REIWA, 2019, 5, 1), "令和元年5月1日"),
        (RegisterDate.exact(Calendar.MEIJI, 1912, 7, 30), "明治45年7月30日"),
        (RegisterDate.exact(Calendar.TAISHO, 1912, 7, 30), "大正元年7月30日"),
        (RegisterDate.exact(Calendar.TAISHO, 1926, 12, 25), "大正15年12月25日"),
        (RegisterDate.exact(Calendar.WESTERN, 1901, 2, 29), "1901年2月29日"),
    ],
)
def test_japanese_text(date: RegisterDate, text: str) -> None:
    assert written(date) == text
    assert read_written(text) == date


def test_the_first_year_may_be_written_as_1() -> None:
    assert read_written("令和1年5月1日") == read_written("令和元年5月1日")
    assert read_written("昭和20年月日不詳") == read_written("昭和20年 月日不詳")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "written"),
        ("昭和64年", "written"),
        ("昭和64年1月8日", "era"),
        ("昭和0年1月1日", "era"),
        ("昭和999年1月1日", "era"),
        ("元年1月1日", "written"),
        ("89年1月7日", "written"),
        ("昭和20年春", "written"),
        ("昭和２０年3月10日", "written"),
        ("昭和20年13月1日", "digits"),
        ("昭和20年0月1日", "certainty"),
        ("1989-01-07", "written"),
    ],
)
def test_other_text_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_written(text)
    assert caught.value.code == code


def test_one_day_in_two_calendars() -> None:
    passport = RegisterDate.exact(Calendar.WESTERN, 1989, 1, 7)
    register = RegisterDate.exact(Calendar.SHOWA, 1989, 1, 7)
    assert passport != register
    assert passport.same_day_as(register)
    assert not passport.same_day_as(RegisterDate(Calendar.WESTERN, "19890107", Certainty.AROUND_DAY))
    assert not passport.same_day_as(RegisterDate.exact(Calendar.WESTERN, 1989, 1, 6))
    one, other = (
        RegisterDate(Calendar.SHOWA, "19450000", Certainty.SEASON, RegisterText(t)) for t in ("春", "夏")
    )
    assert not one.same_day_as(other)


def test_sorting_puts_unknown_parts_first() -> None:
    dates = [
        RegisterDate.exact(Calendar.SHOWA, 1945, 1, 1),
        RegisterDate(Calendar.NONE, "00000000", Certainty.UNKNOWN),
        RegisterDate(Calendar.SHOWA, "19450000", Certainty.AROUND_YEAR),
        RegisterDate.exact(Calendar.SHOWA, 1944, 12, 31),
    ]
    assert [d.sort_key for d in sorted(dates, key=lambda d: d.sort_key)] == [
        "00000000",
        "19441231",
        "19450000",
        "19450101",
    ]
