"""都道府県サーバ (prefectural server): what is asked of it, and told it."""

from __future__ import annotations

from clients._changes import tell_changes
from clients._moves import tell_move
from clients._search import search_register
from clients._soap import Channel
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.domain.day import write_day
from gateway.domain.move_messages import MoveOutConfirmation, MoveReceipt
from gateway.domain.search import RegisterAnswer, SearchQuestion


class PrefecturalServer:
    """The CS's side of the service ``prefectural``; make the channel with ``clients.connect``."""

    SERVICE = "prefectural"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def search_person(
        self,
        question: SearchQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> RegisterAnswer:
        """検索 (flow 4, 4-①): who fits in the prefecture. Raises CounterpartError."""
        return search_register(
            self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds
        )

    def notify_changes(
        self, report: ChangeReport, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> ChangeReceipt:
        """本人確認情報の通知 (flow 1, 1-④): all are taken, or none.

        Raises CounterpartError: a CounterpartFault ChangeOutOfTurn or ChangeRefused when one does not fit.
        """
        return tell_changes(
            self._channel,
            "NotifyChanges",
            report,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def confirm_move_out(
        self,
        told: MoveOutConfirmation,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> MoveReceipt:
        """転出確定通知 (flow 3): that a move-out has become definite.

        Raises CounterpartError: a CounterpartFault ChangeRefused for whom it does not know.
        """
        return tell_move(
            self._channel,
            "ConfirmMoveOut",
            told.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            moveOutConfirmation={
                "reference": told.reference,
                "residentRecordCode": told.code.digits,
                "destination": told.destination.digits,
                "movedOn": write_day(told.moved_on),
            },
        )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
