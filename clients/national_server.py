"""全国サーバ (national server): what is asked of it, and told it."""

from __future__ import annotations

from clients._changes import tell_changes
from clients._identity import ask_identity, contract_values, read_key, read_verification
from clients._search import search_register
from clients._soap import Channel
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.domain.search import RegisterAnswer, SearchQuestion
from gateway.domain.verification import IdentityQuestion, NationalAnswer


class NationalServer:
    """The CS's side of the service ``national``; make the channel with ``clients.connect``."""

    SERVICE = "national"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def verify_identity(
        self,
        question: IdentityQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> NationalAnswer:
        """本人確認 (flow 2, steps 2-③ and 2-④): whether the person is on record nationwide.

        ``message_id`` is given to ask the very same question again after a lost answer. Raises
        CounterpartError: CounterpartFault carries the server's code and reference.
        """
        answer = ask_identity(
            self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds
        )
        with contract_values():
            return NationalAnswer(read_verification(answer.verification), read_key(answer))

    def search_person(
        self,
        question: SearchQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> RegisterAnswer:
        """検索 (flow 4, 4-①): who fits in the nation. Raises CounterpartError."""
        return search_register(
            self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds
        )

    def notify_changes(
        self, report: ChangeReport, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> ChangeReceipt:
        """本人確認情報の通知, passed on by a prefectural server (flow 1): all are taken, or none.

        Raises CounterpartError: a CounterpartFault ChangeOutOfTurn or ChangeRefused when one does not fit.
        """
        return tell_changes(
            self._channel,
            "NotifyChanges",
            report,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
