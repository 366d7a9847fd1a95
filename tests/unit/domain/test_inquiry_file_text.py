"""The strict reader of 情報参照ファイル: a whole file is read, any other refused by line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.codes import Purpose
from gateway.domain.csv_text import cells_of
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import FileError, FileHeader, FileName, InquiryLine, LineResult
from gateway.domain.inquiry_file_text import (
    COLUMNS,
    INQUIRIES,
    RESULT_COLUMNS,
    NotAsItMustBe,
    lines_after,
    read_header,
    read_lines,
    write_header,
    write_line,
    write_result,
)
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue
from tests.kit.inquiries import NUMBER, RECORD
from tests.kit.inquiry_strategies import INQUIRY_KEYS
from tests.kit.questions import PERSON

LINES = [InquiryLine(1, NUMBER), InquiryLine(2, PERSON), InquiryLine(3, IndividualNumber("149709400944"))]


def header_of(rest: str, count: int) -> FileHeader:
    return FileHeader(
        MunicipalityCode("131016"),
        FileName("TAX", "2026-1"),
        Purpose.NUMBER_USE,
        LegalBasis.NUMBER_USE,
        count,
        hashlib.sha256(rest.encode()).hexdigest(),
    )


def written(lines: list[InquiryLine]) -> list[bytes]:
    rest = ",".join(COLUMNS) + "\n" + "".join(map(write_line, lines))
    text = write_header(INQUIRIES, header_of(rest, len(lines))) + rest
    return text.encode().splitlines(keepends=True)


def sealed(rest: list[bytes], count: int) -> list[bytes]:
    """Lines with a first line that fits them."""
    text = b"".join(rest).decode()
    return [write_header(INQUIRIES, header_of(text, count)).encode(), *rest]


def error_of(lines: list[bytes]) -> FileError:
    with pytest.raises(NotAsItMustBe) as caught:
        list(read_lines(lines))
    return caught.value.error


def test_what_is_written_is_read() -> None:
    assert list(read_lines(written(LINES))) == LINES
    assert read_header(written(LINES)[0]).count == 3
    assert [list(lines_after(written(LINES), done)) for done in range(4)] == [
        LINES[done:] for done in range(4)
    ]


@given(st.lists(INQUIRY_KEYS, min_size=1, max_size=4))
def test_any_inquiries_are_read_as_they_were_written(keys: list[object]) -> None:
    lines = [InquiryLine(number, key) for number, key in enumerate(keys, start=1)]  # type: ignore[arg-type]
    try:
        file = written(lines)
    except InvalidValue as error:
        assert error.code in {"formula", "control-character"}
        return
    assert list(read_lines(file)) == lines


@given(st.integers(0), st.integers(0, 255))
def test_no_byte_may_change(place: int, byte: int) -> None:
    whole = b"".join(written(LINES))
    place %= len(whole)
    if whole[place] == byte:
        return
    changed = whole[:place] + bytes([byte]) + whole[place + 1 :]
    first = changed.partition(b"\n")[0].decode(errors="replace").split(",")
    try:
        read = list(read_lines(changed.splitlines(keepends=True)))
    except NotAsItMustBe:
        return
    # Only the first line is not under the digest: what it says is then another thing, and said so.
    assert read == LINES
    assert first != whole.partition(b"\n")[0].decode().split(",")


@given(st.integers(1))
def test_half_a_file_is_no_file(left: int) -> None:
    whole = b"".join(written(LINES))
    part = whole[: left % len(whole)]
    with pytest.raises(NotAsItMustBe):
        list(read_lines(part.splitlines(keepends=True)))


def changed(line: int, change: Callable[[str], str]) -> list[bytes]:
    lines = written(LINES)
    lines[line - 1] = change(lines[line - 1].decode()).encode()
    return lines if line == 1 else sealed(lines[1:], 3)


@pytest.mark.parametrize(
    ("line", "old", "new", "error"),
    [
        (1, INQUIRIES, "another-file", FileError(1, "kind", "code")),
        (1, ",1,131016", ",2,131016", FileError(1, "version", "code")),
        (1, "131016", "131015", FileError(1, "municipality", "check-digit")),
        (1, "TAX", "T_X", FileError(1, "office", "identifier")),
        (1, "2026-1", "-", FileError(1, "file", "identifier")),
        (1, "number_use,number_use", "because,number_use", FileError(1, "purpose", "code")),
        (1, "number_use,number_use", "number_use,because", FileError(1, "basis", "code")),
        (1, ",3,", ",03,", FileError(1, "count", "digits")),
        (1, ",3,", ",1000001,", FileError(1, "count", "range")),
        (1, ",3,", ",4,", FileError(5, "line", "fewer-than-count")),
        (1, ",3,", ",2,", FileError(5, "line", "more-than-count")),
        (1, ",3,", ",3,,", FileError(1, "", "cells")),
        (2, "line,", "number,", FileError(2, "", "columns")),
        (3, "1,", "2,", FileError(3, "line", "order")),
        (3, NUMBER.digits, "123456789012", FileError(3, "individual_number", "check-digit")),
        (3, NUMBER.digits, "=1", FileError(3, "individual_number", "formula")),
        (3, NUMBER.digits + ",", NUMBER.digits + ",x", FileError(3, "name", "both-keys")),
        (4, "showa", "shouwa", FileError(4, "birth_calendar", "code")),
        (4, "19890107", "19890132", FileError(4, "birth_digits", "digits")),
        (4, "exact", "perhaps", FileError(4, "birth_certainty", "code")),
        (4, ",1,", ",3,", FileError(4, "sex", "code")),
        (4, "一丁目1番", "\t", FileError(4, "", "control-character")),
        (5, "\n", '"\n', FileError(5, "", "quotation")),
        (5, "\n", ",\n", FileError(5, "", "cells")),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(line: int, old: str, new: str, error: FileError) -> None:
    found = error_of(changed(line, lambda text: text.replace(old, new, 1)))
    assert (found.line, found.column) == (error.line, error.column)
    assert found.code == error.code


def test_what_is_not_there_or_not_text() -> None:
    assert error_of([]) == FileError(1, "", "no-line-end")
    assert error_of(written(LINES)[:2]) == FileError(2, "line", "fewer-than-count")
    lines = written(LINES)
    lines[2] = lines[2].replace(b"1,", b"1,\xff")
    assert error_of(lines) == FileError(3, "", "not-utf-8")
    lines = written(LINES)
    lines[0] = lines[0].replace(b"\n", b"0\n")
    assert error_of(lines).column == "digest"
    other = written(LINES)
    other[0] = write_header(INQUIRIES, header_of("", 3)).encode()
    assert error_of(other) == FileError(1, "digest", "differs")


def test_an_error_quotes_nothing() -> None:
    with pytest.raises(NotAsItMustBe) as caught:
        list(read_lines(changed(4, lambda text: text.replace(",1,", ",試験,"))))
    assert "試験" not in str(caught.value)


def test_results() -> None:
    line = write_result(7, LineResult.FOUND, "2026-11-26T01:02:03Z", "ref-00000001", RECORD)
    cells = dict(zip(RESULT_COLUMNS, cells_of(line.encode()), strict=True))
    assert (cells["line"], cells["result"], cells["individual_number"]) == ("7", "found", NUMBER.digits)
    assert (cells["name"], cells["municipality"]) == (RECORD.name.inline, "131016")
    nobody = write_result(8, LineResult.NO_RECORD, "2026-11-26T01:02:03Z", "ref-00000001", None)
    assert len(cells_of(nobody.encode())) == len(RESULT_COLUMNS)
    evil = replace(RECORD, latin_name=RegisterText("=1+1"))
    assert write_result(9, LineResult.FOUND, "", "", evil).startswith("9,withheld,")
