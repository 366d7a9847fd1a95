"""The gateway itself: which use case stands behind which operation, and what each of them is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from clients._connect import connect
from clients._soap import Channel
from clients.national_server import NationalServer
from clients.prefectural_server import PrefecturalServer
from gateway import telemetry
from gateway.asked import watch
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.search import Place, SearchTerms
from gateway.errors import StateError
from gateway.flows.budgets import Budget, Budgeted, Spending
from gateway.flows.identity_verification import (
    IdentityVerification,
    is_negative_verification,
    subject_of_verification,
)
from gateway.flows.person_search import LocalSearch, PersonSearch, is_negative_search, subject_of_search
from gateway.flows.ports import LocalRegister, NationalRegister, OtherRegister
from gateway.running import Handlers, Parts, System, serve_system
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Register, TooMany


def serve(state: StateFolder, settings: Settings) -> None:
    """Run the gateway until it is told to end."""
    serve_system(state, settings, Gateway())


class Gateway(System):
    """The 市町村CS (municipal communication server)."""

    def handlers(self, parts: Parts) -> Handlers:
        """Flows 2 and 4 behind the terminal's service."""
        settings, clock, store = parts.settings, parts.clock, parts.store
        if settings.system.municipality is None:
            raise StateError(f"{parts.state.settings_file}: a municipal CS needs [system] municipality")
        home = MunicipalityCode(settings.system.municipality)
        national_id = _destination(settings, "national_server")
        national: NationalRegister = NationalServer(_channel(parts, national_id, NationalServer.SERVICE))
        others: dict[Place, tuple[str, OtherRegister]] = {Place.NATION: (national_id, national)}
        prefectural_id = _destination(settings, "prefectural_server")
        if any(destination.id == prefectural_id for destination in settings.destinations):
            channel = _channel(parts, prefectural_id, PrefecturalServer.SERVICE)
            others[Place.PREFECTURE] = (prefectural_id, PrefecturalServer(channel))
        here: LocalRegister = LocalPeople(store.register)
        spending: Spending = store.budgets
        budget = Budget(
            window=timedelta(seconds=settings.budgets.window_seconds),
            per_operator=settings.budgets.per_operator,
            per_terminal=settings.budgets.per_terminal,
            per_person=settings.budgets.per_person,
        )
        alarms = telemetry.Alarms(parts.state.run)

        def budgeted(
            handler: Callable[[Any], Any], subject: Callable[[Any], str], negative: Callable[[Any], bool]
        ) -> Callable[[Any], Any]:
            return Budgeted(
                handler,
                subject=subject,
                negative=negative,
                budget=budget,
                spending=spending,
                clock=clock,
                alarm=lambda kind: alarms.begin("budget-used-up", kind),
            )

        search = PersonSearch(home, LocalSearch(here, clock, Place.HERE, "M"), others)
        return {
            "terminal": {
                "VerifyIdentity": budgeted(
                    IdentityVerification(national, national_id),
                    subject_of_verification,
                    is_negative_verification,
                ),
                "SearchPerson": budgeted(search, subject_of_search, is_negative_search),
            }
        }


class LocalPeople:
    """The store's register as the flows see it."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def search(
        self, terms: SearchTerms, *, limit: int, within: str | None = None
    ) -> Sequence[IdentityRecord] | None:
        """As LocalRegister.search."""
        whole = within is None or len(within) > 2
        found = self._register.search(
            terms,
            limit=limit,
            municipality=within if whole else None,
            prefecture=None if whole else within,
        )
        return None if isinstance(found, TooMany) else found.records


def _channel(parts: Parts, destination: str, service: str) -> Channel:
    return connect(
        parts.settings,
        parts.state.path,
        destination=destination,
        service=service,
        trust=parts.trust,
        clock=parts.clock,
        observe=watch(parts, destination, service),
    )


def _destination(settings: Settings, role: str) -> str:
    """The id of the destination that has this role; the role's own name where the settings name none."""
    called = {destination.id for destination in settings.destinations}
    return next(
        (known.id for known in settings.counterparts if known.role == role and known.id in called), role
    )
