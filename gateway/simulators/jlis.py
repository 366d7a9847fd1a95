"""機構 (J-LIS) as a real counterpart: the nation's records in its own store, its own keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import Inquiry, ProvidedAnswer
from gateway.domain.register_text import RegisterText
from gateway.running import Parts, System
from gateway.settings import Settings
from gateway.simulators.inquiry import ProvideRecords
from gateway.simulators.issuing import Issue
from gateway.simulators.serving import Simulated, prepared_simulator
from gateway.state import StateFolder


def prepared(state: StateFolder, settings: Settings) -> System:
    """The server with its people, ready to be served."""
    return prepared_simulator(state, settings, Jlis)


class Jlis(Simulated):
    """What makes a system 機構: the service ``jlis`` over the people of the nation."""

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        provide = ProvideRecords(parts.store.register, parts.clock)

        def inquire(inquiry: Inquiry) -> ProvidedAnswer:
            answer = provide(inquiry)
            return _about_another(answer) if self.mistakes_the_person else answer

        issue = Issue(parts.store, parts.clock)
        return {
            "jlis": {
                "InquirePerson": inquire,
                "InquirePeople": provide.many,
                "AllocateCodes": issue.allocate_codes,
                "RequestNumber": issue.request_number,
            }
        }


def _about_another(answer: ProvidedAnswer) -> ProvidedAnswer:
    """A well-formed, well-signed answer about somebody who was not asked for."""
    asked = answer.about
    if isinstance(asked, IndividualNumber):
        return replace(
            answer, about=IndividualNumber.from_base(f"{(int(asked.digits[:11]) + 1) % 10**11:011d}")
        )
    return replace(answer, about=replace(asked, name=RegisterText("別人\u3000太郎")))
