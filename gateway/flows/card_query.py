"""Flow 8: which cards a person has, in which state they are now, and what was done to them.

The state is asked of the card management system each time: it alone knows what its call centre suspended.
What it tells is taken over here. An update that was accepted here and has not reached it yet counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway import telemetry
from gateway.clock import Clock
from gateway.domain.card import Card
from gateway.domain.card_history import CardHistory, HistoryLine
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import ResidentRecordCode
from gateway.flows.asking import asking
from gateway.flows.card_work import CardShelf, CardSystem, new_reference


class CardQuery:
    """Asks the card management system; ``system`` is None where none is configured."""

    def __init__(self, system: CardSystem | None, destination: str) -> None:
        self._system = system
        self._destination = destination

    def __call__(self, question: CardQuestion) -> CardAnswer:
        """What the card management system says. Raises OperationFault, as asking() does."""
        if self._system is None:
            raise operation_fault("CounterpartUnavailable")
        with asking(self._destination):
            answer = self._system.query_cards(question)
        if answer.code != question.code:
            # Signed and bound, and still about somebody else: never hand that to a counter.
            telemetry.warning(
                "counterpart-failed", destination=self._destination, code="answer-about-another"
            )
            raise operation_fault("CounterpartAnswerInvalid")
        return answer


class CardLook:
    """The use cases behind the terminal's QueryCards and QueryCardHistory.

    ``keep`` takes over what was told, ``history`` reads what was done.
    """

    def __init__(
        self,
        ask: Callable[[CardQuestion], CardAnswer],
        shelf: CardShelf,
        clock: Clock,
        *,
        keep: Callable[[Sequence[Card]], None],
        history: Callable[[ResidentRecordCode], tuple[HistoryLine, ...]],
    ) -> None:
        self._ask = ask
        self._shelf = shelf
        self._clock = clock
        self._keep = keep
        self._history = history

    def query(self, question: CardQuestion) -> CardAnswer:
        """The cards as they are now. Raises OperationFault."""
        answer = self._ask(question)
        if answer.cards:
            self._keep(answer.cards)
        here = {one.card.serial: one.card for one in self._shelf.holdings(question.code) if one.unsettled}
        cards = tuple(here.get(card.serial, card) for card in answer.cards)
        return CardAnswer(answer.checked_at, answer.reference, question.code, cards)

    def history(self, question: CardQuestion) -> CardHistory:
        """What was done to the cards, as it is on record here."""
        lines = self._history(question.code)
        return CardHistory(self._clock.now(), new_reference("M"), question.code, lines)
