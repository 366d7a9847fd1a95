"""What every simulated counterpart is: a real system with its own register, that misbehaves on demand."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway import telemetry
from gateway.app import LocalPeople, change_writer
from gateway.checking.telling import comparison_taker
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, Place, RegisterAnswer, SearchQuestion, SearchTerms
from gateway.errors import StateError
from gateway.flows.change_intake import NoticeMaker
from gateway.flows.consistency import CompareDigests, CompareRecords
from gateway.flows.notified_changes import NotifiedChanges
from gateway.flows.person_search import LocalSearch
from gateway.running import Parts, System
from gateway.settings import Settings, clock_of
from gateway.simulators.behaviour import Behaviour, Misbehaving
from gateway.state import StateFolder
from gateway.stock import fill
from gateway.store import NoticeRoute
from gateway.store.configured import open_store
from gateway.transport.http import Application
from gateway.trust.renewal import CurrentPair


def prepared_simulator(
    state: StateFolder,
    settings: Settings,
    make: Callable[[Behaviour], System],
    *,
    within: str | None = None,
) -> System:
    """A simulated system whose register was brought to its file of people.

    ``within`` keeps to those of a prefecture (two digits) or municipality (six).
    """
    if settings.simulator is None:
        raise StateError(f"{state.settings_file}: a simulated system needs the table [simulator]")
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock, upgrade=True)
    try:
        fill(store, state.resolve(settings.simulator.people), now=clock.now(), within=within)
    finally:
        store.close()
    return make(Behaviour(state.resolve(settings.simulator.behaviour)))


class Simulated(System):
    """A system whose answers are spoilt as ``simulator set`` asks for."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    @property
    def mistakes_the_person(self) -> bool:
        """Whether it is to answer about somebody who was not asked for."""
        return bool(self.behaviour()["kind"] == "wrong-person")

    def wrap(self, application: Application, parts: Parts) -> Application:
        """The misbehaviour around the strict application."""
        pair = CurrentPair(parts.settings, parts.state.path, "tls", parts.clock)

        def own() -> bytes:
            return ssl.PEM_cert_to_DER_cert(pair().certificate.read_text(encoding="ascii"))

        return Misbehaving(application, self.behaviour, parts.signer, parts.clock, own)

    def search_handler(
        self, parts: Parts, place: Place, prefix: str
    ) -> Callable[[SearchQuestion], RegisterAnswer]:
        """The use case behind SearchPerson over the system's own register."""
        search = LocalSearch(LocalPeople(parts.store.register), parts.clock, place, prefix)

        def answer(question: SearchQuestion) -> RegisterAnswer:
            within = None if question.residence is None else question.residence.digits
            about = _other_terms(question.terms) if self.mistakes_the_person else question.terms
            return RegisterAnswer(search(question, within), about)

        return answer

    def consistency_handlers(self, parts: Parts, prefix: str) -> dict[str, Callable[[Any], Any]]:
        """The use cases of the service ``consistency`` over the system's own register (6-②, 6-③)."""
        store, clock = parts.store, parts.clock
        return {
            "CompareRecords": CompareRecords(
                store.consistency_records,
                store.consistency_comparisons.find,
                clock,
                take=comparison_taker(parts.settings, store, clock),
                prefix=prefix,
            ),
            "CompareDigests": CompareDigests(store.consistency_records, clock, prefix=prefix),
        }

    def notified(
        self,
        parts: Parts,
        prefix: str,
        *,
        onward: NoticeMaker | None = None,
        route: NoticeRoute | None = None,
    ) -> NotifiedChanges:
        """The use case behind NotifyChanges over the system's own register."""
        return NotifiedChanges(
            parts.store.changes,
            parts.clock,
            onward=onward,
            write=change_writer(parts.store, parts.clock, route),
            prefix=prefix,
            refused=lambda code: telemetry.warning("change-refused", code=code),
        )


def _other_terms(terms: SearchTerms) -> SearchTerms:
    return replace(terms, name=(RegisterText("別人\u3000太郎"), Match.EXACT))
