"""The national server (全国サーバ) as a real counterpart: own store, own keys, the same strictness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Place
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.running import Parts, System
from gateway.settings import Settings
from gateway.simulators.serving import Simulated, prepared_simulator
from gateway.simulators.verification import VerifyIdentity
from gateway.state import StateFolder


def prepared(state: StateFolder, settings: Settings) -> System:
    """The server with its people, ready to be served."""
    return prepared_simulator(state, settings, NationalServer)


class NationalServer(Simulated):
    """What makes a system the national server: the service ``national`` over the people of the nation."""

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        verify = VerifyIdentity(parts.store.register, parts.store.cards, parts.clock)

        def verify_or_mistake(question: IdentityQuestion) -> NationalAnswer:
            answer = verify(question)
            return _about_another(answer) if self.mistakes_the_person else answer

        return {
            "national": {
                "VerifyIdentity": verify_or_mistake,
                "SearchPerson": self.search_handler(parts, Place.NATION, "N"),
                "NotifyChanges": self.notified(parts, "N"),
            },
            "consistency": self.consistency_handlers(parts, "N"),
        }


def _about_another(answer: NationalAnswer) -> NationalAnswer:
    """A well-formed, well-signed match about somebody who was not asked for."""
    asked, found = answer.about, answer.answer
    about = (
        ResidentRecordCode.from_base(f"{(int(asked.digits[:10]) + 1) % 10**10:010d}")
        if isinstance(asked, ResidentRecordCode)
        else PresentedDocument(asked.kind, replace(asked.items, name=RegisterText("別人\u3000太郎")))
    )
    return NationalAnswer(IdentityAnswer(VerificationResult.MATCH, found.checked_at, found.reference), about)
