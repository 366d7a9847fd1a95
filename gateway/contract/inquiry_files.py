"""Inquiries by file (flow 5): its pieces, how far it is, its results; many questions of 機構 at once."""

from __future__ import annotations

from typing import Any

from gateway.contract import inquiry_types, types
from gateway.contract.codec import Codec
from gateway.contract.inquiries import read_basis, read_key, write_key
from gateway.contract.mapping import message_class
from gateway.contract.records import read_record, write_record
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.inquiry import InquiryResult
from gateway.domain.inquiry_file import (
    MOST_IN_MESSAGE,
    FileError,
    FileName,
    FilePiece,
    FileProgress,
    FileQuestion,
    FileState,
    FileStatus,
    InquiryLine,
    LineAnswer,
    ManyAnswers,
    ManyInquiries,
    PieceReceipt,
    PieceResult,
    ResultsPart,
    ResultsQuestion,
)
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code

_Name = message_class(inquiry_types.InquiryFileName)
_Piece = message_class(inquiry_types.InquiryPiece)
_Receipt = message_class(inquiry_types.InquiryPieceReceipt)
_Status = message_class(inquiry_types.InquiryFileStatus)
_Progress = message_class(inquiry_types.InquiryFileProgress)
_Error = message_class(inquiry_types.InquiryFileError)
_Results = message_class(inquiry_types.InquiryResults)
_Line = message_class(inquiry_types.InquiryLine)
_LineAnswer = message_class(inquiry_types.InquiryLineAnswer)
_Answers = message_class(inquiry_types.InquiryAnswers)

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))
_BASIS: tuple[str, Any] = ("legalBasis", types.element_of(TYPES, inquiry_types.LegalBasisCode))
_NAME: tuple[str, Any] = ("inquiryFileName", types.element_of(TYPES, inquiry_types.InquiryFileName))


def piece_codec(namespace: str) -> Codec[FilePiece, PieceReceipt]:
    """DeliverInquiryPiece."""
    asks, answers, request, response = _messages(
        namespace,
        "DeliverInquiryPiece",
        [_CALLER, _BASIS, ("inquiryPiece", types.element_of(TYPES, inquiry_types.InquiryPiece))],
        [("inquiryPieceReceipt", types.element_of(TYPES, inquiry_types.InquiryPieceReceipt))],
    )
    return Codec(
        request=request,
        response=response,
        read_request=_read_piece,
        write_request=lambda piece: asks(
            caller=write_caller(piece.caller),
            legalBasis=piece.basis.value,
            inquiryPiece=_Piece(
                office=piece.name.office,
                file=piece.name.file,
                piece=piece.piece,
                pieces=piece.pieces,
                text=piece.text,
            ),
        ),
        read_answer=lambda message, at: _read_receipt(
            message.inquiryPieceReceipt, f"{at}/inquiryPieceReceipt"
        ),
        write_answer=lambda receipt: answers(
            inquiryPieceReceipt=_Receipt(
                receivedAt=write_instant(receipt.received_at),
                reference=receipt.reference,
                result=receipt.result.value,
                expected=receipt.expected,
            )
        ),
    )


def status_codec(namespace: str) -> Codec[FileQuestion, FileStatus]:
    """QueryInquiryFile."""
    asks, answers, request, response = _messages(
        namespace,
        "QueryInquiryFile",
        [_CALLER, _NAME],
        [("inquiryFileStatus", types.element_of(TYPES, inquiry_types.InquiryFileStatus))],
    )
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: FileQuestion(
            read_caller(message.caller, f"{at}/caller"),
            _read_name(message.inquiryFileName, f"{at}/inquiryFileName"),
        ),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller), inquiryFileName=_write_name(asked.name)
        ),
        read_answer=lambda message, at: _read_status(message.inquiryFileStatus, f"{at}/inquiryFileStatus"),
        write_answer=lambda status: answers(inquiryFileStatus=_write_status(status)),
    )


def results_codec(namespace: str) -> Codec[ResultsQuestion, ResultsPart]:
    """FetchInquiryResults."""
    asks, answers, request, response = _messages(
        namespace,
        "FetchInquiryResults",
        [
            _CALLER,
            _NAME,
            ("resultPosition", types.element_of(TYPES, inquiry_types.ResultPosition)),
        ],
        [("inquiryResults", types.element_of(TYPES, inquiry_types.InquiryResults))],
    )
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: ResultsQuestion(
            read_caller(message.caller, f"{at}/caller"),
            _read_name(message.inquiryFileName, f"{at}/inquiryFileName"),
            message.resultPosition,
        ),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller),
            inquiryFileName=_write_name(asked.name),
            resultPosition=asked.after,
        ),
        read_answer=lambda message, at: ResultsPart(
            value(f"{at}/inquiryResults/checkedAt", read_instant, message.inquiryResults.checkedAt),
            message.inquiryResults.reference,
            message.inquiryResults.text,
            message.inquiryResults.following,
        ),
        write_answer=lambda part: answers(
            inquiryResults=_Results(
                checkedAt=write_instant(part.checked_at),
                reference=part.reference,
                text=part.text,
                following=part.following,
            )
        ),
    )


