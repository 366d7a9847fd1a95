"""都道府県サーバ (prefectural server): what a municipal CS asks of it."""

from __future__ import annotations

from clients._search import search_register
from clients._soap import Channel
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

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
