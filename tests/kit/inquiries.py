"""Good inquiries to 機構 and their answers; people are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gateway.domain.codes import Purpose
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry import Inquiry, InquiryAnswer, InquiryResult, LegalBasis
from gateway.domain.kana import Kana
from tests.kit.questions import CALLER, PERSON

NUMBER = IndividualNumber("123456789018")
RECORD = IdentityRecord(
    code=ResidentRecordCode("12345678903"),
    individual_number=NUMBER,
    name=PERSON.name,
    kana=Kana("シケン タロウ"),
    latin_name=None,
    common_name=None,
    former_surname=None,
    birth_date=PERSON.birth_date,
    sex=PERSON.sex,
    address=PERSON.address,
    municipality=MunicipalityCode("131016"),
)
AT = datetime(2026, 11, 26, 1, 2, 3, tzinfo=UTC)
FOUND = InquiryAnswer(InquiryResult.FOUND, AT, "ref-00000001", RECORD)
NOBODY = InquiryAnswer(InquiryResult.NO_RECORD, AT, "ref-00000002")
USING = replace(CALLER, purpose=Purpose.NUMBER_USE)
BY_NUMBER = Inquiry(USING, LegalBasis.NUMBER_USE, NUMBER)
BY_ITEMS = Inquiry(USING, LegalBasis.NUMBER_USE, PERSON)
LISTED = Inquiry(CALLER, LegalBasis.LISTED_WORK, PERSON)