def many_codec(namespace: str) -> Codec[ManyInquiries, ManyAnswers]:
    """InquirePeople."""
    line = inquiry_types.InquiryLine.customize(
        sub_ns=TYPES, min_occurs=1, max_occurs=MOST_IN_MESSAGE, nillable=False
    )
    asks, answers, request, response = _messages(
        namespace,
        "InquirePeople",
        [_CALLER, _BASIS, ("inquiryLine", line)],
        [("inquiryAnswers", types.element_of(TYPES, inquiry_types.InquiryAnswers))],
    )
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: ManyInquiries(
            read_caller(message.caller, f"{at}/caller"),
            read_basis(message.legalBasis, at),
            tuple(_read_line(one, f"{at}/inquiryLine") for one in message.inquiryLine),
        ),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller),
            legalBasis=asked.basis.value,
            inquiryLine=[_Line(line=one.number, **write_key(one.key)) for one in asked.lines],
        ),
        read_answer=lambda message, at: _read_answers(message.inquiryAnswers, f"{at}/inquiryAnswers"),
        write_answer=lambda found: answers(
            inquiryAnswers=_Answers(
                checkedAt=write_instant(found.checked_at),
                reference=found.reference,
                answer=[_write_line_answer(one) for one in found.answers],
            )
        ),
    )


def _messages(
    namespace: str, name: str, asked: list[tuple[str, Any]], answered: list[tuple[str, Any]]
) -> tuple[Any, Any, Any, Any]:
    """The classes of request and response, and their models."""
    request = types.record(namespace, name, asked)
    response = types.record(namespace, f"{name}Response", answered)
    return message_class(request), message_class(response), request, response


def _read_piece(message: Any, at: str) -> FilePiece:
    piece = message.inquiryPiece
    return value(
        f"{at}/inquiryPiece",
        FilePiece,
        read_caller(message.caller, f"{at}/caller"),
        read_basis(message.legalBasis, at),
        _read_name(piece, f"{at}/inquiryPiece"),
        piece.piece,
        piece.pieces,
        piece.text,
    )


def _read_name(message: Any, at: str) -> FileName:
    return value(at, FileName, message.office, message.file)


def _write_name(name: FileName) -> Any:
    return _Name(office=name.office, file=name.file)


def _read_receipt(message: Any, at: str) -> PieceReceipt:
    return PieceReceipt(
        value(f"{at}/receivedAt", read_instant, message.receivedAt),
        message.reference,
        value(f"{at}/result", read_code, PieceResult, message.result),
        message.expected,
    )


def _read_status(message: Any, at: str) -> FileStatus:
    progress = message.progress
    return FileStatus(
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        None
        if progress is None
        else FileProgress(
            value(f"{at}/progress/state", read_code, FileState, progress.state),
            progress.count,
            progress.answered,
            progress.withoutRecord,
            None
            if progress.error is None
            else FileError(progress.error.line, progress.error.column or "", progress.error.code),
        ),
    )


def _write_status(status: FileStatus) -> Any:
    progress = status.progress
    error = None if progress is None else progress.error
    return _Status(
        checkedAt=write_instant(status.checked_at),
        reference=status.reference,
        progress=progress
        and _Progress(
            state=progress.state.value,
            count=progress.count,
            answered=progress.answered,
            withoutRecord=progress.without_record,
            error=error and _Error(line=error.line, column=error.column or None, code=error.code),
        ),
    )


def _read_line(message: Any, at: str) -> InquiryLine:
    return value(at, InquiryLine, message.line, read_key(message, at))


def _read_answers(message: Any, at: str) -> ManyAnswers:
    return value(
        at,
        ManyAnswers,
        value(f"{at}/checkedAt", read_instant, message.checkedAt),
        message.reference,
        tuple(_read_line_answer(one, f"{at}/answer") for one in message.answer),
    )


def _read_line_answer(message: Any, at: str) -> LineAnswer:
    return value(
        at,
        LineAnswer,
        _read_line(message, at),
        value(f"{at}/result", read_code, InquiryResult, message.result),
        None if message.record is None else read_record(message.record, f"{at}/record"),
    )


def _write_line_answer(answer: LineAnswer) -> Any:
    record = answer.record
    return _LineAnswer(
        line=answer.line.number,
        **write_key(answer.line.key),
        result=answer.result.value,
        record=None if record is None else write_record(record, with_individual_number=True),
    )
