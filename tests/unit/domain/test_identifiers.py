"""Check digits: the worked examples of docs/domain.md, python-stdnum as oracle, every municipality."""

from __future__ import annotations

import pytest
from stdnum.jp import in_ as stdnum_individual_number

from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.municipalities import municipalities, municipality
from gateway.domain.values import InvalidValue

INDIVIDUAL_NUMBERS = [
    "123456789018",
    "621498320257",
    "379474484458",
    "454972364860",
    "507957100721",
    "000000000060",  # remainder 1
    "000000000140",  # remainder 0
]
RESIDENT_RECORD_CODES = ["12345678903", "24727059608", "24846016224", "25208017643"]
MUNICIPALITY_CODES = ["131016", "131041", "012050", "141003", "010006"]


@pytest.mark.parametrize("digits", INDIVIDUAL_NUMBERS)
def test_individual_numbers(digits: str) -> None:
    assert IndividualNumber.from_base(digits[:-1]) == IndividualNumber(digits)
    assert stdnum_individual_number.is_valid(digits)


@pytest.mark.parametrize("digits", RESIDENT_RECORD_CODES)
def test_resident_record_codes(digits: str) -> None:
    assert ResidentRecordCode.from_base(digits[:-1]) == ResidentRecordCode(digits)


@pytest.mark.parametrize("digits", MUNICIPALITY_CODES)
def test_municipality_codes(digits: str) -> None:
    assert MunicipalityCode.from_base(digits[:-1]) == MunicipalityCode(digits)
    assert str(MunicipalityCode(digits)) == digits


def test_parts_of_a_municipality_code() -> None:
    assert MunicipalityCode("131016").prefecture == "13"
    assert not MunicipalityCode("131016").is_prefecture
    assert MunicipalityCode("010006").is_prefecture


@pytest.mark.parametrize(
    ("kind", "digits", "code"),
    [
        (IndividualNumber, "123456789019", "check-digit"),
        (IndividualNumber, "12345678901", "digits"),
        (IndividualNumber, "1234567890180", "digits"),
        (IndividualNumber, "12345678901x", "digits"),
        (ResidentRecordCode, "12345678904", "check-digit"),
        (ResidentRecordCode, "1234567890", "digits"),
        (ResidentRecordCode, "１２３４５６７８９０３", "digits"),
        (ResidentRecordCode, "12345678903\n", "digits"),
        (ResidentRecordCode, " 12345678903", "digits"),
        (ResidentRecordCode, "", "digits"),
        (MunicipalityCode, "131017", "check-digit"),
        (MunicipalityCode, "13101", "digits"),
        (MunicipalityCode, "001015", "prefecture"),
        (MunicipalityCode, "481013", "prefecture"),
    ],
)
def test_refused(kind: type, digits: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        kind(digits)
    assert caught.value.code == code
    if digits:
        assert digits not in str(caught.value)


@pytest.mark.parametrize("kind", [IndividualNumber, ResidentRecordCode, MunicipalityCode])
def test_a_base_of_the_wrong_length_is_refused(kind: type[MunicipalityCode]) -> None:
    with pytest.raises(InvalidValue) as caught:
        kind.check_digit("123")
    assert caught.value.code == "digits"


def test_every_municipality_has_its_check_digit() -> None:
    table = municipalities()
    assert len(table) == 1741
    assert all(code.check_digit(code.digits[:5]) == code.digits[5] for code in table)
    assert not any(code.is_prefecture for code in table)
    assert len({row.prefecture for row in table.values()}) == 47
    assert len({(code.prefecture, row.prefecture) for code, row in table.items()}) == 47


def test_a_municipality_by_code() -> None:
    found = municipality(MunicipalityCode("131016"))
    assert found is not None
    assert (found.prefecture, found.name) == ("東京都", "千代田区")
    assert municipality(MunicipalityCode("010006")) is None
