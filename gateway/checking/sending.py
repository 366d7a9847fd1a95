"""Sends the records of all people to be compared (6-①), piece by piece, and goes on after a kill.

Each piece holds everybody of a span of 住民票コード. Its end is noted before it is sent: whoever sends it
again sends the same span, with the records as they are then, and a counterpart that has the piece already
says so. Where digests go first, whole stretches of spans that hold the same on both sides are passed over,
and of a span that does not, only the small parts that differ are sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from clients._soap import Channel, Exchange
from gateway import telemetry
from gateway.capture import Captures
from gateway.checking.spans import Judged, Spans
from gateway.clock import Clock
from gateway.contract import SERVICES, read_answer, write_body
from gateway.delivery import capture, exchange_evidence
from gateway.domain.accesses import Access, Who
from gateway.domain.caller import Caller
from gateway.domain.consistency import (
    MOST_RECORDS,
    MOST_SPANS,
    ConsistencyPiece,
    DigestAnswer,
    DigestQuestion,
    PieceTaken,
    RunMode,
    Span,
    SpanTotal,
    Total,
)
from gateway.errors import CounterpartAnswerInvalid, CounterpartError
from gateway.evidence import Entry
from gateway.kill_points import AFTER_SEND, reach
from gateway.refusals import Refused
from gateway.settings import Consistency
from gateway.store import Conflict, Run, Store
from gateway.wss.sign import new_message_id

LEASE: Final = timedelta(minutes=2)
SPANS: Final = 100
"""Whose digests are compared at once."""
SPAN_RECORDS: Final = MOST_RECORDS * 9 // 10
"""Of a span as it is chosen: who comes into it before it is sent still fits into its piece."""
PART_RECORDS: Final = 25
"""Of a part of a span that differs, whose digest is compared once more before it is sent."""

_SLICE: Final = 50  # messages before another run has its turn
_PATIENCE: Final = 5  # failures in a row before an alarm
_LONGEST_WAIT: Final = timedelta(minutes=1)
_SERVICE = SERVICES["consistency"]


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer, the octets that travelled, and the evidence of both messages."""

    answer: Any
    octets: int
    evidence: tuple[Entry, ...]
    message_id: str


