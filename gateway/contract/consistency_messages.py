"""Consistency checks (flow 6): pieces of records, digests of spans, and what a counterpart found."""

from __future__ import annotations

from typing import Any

from gateway.contract import consistency_types, types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.records import read_record, write_record
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.consistency import (
    ConsistencyNotice,
    ConsistencyPiece,
    DigestAnswer,
    DigestQuestion,
    Finding,
    FindingKind,
    NoticeTaken,
    NumberedRecord,
    PieceTaken,
    RecordItem,
    Span,
    SpanTotal,
    Total,
)
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code

_Piece = message_class(consistency_types.ConsistencyPiece)
_Receipt = message_class(consistency_types.ConsistencyReceipt)
_Span = message_class(consistency_types.CodeSpan)
_Total = message_class(consistency_types.RecordTotal)
_Record = message_class(consistency_types.NumberedRecord)
_SpanTotal = message_class(consistency_types.SpanTotal)
_SpanTotals = message_class(consistency_types.SpanTotals)
_Differing = message_class(consistency_types.DifferingSpans)
_Finding = message_class(consistency_types.ConsistencyFinding)
_Result = message_class(consistency_types.ConsistencyResult)
_ResultReceipt = message_class(consistency_types.ConsistencyResultReceipt)

_CALLER: tuple[str, Any] = ("caller", types.element_of(TYPES, types.Caller))


def piece_codec(namespace: str) -> Codec[ConsistencyPiece, PieceTaken]:
    """CompareRecords."""
    asks, answers, request, response = _messages(
        namespace,
        "CompareRecords",
        ("consistencyPiece", consistency_types.ConsistencyPiece),
        ("consistencyReceipt", consistency_types.ConsistencyReceipt),
    )
    return Codec(
        request,
        response,
        read_request=lambda message, at: _read_piece(message, f"{at}/consistencyPiece"),
        write_request=lambda piece: asks(
            caller=write_caller(piece.caller),
            consistencyPiece=_Piece(
                run=piece.run,
                piece=piece.piece,
                last="true" if piece.last else "false",
                span=_write_span(piece.span),
                one=[
                    _Record(number=one.number, record=write_record(one.record, with_individual_number=True))
                    for one in piece.records
                ],
            ),
        ),
        read_answer=lambda message, at: PieceTaken(
            value(f"{at}/receivedAt", read_instant, message.consistencyReceipt.receivedAt),
            message.consistencyReceipt.reference,
            message.consistencyReceipt.expected,
        ),
        write_answer=lambda taken: answers(
            consistencyReceipt=_Receipt(
                receivedAt=write_instant(taken.received_at),
                reference=taken.reference,
                expected=taken.expected,
            )
        ),
    )


def digest_codec(namespace: str) -> Codec[DigestQuestion, DigestAnswer]:
    """CompareDigests."""
    asks, answers, request, response = _messages(
        namespace,
        "CompareDigests",
        ("spanTotals", consistency_types.SpanTotals),
        ("differingSpans", consistency_types.DifferingSpans),
    )
    return Codec(
        request,
        response,
        read_request=lambda message, at: DigestQuestion(
            read_caller(message.caller, f"{at}/caller"),
            tuple(
                SpanTotal(_read_span(one.span, f"{at}/spanTotals/one"), _read_total(one.total, at))
                for one in message.spanTotals.one
            ),
        ),
        write_request=lambda asked: asks(
            caller=write_caller(asked.caller),
            spanTotals=_SpanTotals(
                one=[
                    _SpanTotal(span=_write_span(one.span), total=_write_total(one.total))
                    for one in asked.spans
                ]
            ),
        ),
        read_answer=lambda message, at: DigestAnswer(
            value(f"{at}/checkedAt", read_instant, message.differingSpans.checkedAt),
            message.differingSpans.reference,
            tuple(message.differingSpans.place or ()),
        ),
        write_answer=lambda found: answers(
            differingSpans=_Differing(
                checkedAt=write_instant(found.checked_at),
                reference=found.reference,
                place=list(found.differing) or None,
            )
        ),
    )


