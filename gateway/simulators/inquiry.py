"""How the simulated 機構 answers an inquiry; the rules are our own, the real ones not public.

By 個人番号: the record that has it now. By the four items: all must be equal (``matches``); whoever fits by
folded keys alone is not given, for a wrong record is worse than none.
"""

from __future__ import annotations

import secrets

from gateway.clock import Clock
from gateway.domain.basic_four import BasicFour, matches
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry import (
    Inquiry,
    InquiryAnswer,
    InquiryKey,
    InquiryResult,
    LegalBasis,
    ProvidedAnswer,
    may_be_provided,
)
from gateway.domain.inquiry_file import LineAnswer, ManyAnswers, ManyInquiries
from gateway.domain.search import Match, SearchTerms
from gateway.flows.inquiry import for_basis
from gateway.store import Found, Register


class ProvideRecords:
    """The use case behind InquirePerson over the system's own register."""

    def __init__(self, register: Register, clock: Clock) -> None:
        self._register = register
        self._clock = clock

    def __call__(self, inquiry: Inquiry) -> ProvidedAnswer:
        """The result, with the key that it is about."""
        result, record = InquiryResult.REFUSED, None
        if may_be_provided(inquiry.caller.purpose, inquiry.basis, inquiry.key):
            result, record = self.find(inquiry.key, inquiry.basis)
        answer = InquiryAnswer(result, self._clock.now(), f"J-{secrets.token_hex(10)}", record)
        return ProvidedAnswer(answer, inquiry.key)

    def many(self, asked: ManyInquiries) -> ManyAnswers:
        """The use case behind InquirePeople: every line by itself, in their order."""
        answers = []
        for line in asked.lines:
            result, record = InquiryResult.REFUSED, None
            if may_be_provided(asked.caller.purpose, asked.basis, line.key):
                result, record = self.find(line.key, asked.basis)
            answers.append(LineAnswer(line, result, record))
        return ManyAnswers(self._clock.now(), f"J-{secrets.token_hex(10)}", tuple(answers))

    def find(self, key: InquiryKey, basis: LegalBasis) -> tuple[InquiryResult, IdentityRecord | None]:
        """Who has this key, once it is known that whoever asks may know."""
        if isinstance(key, IndividualNumber):
            found = self._register.by_individual_number(key)
            fitting = [] if found is None else [found]
        else:
            fitting = self._fitting(key)
        if len(fitting) > 1:
            return InquiryResult.SEVERAL_RECORDS, None
        if not fitting:
            return InquiryResult.NO_RECORD, None
        return InquiryResult.FOUND, for_basis(fitting[0], basis)

    def _fitting(self, asked: BasicFour) -> list[IdentityRecord]:
        terms = SearchTerms(
            name=(asked.name, Match.EXACT),
            birth_date=asked.birth_date,
            sex=asked.sex,
            address=(asked.address, Match.EXACT),
        )
        found = self._register.search(terms)
        if not isinstance(found, Found):
            return []
        return [
            person
            for person in found.records
            if matches(
                BasicFour(person.name, person.birth_date, person.sex, person.address, person.kana), asked
            )
        ]
