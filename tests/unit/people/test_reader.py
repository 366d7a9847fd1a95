"""The strict reader: line and column of every error, and never what stands there."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gateway.cli.network.people import people_csv
from gateway.domain.values import InvalidValue
from gateway.errors import UsageError
from gateway.people import COLUMNS, CardState, Row, read_people, write_rows
from gateway.people.rows import REQUIRED, row_of
from tests.kit.towns import nation

PLAIN = next(made.row for made in nation(200) if not made.row.note)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def lines(*rows: Row) -> bytes:
    out = io.StringIO(newline="")
    write_rows(rows, out)
    return out.getvalue().encode()


def refusal(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    with pytest.raises(UsageError) as error:
        list(read_people(file))
    text = str(error.value)
    assert text.startswith(f"{file}: line ")
    return text.removeprefix(f"{file}: ")


def test_made_people_are_read_as_they_were_made(file: Path) -> None:
    rows = [made.row for made in nation(3_000)]
    file.write_bytes(lines(*rows))
    assert [row_of(person) for person in read_people(file)] == rows


def test_the_sample_people_are_a_file_of_people(file: Path) -> None:
    file.write_bytes(people_csv())
    people = list(read_people(file))
    assert lines(*map(row_of, people)) == people_csv()
    assert [person.versions()[0].name.inline for person in people if person.past_name] == ["河合 花子"]
    assert {person.card_state for person in people} == set(CardState)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("resident_record_code", "05783086274", "check-digit"),
        ("resident_record_code", "", "digits"),
        ("individual_number", "12345678901", "digits"),
        ("individual_number", "123456789019", "check-digit"),
        ("name", "", "empty"),
        ("name", "山田\u200b花子", "format"),
        ("name", "{J+4E00}", "token-block"),
        ("name", " 山田", "edge-space"),
        ("kana", "やまだ", "kana"),
        ("birth_date", "昭和1年1月1日", "not the date of the columns behind it"),
        ("birth_calendar", "edo", "code"),
        ("birth_digits", "20261301", "digits"),
        ("birth_certainty", "perhaps", "code"),
        ("sex", "3", "code"),
        ("address", "\ud55c", "hidden-juki-code"),
        ("municipality", "131017", "check-digit"),
        ("card_state", "lost", "code"),
        ("recorded_at", "131016-cs  national", "system-id"),
        ("note", "n" * 201, "too-long"),
        ("latin_name", "\ue000", "private-use"),
        ("common_name", "田\u202e中", "format"),
        ("former_surname", "{", "token"),
        ("household", "h" * 201, "too-long"),
        ("past_kana", "カナ", "alone"),
        ("past_address", "　東京都", "edge-space"),
    ],
)
def test_a_bad_cell(file: Path, column: str, value: str, code: str) -> None:
    bad = PLAIN._replace(**{column: value})
    told = refusal(file, lines(PLAIN, bad))
    assert told == f"line 3, column {column}: {code}"
    assert len(value) < 4 or value not in told


def test_a_date_is_judged_as_a_whole_at_its_digits(file: Path) -> None:
    bad = PLAIN._replace(birth_text="春")
    assert refusal(file, lines(bad)) == "line 2, column birth_digits: text"


@pytest.mark.parametrize("column", ["name", "note", "household", "address", "recorded_at"])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@x", "＝1", "－1"])
def test_a_cell_that_a_spreadsheet_would_run(file: Path, column: str, formula: str) -> None:
    assert refusal(file, lines(PLAIN._replace(**{column: formula}))) == f"line 2, column {column}: formula"


def test_nor_is_one_written(file: Path) -> None:
    file.write_bytes(lines(PLAIN._replace(note="n")))
    (person,) = read_people(file)
    object.__setattr__(person, "note", "=1")
    with pytest.raises(InvalidValue, match="row: formula"):
        row_of(person)


HEADER = ",".join(COLUMNS).encode() + b"\n"
GOOD = lines(PLAIN).partition(b"\n")[2]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1: there is no column of the name in place 1"),
        (b"\xef\xbb\xbf" + HEADER, "line 1: holds a control character, a line end or a byte order mark"),
        (HEADER[:-1], "line 1: does not end in LF"),
        (HEADER.replace(b"sex", b"gender"), "line 1: there is no column of the name in place 10"),
        (HEADER.replace(b"kana,", b"name,", 1), "line 1, column name: named twice"),
        (HEADER.replace(b"sex,", b""), "line 1, column sex: is missing"),
        (HEADER + GOOD[:-1], "line 2: does not end in LF"),
        (HEADER + GOOD + b"\n", "line 3: 1 cells, the first line names 22 columns"),
        (HEADER + GOOD[:-1] + b",\n", "line 2: 23 cells, the first line names 22 columns"),
        (HEADER + GOOD[:-1] + b"\r\n", "line 2: holds a control character, a line end or a byte order mark"),
        (HEADER + b"\xff" + GOOD, "line 2: not UTF-8"),
        (HEADER + b'"' + GOOD, "line 2: quotation marks are wrongly set"),
        (HEADER + b'a"b"' + GOOD, "line 2: quotation marks are wrongly set"),
        (HEADER + b"a" * 65_536 + b"\n", "line 2: longer than 65,536 bytes"),
    ],
)
def test_a_bad_file(file: Path, content: bytes, told: str) -> None:
    assert refusal(file, content) == told


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"people\.csv: cannot be read \(No such file or directory\)"):
        next(read_people(tmp_path / "people.csv"))


def test_columns_in_any_order_the_later_ones_may_be_missing(file: Path) -> None:
    names = [*reversed(REQUIRED), "household"]
    cells = PLAIN._asdict()
    file.write_text(",".join(names) + "\n" + ",".join(cells[name] for name in names) + "\n", "utf-8")
    (person,) = read_people(file)
    assert row_of(person) == PLAIN


def test_quoted_cells(file: Path) -> None:
    row = PLAIN._replace(note='a "b", c', address='東京都千代田区"一番町"1,2')
    file.write_bytes(lines(row))
    (person,) = read_people(file)
    assert row_of(person) == row
