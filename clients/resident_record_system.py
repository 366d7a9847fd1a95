"""既存住基システム (resident record system): what it reports to its municipality's CS."""

from __future__ import annotations

from typing import Any

from clients._addressees import list_targets, query_sendings, tell_addressees
from clients._cards import tell_update, update_values
from clients._certificates import certificate_values
from clients._changes import change_values, read_receipt, tell_changes
from clients._identity import contract_values
from clients._issuing import allocate_codes, request_number
from clients._moves import ask_moves, fetch_move, tell_move
from clients._soap import Channel
from clients._values import caller_values, date_values
from gateway.domain.addressee_delivery import (
    AddresseePiece,
    AddresseeReceipt,
    SendingHistory,
    SendingQuestion,
    TargetList,
    TargetQuestion,
)
from gateway.domain.card_update import CardReceipt, CardUpdate
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import (
    Cancellation,
    ChangeQuestion,
    ChangeReceipt,
    ChangeReport,
    ChangeStatus,
    ChangeTrack,
    Delivery,
    Resend,
)
from gateway.domain.instant import read_instant
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberRequest
from gateway.domain.move_messages import (
    CertificateRegistration,
    Completion,
    FetchedMove,
    MoveQuestion,
    MoveReceipt,
    Moves,
    MoveStep,
)
from gateway.domain.values import read_code


class ResidentRecordSystem:
    """Its side of the service ``resident_record``; make the channel with ``clients.connect``.

    ``message_id`` is given to send the very same message again after a lost answer: a change that arrived is
    then not made twice. Every method raises CounterpartError: CounterpartFault carries the CS's code and
    reference.
    """

    SERVICE = "resident_record"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def report_changes(
        self, report: ChangeReport, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> ChangeReceipt:
        """異動の通知 (flow 1, 1-③): one outcome for each change, in their order."""
        return tell_changes(
            self._channel,
            "ReportChanges",
            report,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def resend_change(
        self, resend: Resend, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> ChangeReceipt:
        """再送信: a change on record again, with another reason of its group."""
        answer = self._channel.call(
            "ResendChange",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(resend.caller),
            resend={
                "residentRecordCode": resend.code.digits,
                "number": resend.number,
                "reason": resend.reason.value,
            },
        )
        return read_receipt(answer, [(resend.code, resend.number)])

    def cancel_change(
        self,
        cancellation: Cancellation,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> ChangeReceipt:
        """異動の取消し: the person's last change is taken back by the opposite one."""
        answer = self._channel.call(
            "CancelChange",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(cancellation.caller),
            cancellation={
                "residentRecordCode": cancellation.code.digits,
                "cancels": cancellation.cancels,
                "number": cancellation.number,
                "eventDate": date_values(cancellation.event_date),
            },
        )
        return read_receipt(answer, [(cancellation.code, cancellation.number)])

    def query_change(
        self,
        question: ChangeQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> ChangeStatus:
        """What became of a change, and how far it was delivered."""
        key: dict[str, Any] = {"residentRecordCode": question.code.digits}
        if question.number is not None:
            key["number"] = question.number
        answer = self._channel.call(
            "QueryChange",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(question.caller),
            changeKey=key,
        )
        with contract_values():
            track = answer.track
            return ChangeStatus(
                read_instant(answer.checkedAt),
                answer.reference,
                answer.last,
                track
                and ChangeTrack(
                    track.number,
                    track.revision,
                    read_code(ChangeReason, track.reason),
                    read_instant(track.recordedAt),
                    read_code(Delivery, track.delivery),
                ),
            )

    def revoke_cards(
        self, update: CardUpdate, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> CardReceipt:
        """廃止 (flow 8) of all cards of a person after death, emigration or a changed 住民票コード."""
        values = {
            name: value for name, value in update_values(update).items() if name not in {"event", "serial"}
        }
        return tell_update(
            self._channel,
            "RevokeCards",
            update,
            "cardRevocation",
            values,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def deliver_addressees(
        self, piece: AddresseePiece, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> AddresseeReceipt:
        """送付先情報の送信 (flow 7, 7-①): one outcome for each addressee, in their order."""
        return tell_addressees(
            self._channel,
            "DeliverAddressees",
            piece,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def list_addressee_targets(
        self,
        question: TargetQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> TargetList:
        """更新対象者の照会 (flow 7, 7-①): whose addressees the CS wants extracted."""
        return list_targets(self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds)

    def query_addressee_sendings(
        self,
        question: SendingQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> SendingHistory:
        """送信履歴の照会: what was sent about a person, and how far it has come."""
        return query_sendings(
            self._channel, question, message_id=message_id, deadline_seconds=deadline_seconds
        )

    def register_transfer_certificate(
        self,
        told: CertificateRegistration,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> MoveReceipt:
        """転出証明書情報の登録 (flow 3): a move-out was reported; the receipt has the CS's reference."""
        return tell_move(
            self._channel,
            "RegisterTransferCertificate",
            told.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            dispatch=told.dispatch.value,
            transferCertificate=certificate_values(told.certificate),
        )

    def cancel_transfer_certificate(
        self, asked: MoveStep, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """転出の取消し: the people stay."""
        return self._move_step("CancelTransferCertificate", asked, message_id, deadline_seconds)

    def list_moves(
        self,
        question: MoveQuestion,
        *,
        message_id: str | None = None,
        deadline_seconds: float | None = None,
    ) -> Moves:
        """引渡し待ちの照会 (flow 3, 3-④): certificates and move-in notices that wait to be taken."""
        return ask_moves(
            self._channel,
            "ListMoves",
            question,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
        )

    def fetch_move(
        self, asked: MoveStep, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> FetchedMove:
        """転出証明書情報・転入通知の受信 (3-④): what waits of one move."""
        return fetch_move(self._channel, asked, message_id=message_id, deadline_seconds=deadline_seconds)

    def acknowledge_move(
        self, asked: MoveStep, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """引取りの通知: what was fetched is here."""
        return self._move_step("AcknowledgeMove", asked, message_id, deadline_seconds)

    def complete_move_in(
        self, told: Completion, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """転入通知情報の引渡し (3-⑤), with the changes that enter the people."""
        return tell_move(
            self._channel,
            "CompleteMoveIn",
            told.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            moveReference=told.reference,
            change=[change_values(change) for change in told.changes],
        )

    def cancel_move_in(
        self, asked: MoveStep, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> MoveReceipt:
        """特例転入の取りやめ."""
        return self._move_step("CancelMoveIn", asked, message_id, deadline_seconds)

    def _move_step(
        self, operation: str, asked: MoveStep, message_id: str | None, deadline_seconds: float | None
    ) -> MoveReceipt:
        return tell_move(
            self._channel,
            operation,
            asked.caller,
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            moveReference=asked.reference,
        )

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
