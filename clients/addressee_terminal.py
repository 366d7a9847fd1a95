"""統合宛名管理端末 (addressee terminal): files of inquiries that it has its municipality's CS answer."""

from __future__ import annotations

from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values
from gateway.domain.inquiry_file import (
    FileError,
    FilePiece,
    FileProgress,
    FileQuestion,
    FileState,
    FileStatus,
    PieceReceipt,
    PieceResult,
    ResultsPart,
    ResultsQuestion,
)
from gateway.domain.instant import read_instant
from gateway.domain.values import read_code


class AddresseeTerminal:
    """The terminal's side of the service ``addressee_terminal``; make the channel with ``clients.connect``.

    ``message_id`` is given to send the very same message again after a lost answer. Every method raises
    CounterpartError.
    """

    SERVICE = "addressee_terminal"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def deliver_piece(
        self, piece: FilePiece, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> PieceReceipt:
        """情報参照ファイルの送付 (flow 5): a piece of the file, in their order."""
        answer = self._channel.call(
            "DeliverInquiryPiece",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(piece.caller),
            legalBasis=piece.basis.value,
            inquiryPiece={
                "office": piece.name.office,
                "file": piece.name.file,
                "piece": piece.piece,
                "pieces": piece.pieces,
                "text": piece.text,
            },
        )
        with contract_values():
            return PieceReceipt(
                read_instant(answer.receivedAt),
                answer.reference,
                read_code(PieceResult, answer.result),
                answer.expected,
            )

    def query_file(
        self, asked: FileQuestion, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> FileStatus:
        """処理状況の照会: how far the file is, or why it was rejected."""
        answer = self._channel.call(
            "QueryInquiryFile",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(asked.caller),
            inquiryFileName={"office": asked.name.office, "file": asked.name.file},
        )
        with contract_values():
            progress = answer.progress
            return FileStatus(
                read_instant(answer.checkedAt),
                answer.reference,
                None
                if progress is None
                else FileProgress(
                    read_code(FileState, progress.state),
                    progress.count,
                    progress.answered,
                    progress.withoutRecord,
                    None
                    if progress.error is None
                    else FileError(progress.error.line, progress.error.column or "", progress.error.code),
                ),
            )

    def fetch_results(
        self, asked: ResultsQuestion, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> ResultsPart:
        """情報提供ファイルの受領 (flow 5): a part of the result file, once every line is answered."""
        answer = self._channel.call(
            "FetchInquiryResults",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(asked.caller),
            inquiryFileName={"office": asked.name.office, "file": asked.name.file},
            resultPosition=asked.after,
        )
        with contract_values():
            return ResultsPart(
                read_instant(answer.checkedAt), answer.reference, answer.text, answer.following
            )

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
