"""本人確認情報整合 (consistency of identity records, flow 6), between 市町村CS and the servers that compare.

The services are the same for both servers: 都道府県サーバ and 全国サーバ offer ``consistency``, and call the
``consistency_result`` of the CS.
"""

from __future__ import annotations

from typing import Any

from clients._changes import record_values
from clients._identity import contract_values
from clients._soap import Channel
from clients._values import caller_values
from gateway.domain.consistency import (
    ConsistencyNotice,
    ConsistencyPiece,
    DigestAnswer,
    DigestQuestion,
    NoticeTaken,
    PieceTaken,
    Span,
    Total,
)
from gateway.domain.instant import read_instant


class ComparingServer:
    """The CS's side of the service ``consistency``; make the channel with ``clients.connect``.

    Every method raises CounterpartError.
    """

    SERVICE = "consistency"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def compare_records(
        self, piece: ConsistencyPiece, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> PieceTaken:
        """Step 6-①: the records of everybody within a span; a piece that it has already is taken again."""
        records = [{"number": one.number, "record": record_values(one.record)} for one in piece.records]
        receipt = self._channel.call(
            "CompareRecords",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(piece.caller),
            consistencyPiece={
                "run": piece.run,
                "piece": piece.piece,
                "last": "true" if piece.last else "false",
                "span": _span_values(piece.span),
                "one": records,
            },
        )
        with contract_values():
            return PieceTaken(read_instant(receipt.receivedAt), receipt.reference, receipt.expected)

    def compare_digests(
        self, asked: DigestQuestion, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> DigestAnswer:
        """Which of the spans differ, by count and digest: what a check by digests asks before 6-①."""
        spans = [{"span": _span_values(one.span), "total": _total_values(one.total)} for one in asked.spans]
        found = self._channel.call(
            "CompareDigests",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(asked.caller),
            spanTotals={"one": spans},
        )
        with contract_values():
            return DigestAnswer(read_instant(found.checkedAt), found.reference, tuple(found.place or ()))

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()


class ComparedCs:
    """A comparing server's side of the service ``consistency_result``; a channel as above."""

    SERVICE = "consistency_result"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def notify_consistency(
        self, told: ConsistencyNotice, *, message_id: str | None = None, deadline_seconds: float | None = None
    ) -> NoticeTaken:
        """Steps 6-② and 6-③: what was found in a run that the CS opened. Raises CounterpartError."""
        receipt = self._channel.call(
            "NotifyConsistency",
            message_id=message_id,
            deadline_seconds=deadline_seconds,
            caller=caller_values(told.caller),
            consistencyResult={
                "run": told.run,
                "part": told.part,
                "parts": told.parts,
                "there": _total_values(told.there),
                "finding": [
                    {
                        "kind": one.kind.value,
                        "residentRecordCode": one.code.digits,
                        "numberSent": one.number_sent,
                        "numberThere": one.number_there,
                        "item": [item.value for item in one.items],
                    }
                    for one in told.findings
                ],
            },
        )
        with contract_values():
            return NoticeTaken(read_instant(receipt.receivedAt), receipt.reference)

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()


def _span_values(span: Span) -> dict[str, Any]:
    ends = {"after": span.after and span.after.digits, "upto": span.upto and span.upto.digits}
    return {name: digits for name, digits in ends.items() if digits is not None}


def _total_values(total: Total) -> dict[str, Any]:
    return {"count": total.count, "digest": total.digest}
