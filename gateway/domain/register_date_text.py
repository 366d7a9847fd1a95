"""Register dates as people write them in Japanese: ``昭和64年1月7日``, ``推定1950年3月``, ``年月日不詳``.

For lists, command lines and sample files. Forms that carry the register's own text are shown as that text,
and cannot be read back: which day they begin with is not in it.
"""

from __future__ import annotations

import re

from gateway.domain.eras import SPANS, Calendar, year_written
from gateway.domain.register_date import WITH_TEXT, Certainty, RegisterDate
from gateway.domain.values import InvalidValue

_WRITTEN: dict[Certainty, str] = {
    Certainty.EXACT: "{y}{m}月{d}日",
    Certainty.AROUND_YEAR: "{y}頃",
    Certainty.AROUND_MONTH: "{y}{m}月頃",
    Certainty.AROUND_DAY: "{y}{m}月{d}日頃",
    Certainty.ESTIMATED_DAY: "推定{y}{m}月{d}日",
    Certainty.ESTIMATED_MONTH: "推定{y}{m}月",
    Certainty.UNKNOWN: "年月日不詳",
    Certainty.MONTH_AND_DAY_UNKNOWN: "{y} 月日不詳",
    Certainty.DAY_UNKNOWN: "{y}{m}月 日不詳",
}

_YEAR = "(?P<era>" + "|".join(s.ja for s in SPANS.values() if s.ja) + ")?(?P<y>元|[0-9]{1,4})年"
_PART = {"{y}": _YEAR, "{m}": "(?P<m>[0-9]{1,2})", "{d}": "(?P<d>[0-9]{1,2})", " ": " ?"}
_READ = {
    certainty: re.compile("".join(_PART.get(piece, piece) for piece in re.split(r"(\{.\}| )", form)))
    for certainty, form in _WRITTEN.items()
}


def written(date: RegisterDate) -> str:
    """The date as written in Japanese; of a form with text, that text in its inline form."""
    if date.text is not None:
        return date.text.inline
    year = year_written(date.calendar, date.year) if date.year else ""
    return _WRITTEN[date.certainty].format(y=year, m=date.month, d=date.day)


def read_written(text: str) -> RegisterDate:
    """The date that ``written`` writes so; InvalidValue ``written`` for any other text.

    Digits are ASCII, the first year of an era may be 元 or 1. Raises what RegisterDate raises.
    """
    for certainty, form in _READ.items():
        match = form.fullmatch(text)
        if match is None or certainty in WITH_TEXT:
            continue
        parts = match.groupdict()
        calendar, year = Calendar.NONE, 0
        if parts.get("y"):
            calendar, year = _year(parts["era"], parts["y"])
        digits = f"{year:04d}{int(parts.get('m') or 0):02d}{int(parts.get('d') or 0):02d}"
        return RegisterDate(calendar, digits, certainty)
    raise InvalidValue("register-date", "written")


def _year(era: str | None, number: str) -> tuple[Calendar, int]:
    if era is None:
        if number == "元" or len(number) != 4:
            raise InvalidValue("register-date", "written")
        return Calendar.WESTERN, int(number)
    calendar = next(calendar for calendar, span in SPANS.items() if span.ja == era)
    count = 1 if number == "元" else int(number)
    if not 1 <= count <= 200:
        raise InvalidValue("register-date", "era")
    return calendar, SPANS[calendar].first // 10000 + count - 1
