"""統合端末 (integrated terminal): what the counter's terminal asks of its municipality's CS."""

from __future__ import annotations

from clients._identity import ask_identity, contract_values, read_verification
from clients._search import ask_search, read_found
from clients._soap import Channel
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

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
