"""The card management system (個人番号カード管理システム) as a real counterpart: own cards, own keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from gateway.card_keeping import card_keeping, end_cards
from gateway.cards import LAPSE_SECONDS
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.identifiers import ResidentRecordCode
from gateway.errors import StateError
from gateway.running import Parts, Periodic, System
from gateway.settings import Settings, clock_of
from gateway.simulators.card_addressees import addressee_handler
from gateway.simulators.card_stock import stock_cards
from gateway.simulators.serving import Simulated, prepared_simulator
from gateway.state import StateFolder
from gateway.store.configured import open_store


def prepared(state: StateFolder, settings: Settings) -> System:
    """The system with its people and cards, ready to be served."""
    if settings.simulator is None:
        raise StateError(f"{state.settings_file}: a simulated system needs the table [simulator]")
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock, upgrade=True)
    try:
        stock_cards(store, state.resolve(settings.simulator.people), clock)
    finally:
        store.close()
    return prepared_simulator(state, settings, CardManagementSystem)


class CardManagementSystem(Simulated):
    """What makes a system the card management system: the service ``card_management`` over its cards."""

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        keeping = self._keeping = card_keeping(parts.store, parts.clock)

        def query(question: CardQuestion) -> CardAnswer:
            found = keeping.query(question)
            return _about_another(found) if self.mistakes_the_person else found

        return {
            "card_management": {
                "QueryCards": query,
                "UpdateCard": keeping.update,
                "NotifyAddressees": addressee_handler(self, parts),
            }
        }

    def periodic(self, parts: Parts) -> Sequence[Periodic]:
        """The ends of cards."""

        def end_what_is_over() -> None:
            end_cards(parts.store, parts.clock, self._keeping)

        return ((LAPSE_SECONDS, end_what_is_over),)


def _about_another(answer: CardAnswer) -> CardAnswer:
    """A well-formed, well-signed answer about somebody who was not asked for."""
    code = ResidentRecordCode.from_base(f"{(int(answer.code.digits[:10]) + 1) % 10**10:010d}")
    return dataclasses.replace(
        answer, code=code, cards=tuple(dataclasses.replace(card, code=code) for card in answer.cards)
    )
