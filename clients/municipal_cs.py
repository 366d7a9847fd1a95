"""他市町村の市町村CS (another municipality's CS): what one asks and tells the other in a special move-in."""

from __future__ import annotations

from clients._certificates import arrival_values, certificate_values
from clients._moves import first_notification_values, tell_move
from clients._soap import Channel
from gateway.domain.move_messages import (
    MoveInNotice,
    MoveReceipt,
    MoveStep,
    TransferRequest,
    TransferSending,
)


class MunicipalCs:
    """One CS's side of the service ``municipal``; make the channel with ``clients.connect``.

    A receipt that refuses says by which rule. Every method raises CounterpartError.
    """

    SERVICE = "municipal"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def request_transfer_certificate(
        self, asked: TransferRequest, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """転出証明書情報の送信依頼 (flow 3, 3-②): the certificate comes by a message of its own."""
        return tell_move(
            self._channel,
            "RequestTransferCertificate",
            asked.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            transferRequest={"reference": asked.reference, **first_notification_values(asked)},
        )

    def send_transfer_certificate(
        self, sent: TransferSending, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """転出証明書情報の送信 (3-③), asked for or ahead."""
        return tell_move(
            self._channel,
            "SendTransferCertificate",
            sent.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            answers=sent.answers,
            transferCertificate=certificate_values(sent.certificate),
        )

    def withdraw_request(
        self, told: MoveStep, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """送信依頼の取下げ: ``told`` has the request's reference."""
        return tell_move(
            self._channel,
            "WithdrawRequest",
            told.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            moveReference=told.reference,
        )

    def notify_move_in(
        self, told: MoveInNotice, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """転入通知 (3-⑤)."""
        return tell_move(
            self._channel,
            "NotifyMoveIn",
            told.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            moveInNotice=arrival_values(told.arrival),
        )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
