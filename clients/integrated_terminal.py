"""統合端末 (integrated terminal): what the counter's terminal asks of its municipality's CS."""

from __future__ import annotations

from clients._cards import query_cards, query_history, tell_update, update_values
from clients._identity import ask_identity, contract_values, read_verification
from clients._inquiry import inquire_person
from clients._moves import ask_moves, first_notification_values, tell_move
from clients._search import ask_search, read_found
from clients._soap import Channel
from gateway.domain.card_history import CardHistory
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardReceipt, CardUpdate
from gateway.domain.inquiry import Inquiry, InquiryAnswer
from gateway.domain.move_messages import MoveQuestion, MoveReceipt, Moves, MoveStep, TransferQuestion
from gateway.domain.search import SearchAnswer, SearchQuestion
from gateway.domain.verification import IdentityAnswer, IdentityQuestion


class IntegratedTerminal:
    """The terminal's side of the service ``terminal``; make the channel with ``clients.connect``."""

    SERVICE = "terminal"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def verify_identity(
        self,
        question: IdentityQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> IdentityAnswer:
        """本人確認 (flow 2, steps 2-② to 2-④): the national server's result, through the CS.

        ``message_id`` is given to ask the very same question again after a lost answer. Raises
        CounterpartError: CounterpartFault carries the CS's code and reference.
        """
        answer = ask_identity(
            self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds
        )
        with contract_values():
            return read_verification(answer)

    def search_person(
        self,
        question: SearchQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> SearchAnswer:
        """検索 (flow 4): who fits, here, in the prefecture or in the nation, by where the person lives.

        ``message_id`` as for verify_identity. Raises CounterpartError.
        """
        answer = ask_search(self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds)
        with contract_values():
            return read_found(answer)

    def query_cards(
        self,
        question: CardQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> CardAnswer:
        """カード運用状況の照会 (flow 8): a person's cards, as the card management system has them now.

        ``message_id`` as for verify_identity. Raises CounterpartError.
        """
        return query_cards(self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds)

    def query_card_history(
        self,
        question: CardQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> CardHistory:
        """What was done to a person's cards, as the CS has it on record. Raises CounterpartError."""
        return query_history(
            self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds
        )

    def update_card(
        self, update: CardUpdate, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> CardReceipt:
        """交付・廃止・回収・一時停止解除・返還・継続利用 (flow 8, 8-①), of one card.

        A receipt that refuses says in which state the card is, and what may be done to it. Raises
        CounterpartError.
        """
        return tell_update(
            self._channel,
            "UpdateCard",
            update,
            "cardUpdate",
            update_values(update),
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def inquire(
        self, inquiry: Inquiry, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> InquiryAnswer:
        """機構への照会 (flow 5): a person's identity record from 機構, through the CS.

        ``message_id`` as for verify_identity. Raises CounterpartError.
        """
        return inquire_person(
            self._channel, inquiry, message_id=message_id, deadline_seconds=deadline_seconds
        )

    def request_transfer_certificate(
        self,
        asked: TransferQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> MoveReceipt:
        """最初の転入届 (flow 3, 3-②): the CS asks the old town; the receipt has the move's reference.

        Raises CounterpartError.
        """
        return tell_move(
            self._channel,
            "RequestTransferCertificate",
            asked.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            transferQuestion={"oldTown": asked.old_town.digits, **first_notification_values(asked)},
        )

    def cancel_move_in(
        self, asked: MoveStep, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """特例転入の取下げ: the people gave up. Raises CounterpartError."""
        return tell_move(
            self._channel,
            "CancelMoveIn",
            asked.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            moveReference=asked.reference,
        )

    def query_moves(
        self,
        question: MoveQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> Moves:
        """転入・転出の状況: how far a person's moves have come. Raises CounterpartError."""
        return ask_moves(
            self._channel,
            "QueryMoves",
            question,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