class ConsistencySending:
    """Works on one run at a time; for one thread. ``channel`` gives the channel to a destination."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        caller: Caller,
        channel: Callable[[str], Channel],
        rules: Consistency,
        alarms: telemetry.Alarms,
        *,
        rest: Callable[[float], object] = time.sleep,
        most: int = SPAN_RECORDS,
        part: int = PART_RECORDS,
        captures: Captures | None = None,
    ) -> None:
        self._store = store
        self._runs = store.consistency_runs
        self._spans = Spans(store.consistency_records, caller.municipality.digits, most=most, part=part)
        self._clock = clock
        self._caller = caller
        self._channel = channel
        self._share = rules.share
        self._alarms = alarms
        self._rest = rest
        self._captures = captures
        self._failures = 0
        self._ahead: tuple[str, Sequence[Judged]] = ("", ())

    def work(self, stopped: Callable[[], bool]) -> bool:
        """Work on a run that is to be sent; False when there is none."""
        claimed = self._runs.claim(LEASE)
        if claimed is None:
            return False
        run, wait = claimed, timedelta(0)
        try:
            for _ in range(_SLICE):
                begun = time.monotonic()
                following = self._step(run)
                if following is None:
                    return True
                run = following
                if stopped():
                    break
                self._rest((time.monotonic() - begun) * (1 / self._share - 1))
        except CounterpartError as error:
            wait = self._failed(run.destination, error)
        except Conflict:
            return True  # another process has it by now
        self._runs.release(run, wait=wait)
        return True

    def _step(self, run: Run) -> Run | None:
        """Send the piece that is under way, else choose the next; None when all is sent."""
        if run.sending is None:
            return self._choose(run)
        self._send(run, run.sending)
        return None if run.sending.upto is None else self._again(run)

    def _again(self, run: Run) -> Run:
        found = self._runs.find(run.reference)
        if found is None:
            raise Conflict("the run is gone")
        return found

    def _choose(self, run: Run) -> Run:
        """Note the next span whose records are to be sent, or that a whole stretch is passed over."""
        judged, octets = self._judged(run)
        people = 0
        for place, each in enumerate(judged):
            people += each.one.total.count
            # The last span of all ends the run, and is sent whatever it holds.
            if each.differs or each.one.span.upto is None:
                self._ahead = run.reference, judged[place + 1 :]
                return self._runs.intend(run, each.one.span, people, octets, lease=LEASE)
        return self._runs.pass_over(run, judged[-1].one.span.upto, people, octets, lease=LEASE)

    def _judged(self, run: Run) -> tuple[Sequence[Judged], int]:
        """The spans that follow, and whether each is to be sent; and the octets that it took to know."""
        reference, ahead = self._ahead
        if reference == run.reference and ahead and ahead[0].one.span.after == run.position:
            return ahead, 0  # asked before, with the span that was sent last
        if run.mode is RunMode.COMPLETE:
            return [Judged(one, True) for one in self._spans.following(run.position, 1)], 0
        wide, octets = self._compared(run, self._spans.following(run.position, SPANS))
        parted = [self._spans.parts(each.one.span) if each.differs else [] for each in wide]
        narrow, more = self._compared(run, [part for parts in parted for part in parts])
        following = iter(narrow)
        judged = [
            part
            for each, parts in zip(wide, parted, strict=True)
            for part in (islice(following, len(parts)) if parts else (each,))
        ]
        return self._spans.joined(judged), octets + more

    def _compared(self, run: Run, spans: Sequence[SpanTotal]) -> tuple[list[Judged], int]:
        """Each span by its digest, and the octets that it took to ask."""
        judged, octets = [], 0
        for start in range(0, len(spans), MOST_SPANS):
            some = tuple(spans[start : start + MOST_SPANS])
            told = self._ask(run, "CompareDigests", DigestQuestion(self._caller, some))
            answer: DigestAnswer = told.answer
            with self._store.unit_of_work() as work:
                self._store.record(work.connection, told.evidence, ())
            differing = set(answer.differing)
            judged += [Judged(one, place in differing) for place, one in enumerate(some)]
            octets += told.octets
        return judged, octets

    def _send(self, run: Run, span: Span) -> None:
        people = self._spans.within(span)
        number, last = run.piece + 1, span.upto is None
        # More than one message holds have come into the span since it was chosen: the rest follows.
        if len(people) > MOST_RECORDS:
            people = people[:MOST_RECORDS]
            span, last = Span(span.after, people[-1].record.code), False
            run = self._runs.intend(run, span, 0, 0, lease=LEASE)
        piece = ConsistencyPiece(self._caller, run.reference, number, last, span, tuple(people))
        told = self._ask(run, "CompareRecords", piece)
        taken: PieceTaken = told.answer
        if taken.expected != number + 1:
            raise CounterpartAnswerInvalid("the counterpart wants another piece than the next")
        reach(AFTER_SEND)
        access = Access(
            self._clock.now(),
            "out",
            Who.calling(run.destination, self._caller),
            "CompareRecords",
            "sent",
            told.message_id,
            (),
            bool(people),
        )
        accesses = (self._store.accesses.sealed(access),)
        with self._store.unit_of_work() as work:
            self._runs.advance(work, run, sent=Total.of(people), octets=told.octets, lease=LEASE)
            self._store.record(work.connection, told.evidence, accesses)

    def _ask(self, run: Run, name: str, question: Any) -> _Told:
        operation = _SERVICE.operation(name)
        seen: list[Exchange] = []
        message_id = new_message_id()
        body = write_body(_SERVICE, operation, question)
        delivered = self._channel(run.destination).deliver(
            body, operation.action, message_id, observe=seen.append
        )
        try:
            answer = read_answer(_SERVICE, operation, delivered.content)
        except Refused as refusal:
            raise CounterpartAnswerInvalid(f"the answer was refused: {refusal}") from None
        self._failures = 0
        self._alarms.end("counterpart-unreachable", run.destination)
        now = self._clock.now()
        if self._captures is not None:
            capture(self._captures, None, run.destination, _SERVICE.name, seen[0], now)
        evidence = exchange_evidence(run.destination, seen[0], now)
        return _Told(answer, len(delivered.request) + len(delivered.answer), evidence, message_id)

    def _failed(self, destination: str, error: CounterpartError) -> timedelta:
        """How long to wait before the run's next turn."""
        self._failures += 1
        telemetry.warning("counterpart-failed", destination=destination, error=type(error).__name__)
        if self._failures >= _PATIENCE:
            self._alarms.begin("counterpart-unreachable", destination)
        return min(timedelta(seconds=0.5 * 2 ** min(self._failures, 10)), _LONGEST_WAIT)