def notice_codec(namespace: str) -> Codec[ConsistencyNotice, NoticeTaken]:
    """NotifyConsistency."""
    asks, answers, request, response = _messages(
        namespace,
        "NotifyConsistency",
        ("consistencyResult", consistency_types.ConsistencyResult),
        ("consistencyResultReceipt", consistency_types.ConsistencyResultReceipt),
    )
    return Codec(
        request,
        response,
        read_request=lambda message, at: _read_notice(message, f"{at}/consistencyResult"),
        write_request=lambda notice: asks(
            caller=write_caller(notice.caller),
            consistencyResult=_Result(
                run=notice.run,
                part=notice.part,
                parts=notice.parts,
                there=_write_total(notice.there),
                finding=[_write_finding(one) for one in notice.findings] or None,
            ),
        ),
        read_answer=lambda message, at: NoticeTaken(
            value(f"{at}/receivedAt", read_instant, message.consistencyResultReceipt.receivedAt),
            message.consistencyResultReceipt.reference,
        ),
        write_answer=lambda taken: answers(
            consistencyResultReceipt=_ResultReceipt(
                receivedAt=write_instant(taken.received_at), reference=taken.reference
            )
        ),
    )


def _messages(
    namespace: str, name: str, asked: tuple[str, Any], answered: tuple[str, Any]
) -> tuple[Any, Any, Any, Any]:
    """The classes of request and response, and their models."""
    request = types.record(namespace, name, [_CALLER, (asked[0], types.element_of(TYPES, asked[1]))])
    response = types.record(
        namespace, f"{name}Response", [(answered[0], types.element_of(TYPES, answered[1]))]
    )
    return message_class(request), message_class(response), request, response


def _read_piece(message: Any, at: str) -> ConsistencyPiece:
    piece = message.consistencyPiece
    return value(
        at,
        ConsistencyPiece,
        read_caller(message.caller, "CompareRecords/caller"),
        piece.run,
        piece.piece,
        piece.last == "true",
        _read_span(piece.span, f"{at}/span"),
        tuple(
            NumberedRecord(one.number, read_record(one.record, f"{at}/one/record")) for one in piece.one or ()
        ),
    )


def _read_span(message: Any, at: str) -> Span:
    def code(digits: str | None) -> ResidentRecordCode | None:
        return None if digits is None else value(at, ResidentRecordCode, digits)

    return Span(code(message.after), code(message.upto))


def _write_span(span: Span) -> Any:
    return _Span(after=span.after and span.after.digits, upto=span.upto and span.upto.digits)


def _read_total(message: Any, at: str) -> Total:
    return value(at, Total, message.count, message.digest)


def _write_total(total: Total) -> Any:
    return _Total(count=total.count, digest=total.digest)


def _read_notice(message: Any, at: str) -> ConsistencyNotice:
    result = message.consistencyResult
    return ConsistencyNotice(
        read_caller(message.caller, "NotifyConsistency/caller"),
        result.run,
        result.part,
        result.parts,
        _read_total(result.there, f"{at}/there"),
        tuple(_read_finding(one, f"{at}/finding") for one in result.finding or ()),
    )


def _read_finding(message: Any, at: str) -> Finding:
    return Finding(
        value(f"{at}/kind", read_code, FindingKind, message.kind),
        value(f"{at}/residentRecordCode", ResidentRecordCode, message.residentRecordCode),
        message.numberSent,
        message.numberThere,
        tuple(value(f"{at}/item", read_code, RecordItem, item) for item in message.item or ()),
    )


def _write_finding(finding: Finding) -> Any:
    return _Finding(
        kind=finding.kind.value,
        residentRecordCode=finding.code.digits,
        numberSent=finding.number_sent,
        numberThere=finding.number_there,
        item=[item.value for item in finding.items] or None,
    )
