"""Under which keys a person is found, which dates fit which, and the statutory reasons for a change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain.change_reason import ChangeGroup, ChangeReason
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.folding import fold_name
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.search_keys import address_key, birth_key, birth_spans, name_keys, reading_keys

RECORD = IdentityRecord(
    code=ResidentRecordCode("12345678903"),
    individual_number=None,
    name=RegisterText("田中\u3000花子"),
    kana=Kana("タナカ ハナコ"),
    latin_name=RegisterText("SMITH ANNA"),
    common_name=RegisterText("佐藤 アンナ"),
    former_surname=RegisterText("齋藤"),
    birth_date=RegisterDate.exact(Calendar.SHOWA, 1950, 3, 4),
    sex=Sex.FEMALE,
    address=RegisterText("東京都千代田区九段南一丁目2番"),
    municipality=MunicipalityCode("131016"),
)


def day(digits: str, certainty: Certainty = Certainty.EXACT) -> RegisterDate:
    calendar = Calendar.WESTERN if digits[:4] != "0000" else Calendar.NONE
    text = RegisterText("三月のある日") if certainty.value.startswith("between") else None
    return RegisterDate(calendar, digits, certainty, text)


def fits(asked: RegisterDate, held: RegisterDate) -> bool:
    return any(first <= birth_key(held) <= last for first, last in birth_spans(asked))


def test_every_name_is_a_key() -> None:
    names = ("田中花子", "SMITH ANNA", "佐藤アンナ", "斎藤花子")
    assert name_keys(RECORD) == {fold_name(name) for name in names}
    alone = replace(RECORD, name=RegisterText("田中花子"), latin_name=None, common_name=None)
    assert name_keys(alone) == {fold_name("田中花子"), fold_name("斎藤")}


def test_keys_of_reading_and_address() -> None:
    assert reading_keys(RECORD) == {"タナカハナコ"}
    assert reading_keys(replace(RECORD, kana=None)) == {""}
    assert len(reading_keys(replace(RECORD, kana=Kana("ツヅキ")))) == 2
    assert address_key(RECORD) == "東京都1000-代田区9-段南1-2-"


@pytest.mark.parametrize(
    ("asked", "held", "expected"),
    [
        (day("19500304"), day("19500304"), True),
        (day("19500304"), day("19500305"), False),
        (day("19500304"), day("19500300", Certainty.DAY_UNKNOWN), True),
        (day("19500304"), day("19500000", Certainty.AROUND_YEAR), True),
        (day("19500304"), day("00000000", Certainty.UNKNOWN), True),
        (day("19500304"), day("19500400", Certainty.DAY_UNKNOWN), False),
        (day("19500304"), day("19510000", Certainty.AROUND_YEAR), False),
        (day("19500300", Certainty.DAY_UNKNOWN), day("19500331"), True),
        (day("19500300", Certainty.DAY_UNKNOWN), day("19500401"), False),
        (day("19500300", Certainty.DAY_UNKNOWN), day("19500000", Certainty.AROUND_YEAR), True),
        (day("19500000", Certainty.AROUND_YEAR), day("19501231"), True),
        (day("19500000", Certainty.AROUND_YEAR), day("19510101"), False),
        (day("00000000", Certainty.UNKNOWN), day("00000000", Certainty.UNKNOWN), True),
        (day("00000000", Certainty.UNKNOWN), day("19500304"), False),
        (day("19500304", Certainty.ESTIMATED_DAY), day("19500304"), True),
        (day("19500309"), day("19500304", Certainty.BETWEEN_DAYS), True),
        (day("19500304", Certainty.BETWEEN_DAYS), day("19500310"), True),
        (day("19510304"), day("19500304", Certainty.BETWEEN_DAYS), False),
        (day("19500309"), day("00000304", Certainty.BETWEEN_ESTIMATED_DAYS), True),
    ],
)
def test_dates_that_fit(asked: RegisterDate, held: RegisterDate, expected: bool) -> None:
    assert fits(asked, held) is expected


def test_the_calendar_does_not_matter() -> None:
    assert fits(RegisterDate.exact(Calendar.WESTERN, 1950, 3, 4), RECORD.birth_date)


def test_there_are_eleven_reasons_in_four_groups() -> None:
    assert len(ChangeReason) == 11
    counts = {group: sum(reason.group is group for reason in ChangeReason) for group in ChangeGroup}
    assert counts == {
        ChangeGroup.ENTRY: 3,
        ChangeGroup.REMOVAL: 3,
        ChangeGroup.CORRECTION: 3,
        ChangeGroup.CODE: 2,
    }
    assert all(reason.ja and reason.en.isprintable() for reason in ChangeReason)
