"""The national server (全国サーバ) as a real counterpart: own store, own keys, the same strictness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.register_text import RegisterText
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.errors import StateError
from gateway.running import Parts, System, clock_of, serve_system
from gateway.settings import Settings
from gateway.simulators.behaviour import Behaviour, Misbehaving
from gateway.simulators.people_file import fill
from gateway.simulators.verification import VerifyIdentity
from gateway.state import StateFolder
from gateway.store import Store
from gateway.transport.http import Application


def serve(state: StateFolder, settings: Settings) -> None:
    """Run the server until it is told to end."""
    if settings.simulator is None:
        raise StateError(f"{state.settings_file}: a simulated system needs the table [simulator]")
    fill_register(state, settings, state.resolve(settings.simulator.people))
    serve_system(state, settings, NationalServer(state.resolve(settings.simulator.behaviour)))


def fill_register(state: StateFolder, settings: Settings, people: Path) -> None:
    """Bring the store of a simulated system up to date, and its register to the file of people."""
    clock = clock_of(settings)
    store = Store.open(state.path, clock=clock, upgrade=True)
    try:
        fill(store, people, now=clock.now())
    finally:
        store.close()


class NationalServer(System):
    """What makes a system the national server: the service ``national`` over its own register."""

    def __init__(self, behaviour: Path) -> None:
        self._behaviour = Behaviour(behaviour)

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        verify = VerifyIdentity(parts.store.register, parts.store.cards, parts.clock)

        def verify_or_mistake(question: IdentityQuestion) -> NationalAnswer:
            if self._behaviour()["kind"] == "wrong-person":
                return _about_another(verify(question))
            return verify(question)

        return {"national": {"VerifyIdentity": verify_or_mistake}}

    def wrap(self, application: Application, parts: Parts) -> Application:
        """The misbehaviour that ``simulator set`` asks for, around the strict application."""
        return Misbehaving(application, self._behaviour, parts.signer, parts.clock)


def _about_another(answer: NationalAnswer) -> NationalAnswer:
    """A well-formed, well-signed match about somebody who was not asked for."""
    asked, found = answer.about, answer.answer
    about = (
        ResidentRecordCode.from_base(f"{(int(asked.digits[:10]) + 1) % 10**10:010d}")
        if isinstance(asked, ResidentRecordCode)
        else PresentedDocument(asked.kind, replace(asked.items, name=RegisterText("別人\u3000太郎")))
    )
    return NationalAnswer(IdentityAnswer(VerificationResult.MATCH, found.checked_at, found.reference), about)
