"""The national server (全国サーバ) as a real counterpart: own store, own keys, the same strictness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.app import Parts, System, serve_system
from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.errors import StateError
from gateway.settings import Settings
from gateway.simulators.behaviour import Behaviour, Misbehaving
from gateway.simulators.people import People
from gateway.simulators.verification import VerifyIdentity
from gateway.state import StateFolder
from gateway.transport.http import Application

_STORE = "people.sqlite"


def serve(state: StateFolder, settings: Settings) -> None:
    """Run the server until it is told to end."""
    if settings.simulator is None:
        raise StateError(f"{state.settings_file}: a simulated system needs the table [simulator]")
    store = state.data / _STORE
    People.load(store, state.resolve(settings.simulator.people))
    serve_system(state, settings, NationalServer(store, state.resolve(settings.simulator.behaviour)))


class NationalServer(System):
    """What makes a system the national server: the service ``national`` over its own people."""

    def __init__(self, store: Path, behaviour: Path) -> None:
        self._store = store
        self._behaviour = Behaviour(behaviour)

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        people = People.open(self._store)
        verify = VerifyIdentity(people, parts.clock)

        def verify_or_mistake(question: IdentityQuestion) -> NationalAnswer:
            if self._behaviour()["kind"] == "wrong-person":
                return _about_another(verify(question), people)
            return verify(question)

        return {"national": {"VerifyIdentity": verify_or_mistake}}

    def wrap(self, application: Application, parts: Parts) -> Application:
        """The misbehaviour that ``simulator set`` asks for, around the strict application."""
        return Misbehaving(application, self._behaviour, parts.signer, parts.clock)


def _about_another(answer: NationalAnswer, people: People) -> NationalAnswer:
    """A well-formed, well-signed match about somebody who was not asked for."""
    asked = answer.about
    other = people.other_than(asked if isinstance(asked, ResidentRecordCode) else None)
    about = (
        other.code if isinstance(asked, ResidentRecordCode) else PresentedDocument(asked.kind, other.items)
    )
    found = answer.answer
    return NationalAnswer(IdentityAnswer(VerificationResult.MATCH, found.checked_at, found.reference), about)
