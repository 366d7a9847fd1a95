"""Answers the files of inquiries that wait, one slice of one file after the other.

A file is first read to its end: nobody is asked anything for one that is not as it must be. Then some lines
at a time are asked, and their answers committed with evidence, accesses and the count of what is done:
whoever takes the file up after a kill goes on there. After each message the process rests, by the share of
its time that the settings give.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from gateway import telemetry
from gateway.clock import Clock
from gateway.domain.accesses import Access, Who
from gateway.domain.inquiry import InquiryResult
from gateway.domain.inquiry_file import (
    MOST_IN_MESSAGE,
    FileError,
    FileHeader,
    FileState,
    InquiryLine,
    LineResult,
)
from gateway.domain.inquiry_file_keeping import KnownFile
from gateway.domain.inquiry_file_text import (
    RESULTS,
    NotAsItMustBe,
    lines_after,
    read_header,
    read_lines,
    write_header,
    write_result,
)
from gateway.domain.instant import write_instant
from gateway.errors import CounterpartError
from gateway.flows.accesses import inquired_by_file
from gateway.flows.inquiry_files import columns_line
from gateway.inquirer.questions import Asked, Questions
from gateway.kill_points import AFTER_SEND, reach
from gateway.settings import InquiryFiles
from gateway.store import Conflict, Held, Store

LEASE: Final = timedelta(minutes=2)
SLICE: Final = 400
"""Messages about one file before another has its turn."""

_PATIENCE: Final = 5  # failures in a row before an alarm
_LONGEST_WAIT: Final = timedelta(minutes=1)
_NEGATIVE: Final = frozenset({InquiryResult.NO_RECORD, InquiryResult.SEVERAL_RECORDS})


@dataclass(frozen=True, slots=True)
class _Told:
    """Answers to some lines, as they are committed."""

    text: str
    without_record: int
    in_vain: int
    asked: Asked | None = None


class FileAnswering:
    """Works on one file at a time; for one thread. ``rest`` waits for so many seconds."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        questions: Questions,
        destination: str,
        rules: InquiryFiles,
        alarms: telemetry.Alarms,
        *,
        rest: Callable[[float], object] = time.sleep,
    ) -> None:
        self._store = store
        self._files = store.inquiry_files
        self._clock = clock
        self._questions = questions
        self._destination = destination
        self._rules = rules
        self._alarms = alarms
        self._rest = rest
        self._failures = 0

    def work(self, stopped: Callable[[], bool]) -> bool:
        """Work on the file whose turn it is; False when none waits."""
        held = self._files.claim(LEASE) if self._files.waits() else None
        if held is None:
            return False
        wait = timedelta(0)
        try:
            if held.file.progress.state is FileState.RECEIVED:
                self._read(held)
            else:
                self._slice(held, stopped)
        except CounterpartError as error:
            wait = self._failed(error)
        except Conflict:
            return True  # another process has it by now
        self._files.release(held, wait=wait)
        return True

    def _read(self, held: Held) -> None:
        """Read a whole file, once; it is accepted or rejected."""
        file, count, error = held.file, 0, None
        try:
            _fit(file, read_header(next(self._files.lines_of(file.id), b"")))
            count = sum(1 for _ in read_lines(self._files.lines_of(file.id)))
        except NotAsItMustBe as wrong:
            error = wrong.error
        self._files.settle_reading(held, count, error, at=self._clock.now())
        telemetry.event("inquiry-file-read", outcome="rejected" if error else "accepted", count=count)

    def _slice(self, held: Held, stopped: Callable[[], bool]) -> None:
        file = held.file
        done, in_vain = file.progress.answered, file.in_vain
        allowed = max(self._rules.in_vain_least, file.progress.count * self._rules.in_vain_percent // 100)
        lines = lines_after(self._files.lines_of(file.id), done)
        for block in islice(_blocks(lines), SLICE):
            begun = time.monotonic()
            told = self._ask(file, block) if in_vain < allowed else _not_asked(block)
            if told.asked is None:
                self._alarms.renew("budget-used-up", "file")
            self._commit(held, block, told)
            done, in_vain = done + len(block), in_vain + told.in_vain
            if stopped():
                return
            self._rest((time.monotonic() - begun) * (1 / self._rules.share - 1))
        if done == file.progress.count:
            self._finish(held)

    def _ask(self, file: KnownFile, block: Sequence[InquiryLine]) -> _Told:
        asked = self._questions.ask(file, block)
        self._failures = 0
        self._alarms.end("counterpart-unreachable", self._destination)
        reach(AFTER_SEND)
        at, reference = write_instant(asked.answer.checked_at), asked.answer.reference
        text = "".join(
            write_result(one.line.number, LineResult.of(one.result), at, reference, one.record)
            for one in asked.answer.answers
        )
        results = [one.result for one in asked.answer.answers]
        return _Told(
            text,
            sum(result is not InquiryResult.FOUND for result in results),
            sum(result in _NEGATIVE for result in results),
            asked,
        )

    def _commit(self, held: Held, block: Sequence[InquiryLine], told: _Told) -> None:
        asked = told.asked
        accesses = () if asked is None else (self._store.accesses.sealed(self._access(held, asked)),)
        with self._store.unit_of_work() as work:
            self._files.answer(
                work,
                held,
                first=block[0].number,
                count=len(block),
                lines=told.text,
                without_record=told.without_record,
                in_vain=told.in_vain,
                lease=LEASE,
            )
            self._store.record(work.connection, () if asked is None else asked.evidence, accesses)

    def _access(self, held: Held, asked: Asked) -> Access:
        """Whoever delivered the file sees what stands in its results."""
        found = inquired_by_file(asked.question, asked.answer)
        return Access(
            self._clock.now(),
            "in",
            Who.calling(held.file.system, held.file.caller),
            "InquirePeople",
            found.result,
            asked.message_id,
            found.people,
            found.with_number,
            "jlis",
        )

    def _finish(self, held: Held) -> None:
        file, digest = held.file, hashlib.sha256(columns_line().encode())
        for _, lines in self._files.answers_of(file.id):
            digest.update(lines.encode())
        header = FileHeader(
            file.caller.municipality,
            file.name,
            file.caller.purpose,
            file.basis,
            file.progress.count,
            digest.hexdigest(),
        )
        self._files.finish(held, write_header(RESULTS, header), at=self._clock.now())
        telemetry.event("inquiry-file-done", count=file.progress.count)

    def _failed(self, error: CounterpartError) -> timedelta:
        """How long to wait before the file's next turn."""
        self._failures += 1
        telemetry.warning("counterpart-failed", destination=self._destination, error=type(error).__name__)
        if self._failures >= _PATIENCE:
            self._alarms.begin("counterpart-unreachable", self._destination)
        return min(timedelta(seconds=0.5 * 2 ** min(self._failures, 10)), _LONGEST_WAIT)


def _fit(file: KnownFile, header: FileHeader) -> None:
    """What the first line says is what the pieces were delivered as. Raises NotAsItMustBe."""
    said: Iterator[tuple[str, object, object]] = iter(
        (
            ("municipality", header.municipality, file.caller.municipality),
            ("office", header.name.office, file.name.office),
            ("file", header.name.file, file.name.file),
            ("purpose", header.purpose, file.caller.purpose),
            ("basis", header.basis, file.basis),
        )
    )
    for column, told, delivered in said:
        if told != delivered:
            raise NotAsItMustBe(FileError(1, column, "not-as-delivered"))


def _not_asked(block: Sequence[InquiryLine]) -> _Told:
    text = "".join(write_result(line.number, LineResult.NOT_ASKED, "", "", None) for line in block)
    return _Told(text, len(block), 0)


def _blocks(lines: Iterator[InquiryLine]) -> Iterator[tuple[InquiryLine, ...]]:
    """The lines of one message after those of another."""
    while block := tuple(islice(lines, MOST_IN_MESSAGE)):
        yield block
