"""The file of addressees: what it takes, and how it says what it does not take."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.addressees_file import COLUMNS, MOST_IN_PIECE, read_addressees, read_pieces, write_addressees
from gateway.domain.addressee import Addressee, AddresseeHeader
from gateway.domain.register_text import RegisterText
from gateway.errors import UsageError
from tests.kit.addressees import addressee, elsewhere, header, office, somebody

ONE, TWO = somebody(1), somebody(2, name=RegisterText("髙橋\u3000花"))
MADE = [(header(), addressee("A1", ONE, TWO)), (header(), elsewhere("A2", TWO))]

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def made(*told: tuple[AddresseeHeader, Addressee], **cells: str) -> Path:
        """A file of these, with other cells in its last line."""
        file = tmp_path / "addressees.csv"
        out = io.StringIO()
        write_addressees(told, out)
        rows = list(csv.reader(io.StringIO(out.getvalue())))
        for name, cell in cells.items():
            rows[-1][COLUMNS.index(name)] = cell
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
        return file

    return made


def test_what_is_written_is_read(write: Write) -> None:
    found = list(read_addressees(write(*MADE)))
    assert [(told, one) for _, told, one in found] == MADE
    assert [line for line, _, _ in found] == [2, 4]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"number": "番号"}, "number", "number"),
        ({"count": "0"}, "count", "count"),
        ({"count": "１"}, "count", "count"),
        ({"destination_postal_code": "100-0005"}, "destination_postal_code", "digits"),
        ({"office_phone": "03"}, "office_phone", "phone"),
        ({"card_office_name": ""}, "card_office_name", "empty"),
        ({"processed_on": "2026-02-29"}, "processed_on", "day"),
        ({"print_class": "x"}, "print_class", "code"),
        ({"circumstance": "x"}, "circumstance", "code"),
        ({"residency": "x"}, "residency", "code"),
        ({"stay_until": "20270101"}, "stay_until", "day"),
        ({"individual_number": ""}, "individual_number", "digits"),
        ({"resident_record_code": "12345678901"}, "resident_record_code", "check-digit"),
        ({"birth_digits": "19801301"}, "birth_digits", "digits"),
        ({"substitute_name_places": ""}, "substitute_name_places", "places"),
        ({"substitute_name_places": "01"}, "substitute_name_places", "places"),
        ({"substitute_name": ""}, "substitute_name_places", "places"),
        ({"address": "=1+1"}, "address", "formula"),
    ],
)
def test_a_cell_at_fault(write: Write, cells: dict[str, str], column: str, code: str) -> None:
    with pytest.raises(UsageError, match=f"line 4, column {column}: {code}$") as caught:
        list(read_addressees(write(*MADE, **cells)))
    told = str(caught.value).rpartition("/")[2]  # the folder's name may hold any digits
    assert next(iter(cells.values())) not in told or cells[next(iter(cells))] in {"", "0", "x"}


def test_lines_of_one_addressee_differ_in_the_person_only(write: Write) -> None:
    with pytest.raises(UsageError, match="line 3, column number: differs from the line before"):
        list(read_addressees(write(MADE[0], count="3")))
    with pytest.raises(UsageError, match="line 3, column number: differs from the line before"):
        list(read_addressees(write(MADE[0], processed_on="2026-11-19")))


def test_more_people_than_one_addressee_has(write: Write) -> None:
    many = addressee("A1", *(somebody(one) for one in range(1, 21)))
    assert len(next(read_addressees(write((header(), many))))[2].people) == 20
    file = write((header(), many), (header(), dataclasses.replace(many, people=many.people[:1])))
    with pytest.raises(UsageError, match="line 22, column number: more than 20 people"):
        list(read_addressees(file))


def test_a_file_without_anybody(write: Write) -> None:
    assert list(read_addressees(write())) == []
    assert list(read_pieces(write(), 10)) == []


def test_pieces_are_of_one_header_and_no_larger_than_asked(write: Write) -> None:
    other = header(handover=office("富士見出張所"))
    told = [(header() if number < 5 else other, addressee(f"A{number}", ONE)) for number in range(8)]
    pieces = list(read_pieces(write(*told), 3))
    assert [number for number, _ in pieces] == [0, 1, 2]
    assert [[one.number for _, _, one in piece] for _, piece in pieces] == [
        ["A0", "A1", "A2"],
        ["A3", "A4"],
        ["A5", "A6", "A7"],
    ]


def test_a_piece_has_no_more_people_than_a_message_carries(write: Write) -> None:
    people = [somebody(one) for one in range(1, 21)]
    told = [(header(), addressee(f"A{number}", *people)) for number in range(MOST_IN_PIECE // 20 + 1)]
    assert [len(piece) for _, piece in read_pieces(write(*told), 500)] == [100, 1]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_addressees(tmp_path / "none.csv"))
