"""機構 (J-LIS, 地方公共団体情報システム機構): what is asked of it."""

from __future__ import annotations

from clients._identity import contract_values
from clients._inquiry import ask_inquiry, read_inquiry_answer, read_inquiry_key
from clients._issuing import allocate_codes, request_number
from clients._soap import Channel
from gateway.domain.inquiry import Inquiry, ProvidedAnswer
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberRequest


class Jlis:
    """The CS's side of the service ``jlis``; make the channel with ``clients.connect``."""

    SERVICE = "jlis"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def inquire(
        self, inquiry: Inquiry, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> ProvidedAnswer:
        """本人確認情報の照会 (flow 5, steps 5-① and 5-②): the person's identity record.

        ``message_id`` is given to ask the very same question again after a lost answer. Raises
        CounterpartError.
        """
        answer = ask_inquiry(self._channel, inquiry, message_id=message_id, deadline_seconds=deadline_seconds)
        with contract_values():
            return ProvidedAnswer(read_inquiry_answer(answer.inquiryAnswer), read_inquiry_key(answer))

    def allocate_codes(
        self, asked: CodeRequest, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> CodeBlock:
        """空きコードの払出し: a block of 住民票コード that nobody has. Raises CounterpartError."""
        return allocate_codes(self._channel, asked, message_id=message_id, deadline_seconds=deadline_seconds)

    def request_number(
        self, asked: NumberRequest, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> IssuedNumber:
        """個人番号の生成・変更要求: a number for a person. Raises CounterpartError."""
        return request_number(self._channel, asked, message_id=message_id, deadline_seconds=deadline_seconds)

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
