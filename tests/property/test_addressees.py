"""Addressees: written and read again, in files and in messages; substitute characters of any text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.cli.addressees_file import read_addressees, write_addressees
from gateway.contract import SERVICES, read_answer, read_request, write_answer, write_body
from gateway.domain.addressee import (
    Addressee,
    AddresseeHeader,
)
from gateway.domain.addressee_delivery import AddresseeOutcome, AddresseePiece, AddresseeReceipt
from gateway.domain.addressee_rules import AddresseeResult, fingerprint, judge_form
from gateway.domain.card_characters import Substitute, outside, substitute_fits, units
from gateway.domain.register_text import RegisterText
from gateway.errors import UsageError
from tests.kit.addressee_strategies import ADDRESSEES, HEADERS
from tests.kit.addressees import substituted
from tests.kit.strategies import answers, callers, register_texts

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(st.lists(st.tuples(HEADERS, ADDRESSEES), max_size=3, unique_by=lambda one: one[1].number))
def test_a_file_holds_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[AddresseeHeader, Addressee]]
) -> None:
    file = tmp_path_factory.getbasetemp() / "addressees.csv"
    out = io.StringIO()
    write_addressees(told, out)
    file.write_bytes(out.getvalue().encode())
    assert [(header, one) for _, header, one in read_addressees(file)] == told


@FEW
@given(st.binary(max_size=60), st.integers(0, 2**31))
def test_any_other_file_is_refused_by_line_or_read(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int
) -> None:
    """Octets put anywhere into a good file: an error with a line that quotes nothing, or values."""
    file = _good_file(tmp_path_factory.getbasetemp())
    raw = file.read_bytes()
    at = place % (len(raw) + 1)
    spoilt = file.with_name("spoilt.csv")
    spoilt.write_bytes(raw[:at] + noise + raw[at:])
    try:
        assert list(read_addressees(spoilt))
    except UsageError as error:
        assert ": line " in str(error) or not raw


def _good_file(folder: Path) -> Path:
    from tests.kit.addressees import addressee, header, somebody

    file = folder / "good.csv"
    if not file.exists():
        with file.open("w", encoding="utf-8", newline="") as out:
            write_addressees([(header(), addressee("A1", somebody(1), somebody(2)))], out)
    return file


@FEW
@given(callers, HEADERS, st.lists(ADDRESSEES, min_size=1, max_size=2).map(tuple), answers)
def test_a_message_holds_what_was_written(
    caller: object, header: AddresseeHeader, told: tuple[Addressee, ...], other: object
) -> None:
    piece = AddresseePiece(caller, header, told)  # type: ignore[arg-type]
    for name, operation in (
        ("resident_record", "DeliverAddressees"),
        ("card_management", "NotifyAddressees"),
    ):
        service = SERVICES[name]
        made = service.operation(operation)
        assert read_request(service, made, etree.fromstring(write_body(service, made, piece))) == piece
        receipt = AddresseeReceipt(
            other.checked_at,  # type: ignore[attr-defined]
            "M-12345678",
            tuple(
                AddresseeOutcome(place, result, place)
                for place, result in enumerate(AddresseeResult, start=1)
            ),
        )
        assert read_answer(service, made, etree.fromstring(write_answer(service, made, receipt))) == receipt
    assert len({fingerprint(header, one) for one in told}) == len(set(told))
    for one in told:
        judge_form(one, header.processed_on)


@FEW
@given(register_texts(20))
def test_substitutes_of_any_text(text: RegisterText) -> None:
    made = substituted(text)
    assert (made is None) is (outside(text) == ())
    assert substitute_fits(text, made)
    if made is not None:
        assert outside(made.text) == ()
        assert len(units(made.text)) == len(units(text))
        assert not substitute_fits(text, None)
        assert not substitute_fits(text, Substitute(text, made.places))
