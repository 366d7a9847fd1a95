"""How the simulated national server verifies an identity; the rules are our own, the real ones not public.

By 住民票コード, which was read from a card: the card's state is told of the person found. By the four items:
all must be equal (``matches``); a record of the same name that differs in one of the other items is a
mismatch, and the card's state is told only where the card itself was shown.
"""

from __future__ import annotations

import secrets
from typing import Final

from gateway.clock import Clock
from gateway.domain.basic_four import matches
from gateway.domain.codes import DocumentKind, VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.simulators.people import People, Person

_BY_CARD: Final = {
    "active": VerificationResult.MATCH,
    "suspended": VerificationResult.CARD_SUSPENDED,
    "lapsed": VerificationResult.CARD_LAPSED,
    "none": VerificationResult.MISMATCH,  # a code read from a card, of a person who has none
}


class VerifyIdentity:
    """The use case behind the national server's VerifyIdentity."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock

    def __call__(self, question: IdentityQuestion) -> NationalAnswer:
        """The result, with the key that it is about."""
        key = question.key
        result = self._by_code(key) if isinstance(key, ResidentRecordCode) else self._by_document(key)
        return NationalAnswer(IdentityAnswer(result, self._clock.now(), f"N-{secrets.token_hex(10)}"), key)

    def _by_code(self, code: ResidentRecordCode) -> VerificationResult:
        person = self._people.by_code(code)
        return VerificationResult.NO_RECORD if person is None else _BY_CARD[person.card_state]

    def _by_document(self, document: PresentedDocument) -> VerificationResult:
        asked = document.items
        namesakes = self._people.by_name(asked.name)
        found = [person for person in namesakes if matches(person.items, asked)]
        if len(found) > 1:
            return VerificationResult.SEVERAL_RECORDS
        if found:
            return self._found(found[0], document.kind)
        similar = any(
            person.items.birth_date.same_day_as(asked.birth_date)
            or person.items.address.without_spaces() == asked.address.without_spaces()
            for person in namesakes
        )
        return VerificationResult.MISMATCH if similar else VerificationResult.NO_RECORD

    def _found(self, person: Person, kind: DocumentKind) -> VerificationResult:
        if kind is DocumentKind.INDIVIDUAL_NUMBER_CARD:
            return _BY_CARD[person.card_state]
        return VerificationResult.MATCH
