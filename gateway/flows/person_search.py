"""Flow 4, search of identity records (本人確認情報の検索), routed as in 4-①.

A person of this municipality is searched here, of the same prefecture at the prefectural server, of another
prefecture at the national server. Where the residence is unknown the search goes outward step by step, and
ends where somebody is found, or too many are.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from gateway import telemetry
from gateway.clock import Clock
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.search import Place, RegisterAnswer, SearchAnswer, SearchQuestion, SearchResult
from gateway.flows.asking import asking
from gateway.flows.ports import LocalRegister, OtherRegister

MOST_RECORDS = 50
"""People listed in an answer; more are "too many" (our own bound)."""


def route(home: MunicipalityCode, residence: MunicipalityCode | None) -> tuple[Place, ...]:
    """Where to search, in this order (4-①)."""
    if residence is None:
        return (Place.HERE, Place.PREFECTURE, Place.NATION)
    if residence == home:
        return (Place.HERE,)
    if residence.prefecture == home.prefecture:
        return (Place.PREFECTURE,)
    return (Place.NATION,)


class LocalSearch:
    """A search in the register at hand; also what a prefectural and a national server do."""

    def __init__(self, register: LocalRegister, clock: Clock, place: Place, prefix: str) -> None:
        self._register = register
        self._clock = clock
        self._place = place
        self._prefix = prefix

    def __call__(self, question: SearchQuestion, within: str | None = None) -> SearchAnswer:
        """What is found here; ``within`` limits it to a municipality (six digits) or prefecture (two)."""
        found = self._register.search(question.terms, limit=MOST_RECORDS, within=within)
        if found is None:
            result = SearchResult.TOO_MANY
        else:
            result = SearchResult.FOUND if found else SearchResult.NO_RECORD
        reference = f"{self._prefix}-{secrets.token_hex(10)}"
        return SearchAnswer(result, self._place, self._clock.now(), reference, tuple(found or ()))


class PersonSearch:
    """The use case behind the terminal's SearchPerson."""

    def __init__(
        self,
        home: MunicipalityCode,
        here: Callable[[SearchQuestion], SearchAnswer],
        others: Mapping[Place, tuple[str, OtherRegister]],  # with the id of the destination
    ) -> None:
        self._home = home
        self._here = here
        self._others = others

    def stays_here(self, question: SearchQuestion) -> bool:
        """Whether only the register at hand is searched."""
        return route(self._home, question.residence) == (Place.HERE,)

    def __call__(self, question: SearchQuestion) -> SearchAnswer:
        """The first answer on the way that is not "nobody". Raises OperationFault, as asking() does."""
        places: Sequence[Place] = route(self._home, question.residence)
        for place in places[:-1]:
            answer = self._search(place, question)
            if answer.result is not SearchResult.NO_RECORD:
                return answer
        return self._search(places[-1], question)

    def _search(self, place: Place, question: SearchQuestion) -> SearchAnswer:
        if place is Place.HERE:
            return self._here(question)
        if place not in self._others:
            raise operation_fault("CounterpartUnavailable")
        destination, register = self._others[place]
        with asking(destination):
            found: RegisterAnswer = register.search_person(question)
        if found.about != question.terms:
            # Signed and bound, and still an answer to another question: never hand that to a counter.
            telemetry.warning("counterpart-failed", destination=destination, code="answer-about-another")
            raise operation_fault("CounterpartAnswerInvalid")
        return found.answer


def subject_of_search(question: SearchQuestion) -> str:
    """Whom a search is about, for the budget: its terms without their spaces."""
    terms = question.terms
    parts = (
        terms.name and terms.name[0].without_spaces(),
        terms.kana and terms.kana[0].without_spaces(),
        terms.birth_date and terms.birth_date.digits,
        terms.address and terms.address[0].without_spaces(),
    )
    return "/".join(part or "" for part in parts)


def is_negative_search(answer: SearchAnswer) -> bool:
    """Whether a search found nobody, or too many."""
    return answer.result is not SearchResult.FOUND
