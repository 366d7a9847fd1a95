"""Flow 5's use case: an answer about whom was asked for is handed on, with a 個人番号 where that may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.codes import Purpose, Sex
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import (
    Inquiry,
    InquiryAnswer,
    InquiryKey,
    InquiryResult,
    LegalBasis,
    ProvidedAnswer,
    may_be_provided,
)
from gateway.domain.values import InvalidValue
from gateway.errors import CounterpartTimeout, OperationFault
from gateway.flows.inquiry import PersonInquiry, is_negative_inquiry, subject_of_inquiry
from tests.kit.inquiries import AT, BY_ITEMS, BY_NUMBER, FOUND, LISTED, NOBODY, NUMBER, RECORD
from tests.kit.questions import CALLER, PERSON

OTHER = IndividualNumber("149709400944")


class Provider:
    """A 機構 that answers, or fails, as the test says."""

    def __init__(self, outcome: Any, about: Any = None) -> None:
        self.outcome = outcome
        self.about = about

    def inquire(self, inquiry: Inquiry) -> ProvidedAnswer:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return ProvidedAnswer(self.outcome, self.about or inquiry.key)


def code_of(provider: Provider | None, inquiry: Inquiry) -> str:
    with pytest.raises(OperationFault) as caught:
        PersonInquiry(provider, "jlis-server")(inquiry)
    assert caught.value.temporary
    return caught.value.code


@pytest.mark.parametrize("answer", [FOUND, NOBODY, replace(NOBODY, result=InquiryResult.REFUSED)])
@pytest.mark.parametrize("inquiry", [BY_NUMBER, BY_ITEMS], ids=["number", "items"])
def test_the_answer_is_handed_on(inquiry: Inquiry, answer: InquiryAnswer) -> None:
    assert PersonInquiry(Provider(answer), "jlis-server")(inquiry) == answer


def test_a_basis_that_is_none_for_it_is_answered_without_the_number() -> None:
    answer = PersonInquiry(Provider(FOUND), "jlis-server")(LISTED)
    assert answer.record == replace(RECORD, individual_number=None)


@pytest.mark.parametrize(
    ("inquiry", "about"),
    [
        (BY_NUMBER, OTHER),
        (BY_NUMBER, PERSON),
        (BY_ITEMS, NUMBER),
        (BY_ITEMS, replace(PERSON, name=PERSON.address)),
    ],
)
def test_an_answer_about_somebody_else_is_no_answer(inquiry: Inquiry, about: InquiryKey) -> None:
    assert code_of(Provider(FOUND, about), inquiry) == "CounterpartAnswerInvalid"


@pytest.mark.parametrize(
    ("inquiry", "record"),
    [
        (BY_NUMBER, replace(RECORD, individual_number=OTHER)),
        (BY_ITEMS, replace(RECORD, sex=Sex.FEMALE)),
        (BY_ITEMS, replace(RECORD, birth_date=replace(RECORD.birth_date, digits="19890106"))),
    ],
)
def test_nor_is_a_record_of_somebody_else(inquiry: Inquiry, record: Any) -> None:
    assert code_of(Provider(replace(FOUND, record=record)), inquiry) == "CounterpartAnswerInvalid"


def test_without_a_provider_and_without_an_answer() -> None:
    assert code_of(None, BY_NUMBER) == "CounterpartUnavailable"
    assert code_of(Provider(CounterpartTimeout("late")), BY_NUMBER) == "CounterpartTimeout"


@pytest.mark.parametrize(
    ("purpose", "basis", "key", "may"),
    [
        (Purpose.NUMBER_USE, LegalBasis.NUMBER_USE, NUMBER, True),
        (Purpose.NUMBER_USE, LegalBasis.NUMBER_USE, PERSON, True),
        (Purpose.NUMBER_USE, LegalBasis.RESIDENT_REGISTER, NUMBER, False),
        (Purpose.NUMBER_USE, LegalBasis.LISTED_WORK, PERSON, False),
        (Purpose.MOVE_IN, LegalBasis.RESIDENT_REGISTER, NUMBER, True),
        (Purpose.MOVE_IN, LegalBasis.NUMBER_USE, NUMBER, False),
        (Purpose.RECORD_COPY, LegalBasis.LISTED_WORK, PERSON, True),
        (Purpose.RECORD_COPY, LegalBasis.LISTED_WORK, NUMBER, False),
    ],
)
def test_what_may_be_provided(purpose: Purpose, basis: LegalBasis, key: InquiryKey, may: bool) -> None:
    assert may_be_provided(purpose, basis, key) is may


def test_what_counts_as_asked_in_vain() -> None:
    assert [is_negative_inquiry(answer) for answer in (FOUND, NOBODY)] == [False, True]
    assert subject_of_inquiry(BY_NUMBER) == NUMBER.digits
    assert subject_of_inquiry(Inquiry(CALLER, LegalBasis.LISTED_WORK, PERSON)).endswith("丸の内一丁目1番")


def test_an_answer_that_contradicts_itself() -> None:
    for result, record in ((InquiryResult.FOUND, None), (InquiryResult.NO_RECORD, RECORD)):
        with pytest.raises(InvalidValue, match="record"):
            InquiryAnswer(result, AT, "ref-00000001", record)
    with pytest.raises(InvalidValue, match="reference"):
        InquiryAnswer(InquiryResult.NO_RECORD, AT, "short")
