"""How the simulated national server verifies an identity; the rules are our own, the real ones not public.

By 住民票コード, which was read from a card: the card's state is told of the person found. By the four items:
all must be equal (``matches``); a record of the same name that differs in one of the other items is a
mismatch, and the card's state is told only where the card itself was shown.
"""

from __future__ import annotations

import secrets
from typing import Final

from gateway.clock import Clock
from gateway.domain.basic_four import BasicFour, matches
from gateway.domain.codes import DocumentKind, VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.search import Match, SearchTerms
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.stock import NO_CARD
from gateway.store import CardStates, Found, Register

_BY_CARD: Final = {
    "active": VerificationResult.MATCH,
    "suspended": VerificationResult.CARD_SUSPENDED,
    "lapsed": VerificationResult.CARD_LAPSED,
    NO_CARD: VerificationResult.MISMATCH,  # a code read from a card, of a person who has none
}


class VerifyIdentity:
    """The use case behind the national server's VerifyIdentity."""

    def __init__(self, register: Register, cards: CardStates, clock: Clock) -> None:
        self._register = register
        self._cards = cards
        self._clock = clock

    def __call__(self, question: IdentityQuestion) -> NationalAnswer:
        """The result, with the key that it is about."""
        key = question.key
        result = self._by_code(key) if isinstance(key, ResidentRecordCode) else self._by_document(key)
        return NationalAnswer(IdentityAnswer(result, self._clock.now(), f"N-{secrets.token_hex(10)}"), key)

    def _by_code(self, code: ResidentRecordCode) -> VerificationResult:
        return VerificationResult.NO_RECORD if self._register.find(code) is None else self._by_card(code)

    def _by_card(self, code: ResidentRecordCode) -> VerificationResult:
        return _BY_CARD[self._cards.of(code) or NO_CARD]

    def _by_document(self, document: PresentedDocument) -> VerificationResult:
        asked = document.items
        name, address = (asked.name, Match.EXACT), (asked.address, Match.EXACT)
        alike = self._namesakes(
            asked, SearchTerms(name=name, birth_date=asked.birth_date, sex=asked.sex, address=address)
        )
        found = [person for person in alike or () if matches(_four(person), asked)]
        if alike is None or len(found) > 1:
            return VerificationResult.SEVERAL_RECORDS
        if found:
            by_its_card = document.kind is DocumentKind.INDIVIDUAL_NUMBER_CARD
            return self._by_card(found[0].code) if by_its_card else VerificationResult.MATCH
        born = self._namesakes(asked, SearchTerms(name=name, birth_date=asked.birth_date))
        living = self._namesakes(asked, SearchTerms(name=name, address=address))
        similar = (
            born is None
            or living is None
            or any(person.birth_date.same_day_as(asked.birth_date) for person in born)
            or any(person.address.without_spaces() == asked.address.without_spaces() for person in living)
        )
        return VerificationResult.MISMATCH if similar else VerificationResult.NO_RECORD

    def _namesakes(self, asked: BasicFour, terms: SearchTerms) -> list[IdentityRecord] | None:
        """Whom a search by folded keys finds, and who has the very name now; None when there are too many."""
        found = self._register.search(terms)
        if not isinstance(found, Found):
            return None
        wanted = asked.name.without_spaces()
        return [person for person in found.records if person.name.without_spaces() == wanted]


def _four(person: IdentityRecord) -> BasicFour:
    return BasicFour(person.name, person.birth_date, person.sex, person.address, person.kana)
