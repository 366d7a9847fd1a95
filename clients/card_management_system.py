"""個人番号カード管理システム (card management system): what is asked of it, and told it."""

from __future__ import annotations

from clients._addressees import tell_addressees
from clients._cards import query_cards, tell_update, update_values
from clients._soap import Channel
from gateway.domain.addressee_delivery import AddresseePiece, AddresseeReceipt
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardReceipt, CardUpdate


class CardManagementSystem:
    """The CS's side of the service ``card_management``; make the channel with ``clients.connect``.

    Every method raises CounterpartError.
    """

    SERVICE = "card_management"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def query_cards(
        self,
        question: CardQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> CardAnswer:
        """運用状況の照会 (flow 8): all cards of a person, with their states."""
        return query_cards(self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds)

    def update_card(
        self, update: CardUpdate, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> CardReceipt:
        """カード管理情報の更新要求 (flow 8, 8-①): ``update`` carries its reference."""
        values = {**update_values(update), "reference": update.reference, "actor": update.actor.value}
        return tell_update(
            self._channel,
            "UpdateCard",
            update,
            "cardOrder",
            values,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def notify_addressees(
        self, piece: AddresseePiece, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> AddresseeReceipt:
        """送付先情報の通知 (flow 7, 7-②): all are taken, or none.

        A CounterpartFault AddresseeRefused when one is not right.
        """
        return tell_addressees(
            self._channel,
            "NotifyAddressees",
            piece,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
