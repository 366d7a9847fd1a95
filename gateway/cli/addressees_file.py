"""The file of addressees (送付先情報) that ``registry addressees`` delivers: its columns, reader, and writer.

CSV as in ``strict_csv``, a line for each person (対象者); lines with the same ``number`` that follow each
other are one addressee, and differ in what is said of the person only:

    number                                 送付先管理番号, 1 to 20 letters and digits
    destination_postal_code, destination_address, destination_name    送付先
    print_class, circumstance, count       印刷区分, 特別な事情, 対象となる人数
    municipality, processed_on             市町村コード, 処理年月日 (2026-11-26)
    office_…, handover_…, card_office_…    name, postal_code, address, phone: 市町村, 交付場所, カード送付場所
    resident_record_code, individual_number, name, kana, latin_name, former_surname, birth_…, sex,
    postal_code, address                   the person
    residency, stay_until                  of foreign residents: 第30条の45に規定する区分, 在留期間の満了の日
    conversion, substitute_name, substitute_name_places, substitute_address, substitute_address_places
                                           代替文字; the places parted by spaces
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

from gateway.cli.strict_csv import (
    Row,
    date_cells,
    line_error,
    read_cell,
    read_date_cells,
    read_optional,
    read_rows,
    write_rows,
)
from gateway.domain.addressee import (
    MOST_PEOPLE,
    Addressee,
    AddresseeHeader,
    AddresseePerson,
    Circumstance,
    Conversion,
    Office,
    PrintClass,
    Residency,
)
from gateway.domain.card_characters import Substitute
from gateway.domain.codes import Sex
from gateway.domain.day import read_day, write_day
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.kana import Kana
from gateway.domain.postal import Phone, PostalCode
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code

_OFFICES: Final = ("office", "handover", "card_office")
_OFFICE_PARTS: Final = ("name", "postal_code", "address", "phone")

COLUMNS: Final = (
    "number",
    "destination_postal_code",
    "destination_address",
    "destination_name",
    "print_class",
    "circumstance",
    "count",
    "municipality",
    "processed_on",
    *(f"{office}_{part}" for office in _OFFICES for part in _OFFICE_PARTS),
    "resident_record_code",
    "individual_number",
    "name",
    "kana",
    "latin_name",
    "former_surname",
    "birth_calendar",
    "birth_digits",
    "birth_certainty",
    "birth_text",
    "sex",
    "postal_code",
    "address",
    "residency",
    "stay_until",
    "conversion",
    "substitute_name",
    "substitute_name_places",
    "substitute_address",
    "substitute_address_places",
)
"""Every one of them, in the order in which they are written."""

MOST_IN_PIECE: Final = 2_000
"""People of one piece at most (own rule): it then stays within the limits of a message."""

_COUNT: Final = re.compile("[1-9][0-9]{0,3}")
_PLACES: Final = re.compile("[1-9][0-9]{0,2}(?: [1-9][0-9]{0,2})*")

Lines = tuple[int, AddresseeHeader, Addressee]
"""The first line of an addressee, the header that it stands under (its count is 1), and itself."""


def read_addressees(source: Path) -> Iterator[Lines]:
    """The addressees of a file, one after another, in memory that does not grow.

    Raises UsageError that names the line, and the column where one is at fault; the first line is 1.
    """
    begun: Lines | None = None
    for number, (header, one) in read_rows(source, COLUMNS, _row):
        if begun is None or begun[2].number != one.number:
            if begun is not None:
                yield begun
            begun = number, header, one
            continue
        line, before, addressee = begun
        if before != header or replace(addressee, people=one.people) != one:
            raise line_error(source, number, "differs from the line before in more than the person", "number")
        if len(addressee.people) == MOST_PEOPLE:
            raise line_error(source, number, f"more than {MOST_PEOPLE} people", "number")
        begun = line, header, replace(addressee, people=(*addressee.people, *one.people))
    if begun is not None:
        yield begun


def read_pieces(source: Path, size: int) -> Iterator[tuple[int, list[Lines]]]:
    """The addressees of a file in pieces: each under one header, of ``size`` at most. Raises UsageError."""
    number, piece, people = 0, list[Lines](), 0
    for lines in read_addressees(source):
        _, header, addressee = lines
        full = len(piece) == size or people + len(addressee.people) > MOST_IN_PIECE
        if piece and (full or piece[0][1] != header):
            yield number, piece
            number, piece, people = number + 1, [], 0
        piece.append(lines)
        people += len(addressee.people)
    if piece:
        yield number, piece


def _row(values: Row) -> tuple[AddresseeHeader, Addressee]:
    """Header and addressee of one line, with its person. Raises InvalidValue with the column at fault."""
    header = AddresseeHeader(
        read_cell(values, "municipality", MunicipalityCode),
        _office(values, "office"),
        _office(values, "handover"),
        _office(values, "card_office"),
        read_cell(values, "processed_on", read_day),
        1,
    )
    try:
        addressee = Addressee(
            number=values["number"],
            postal_code=read_cell(values, "destination_postal_code", PostalCode),
            address=read_cell(values, "destination_address", RegisterText),
            name=read_cell(values, "destination_name", RegisterText),
            print_class=read_cell(values, "print_class", lambda code: read_code(PrintClass, code)),
            circumstance=read_cell(values, "circumstance", lambda code: read_code(Circumstance, code)),
            count=read_cell(values, "count", _count),
            people=(_person(values),),
        )
    except InvalidValue as error:
        raise InvalidValue("number", error.code) if error.what == "addressee" else error from None
    return header, addressee


def _office(values: Row, office: str) -> Office:
    return Office(
        read_cell(values, f"{office}_name", RegisterText),
        read_cell(values, f"{office}_postal_code", PostalCode),
        read_cell(values, f"{office}_address", RegisterText),
        read_cell(values, f"{office}_phone", Phone),
    )


def _person(values: Row) -> AddresseePerson:
    return AddresseePerson(
        code=read_cell(values, "resident_record_code", ResidentRecordCode),
        individual_number=read_cell(values, "individual_number", IndividualNumber),
        name=read_cell(values, "name", RegisterText),
        kana=read_optional(values, "kana", Kana),
        latin_name=read_optional(values, "latin_name", RegisterText),
        former_surname=read_optional(values, "former_surname", RegisterText),
        birth_date=read_date_cells(values, "birth"),
        sex=read_cell(values, "sex", lambda code: read_code(Sex, code)),
        postal_code=read_cell(values, "postal_code", PostalCode),
        address=read_cell(values, "address", RegisterText),
        residency=read_optional(values, "residency", lambda code: read_code(Residency, code)),
        stay_until=read_optional(values, "stay_until", read_day),
        conversion=read_cell(values, "conversion", lambda code: read_code(Conversion, code)),
        substitute_name=_substitute(values, "substitute_name"),
        substitute_address=_substitute(values, "substitute_address"),
    )


def _substitute(values: Row, column: str) -> Substitute | None:
    text = read_optional(values, column, RegisterText)
    places = f"{column}_places"
    if text is None:
        if values[places]:
            raise InvalidValue(places, "places")
        return None
    return read_cell(values, places, lambda cell: Substitute(text, _places(cell)))


def _places(cell: str) -> tuple[int, ...]:
    if not _PLACES.fullmatch(cell):
        raise InvalidValue("places", "places")
    return tuple(map(int, cell.split(" ")))


def _count(cell: str) -> int:
    if not _COUNT.fullmatch(cell):
        raise InvalidValue("count", "count")
    return int(cell)


def write_addressees(addressees: Iterable[tuple[AddresseeHeader, Addressee]], out: TextIO) -> int:
    """Write addressees as they come; gives how many lines. ``out`` must not translate line ends.

    Raises InvalidValue ``formula`` for a text that no file for machines holds.
    """
    rows = (
        (*_addressee_cells(header, addressee), *_person_cells(person))
        for header, addressee in addressees
        for person in addressee.people
    )
    return write_rows(COLUMNS, rows, out)


def _addressee_cells(header: AddresseeHeader, addressee: Addressee) -> tuple[str, ...]:
    offices = (header.office, header.handover, header.card_office)
    return (
        addressee.number,
        addressee.postal_code.digits,
        addressee.address.inline,
        addressee.name.inline,
        addressee.print_class.value,
        addressee.circumstance.value,
        str(addressee.count),
        header.municipality.digits,
        write_day(header.processed_on),
        *(cell for office in offices for cell in _office_cells(office)),
    )


def _office_cells(office: Office) -> tuple[str, str, str, str]:
    return office.name.inline, office.postal_code.digits, office.address.inline, office.phone.text


def _person_cells(person: AddresseePerson) -> tuple[str, ...]:
    return (
        person.code.digits,
        person.individual_number.digits,
        person.name.inline,
        "" if person.kana is None else person.kana.text,
        "" if person.latin_name is None else person.latin_name.inline,
        "" if person.former_surname is None else person.former_surname.inline,
        *date_cells(person.birth_date),
        person.sex.value,
        person.postal_code.digits,
        person.address.inline,
        "" if person.residency is None else person.residency.value,
        "" if person.stay_until is None else write_day(person.stay_until),
        person.conversion.value,
        *_substitute_cells(person.substitute_name),
        *_substitute_cells(person.substitute_address),
    )


def _substitute_cells(substitute: Substitute | None) -> tuple[str, str]:
    if substitute is None:
        return "", ""
    return substitute.text.inline, " ".join(map(str, substitute.places))
