"""マイナンバー利用業務システム (number-use business system): what it asks of its municipality's CS."""

from __future__ import annotations

from clients._inquiry import inquire_person
from clients._soap import Channel
from gateway.domain.inquiry import Inquiry, InquiryAnswer


class NumberUseSystem:
    """The system's side of the service ``number_use``; make the channel with ``clients.connect``."""

    SERVICE = "number_use"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def inquire(
        self, inquiry: Inquiry, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> InquiryAnswer:
        """機構への照会 (flow 5): the person's identity record, through the CS.

        ``message_id`` is given to ask the very same question again after a lost answer. Raises
        CounterpartError: CounterpartFault carries the CS's code and reference.
        """
        return inquire_person(
            self._channel, inquiry, message_id=message_id, deadline_seconds=deadline_seconds
        )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
