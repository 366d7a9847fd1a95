"""Codes, callers, questions and answers; what matches; and that nothing of a person shows in a repr."""

from __future__ import annotations

import dataclasses
import traceback
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.domain.basic_four import BasicFour, matches
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.kana import Kana
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue, read_code
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, PresentedDocument

PERSON = BasicFour(
    RegisterText("試験\u3000太郎"),
    RegisterDate.exact(Calendar.SHOWA, 1989, 1, 7),
    Sex.MALE,
    RegisterText("東京都千代田区丸の内一丁目1番"),
    Kana("シケン タロウ"),
)
CALLER = Caller(MunicipalityCode("131016"), "terminal-1", Operator("V-1", "O-1"), Purpose.MOVE_IN)
NOW = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        PERSON,
        PERSON.name,
        PERSON.kana,
        PERSON.birth_date,
        PERSON.sex,
        PERSON.address,
        ResidentRecordCode("12345678903"),
        IndividualNumber("123456789018"),
        PresentedDocument(DocumentKind.PASSPORT, PERSON),
        IdentityQuestion(CALLER, ResidentRecordCode("12345678903")),
        IdentityQuestion(CALLER, PresentedDocument(DocumentKind.PASSPORT, PERSON)),
    ],
    ids=lambda v: type(v).__name__,
)
def test_nothing_of_a_person_shows(value: object) -> None:
    for text in (repr(value), str(value), f"{value}", f"{[value]}"):
        assert "***" in text
        for secret in ("試験", "シケン", "1989", "MALE", "千代田", "12345678903", "123456789018"):
            assert secret not in text


@pytest.mark.parametrize("value", [PERSON, PERSON.name, PERSON.birth_date, CALLER, CALLER.operator])
def test_values_are_frozen_and_slotted(value: object) -> None:
    assert not hasattr(value, "__dict__")
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("table", [Sex, DocumentKind, Purpose, VerificationResult])
def test_every_code_has_both_texts(table: type[Sex]) -> None:
    for member in table:
        assert read_code(table, member.value) is member
        assert member.ja
        assert member.en.isprintable()


def test_the_codes_of_the_wire_are_kept() -> None:
    assert [r.value for r in VerificationResult] == [
        "match",
        "mismatch",
        "no_record",
        "several_records",
        "card_lapsed",
        "card_suspended",
    ]
    assert [s.value for s in Sex] == ["1", "2"]


def test_an_unknown_code_is_not_quoted_anywhere() -> None:
    with pytest.raises(InvalidValue) as caught:
        read_code(Sex, "山田")
    assert caught.value.code == "code"
    assert "山田" not in "".join(traceback.format_exception(caught.value)).replace('"山田"', "")


@pytest.mark.parametrize("text", ["", "-a", "a-", "a b", "あ", "a\n", "a" * 65])
def test_identifiers_of_callers(text: str) -> None:
    for make in (
        lambda: Operator(text, "O-1"),
        lambda: Operator("V-1", text),
        lambda: dataclasses.replace(CALLER, terminal=text),
    ):
        with pytest.raises(InvalidValue) as caught:
            make()
        assert caught.value.code == "identifier"
    assert Operator("a" * 64, "b").verification_id == "a" * 64


def test_matching() -> None:
    assert matches(PERSON, PERSON)
    assert matches(PERSON, dataclasses.replace(PERSON, name=RegisterText("試験 太郎"), kana=None))
    assert matches(PERSON, dataclasses.replace(PERSON, name=RegisterText("試験太郎")))
    assert matches(
        PERSON, dataclasses.replace(PERSON, address=RegisterText("東京都千代田区 丸の内一丁目1番"))
    )
    assert matches(PERSON, dataclasses.replace(PERSON, kana=Kana("シケンタロウ")))
    western = RegisterDate.exact(Calendar.WESTERN, 1989, 1, 7)
    assert matches(PERSON, dataclasses.replace(PERSON, birth_date=western))


@pytest.mark.parametrize(
    "change",
    [
        {"name": RegisterText("試験\u3000太朗")},
        {"name": RegisterText("試験\u3000太\U000e0100郎")},
        {"birth_date": RegisterDate.exact(Calendar.SHOWA, 1989, 1, 6)},
        {"birth_date": RegisterDate(Calendar.SHOWA, "19890100", Certainty.DAY_UNKNOWN)},
        {"sex": Sex.FEMALE},
        {"address": RegisterText("東京都千代田区丸の内一丁目１番")},
        {"address": RegisterText("東京都千代田区丸の内1-1")},
        {"kana": Kana("シケン ジロウ")},
    ],
    ids=str,
)
def test_not_matching(change: dict[str, object]) -> None:
    assert not matches(PERSON, dataclasses.replace(PERSON, **change))  # type: ignore[arg-type]


def test_a_reading_that_the_register_lacks_does_not_match() -> None:
    assert not matches(dataclasses.replace(PERSON, kana=None), PERSON)


def test_answers() -> None:
    answer = IdentityAnswer(VerificationResult.MATCH, NOW, "ref-00000001")
    assert answer.checked_at == NOW
    for reference in ("", "short", "r" * 65, "ref 00000001", "ref-0000000あ"):
        with pytest.raises(InvalidValue) as caught:
            IdentityAnswer(VerificationResult.MATCH, NOW, reference)
        assert caught.value.code == "reference"
    tokyo = timezone(timedelta(hours=9))
    for moment in (NOW.replace(tzinfo=None), NOW.astimezone(tokyo)):
        with pytest.raises(InvalidValue) as caught:
            IdentityAnswer(VerificationResult.MATCH, moment, "ref-00000001")
        assert caught.value.code == "not-utc"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-25T01:02:03Z", NOW),
        ("2026-11-25T01:02:03.5Z", NOW.replace(microsecond=500_000)),
        ("2026-11-25T01:02:03.000004Z", NOW.replace(microsecond=4)),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_instants(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant
    assert read_instant(write_instant(instant)) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-25",
        "2026-11-25T01:02:03",
        "2026-11-25T01:02:03+00:00",
        "2026-11-25T01:02:03z",
        "2026-11-25 01:02:03Z",
        "2026-11-25T01:02:60Z",
        "2026-11-25T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-11-25T01:02:03.Z",
        "2026-11-25T01:02:03.1234567Z",
        "２０２６-11-25T01:02:03Z",
        "2026-11-25T01:02:03Z\n",
    ],
)
def test_other_instants_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_instant(text)
    assert caught.value.code == "instant"
