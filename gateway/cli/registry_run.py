"""Reports a whole file batch by batch, and remembers what was acknowledged, to go on from there.

The journal lies beside the file, one JSON line each, synced before the next step:

    {"version": 1, "digest": …, "batch_size": …}     of which file, in batches of how many
    {"batch": 0, "message_id": …}                    before a batch is sent, and the same for every retry
    {"batch": 0, "reference": …, "accepted": …, "already": …, "refused": […]}     once it is answered

A batch that was sent and not answered is sent again under its MessageID, with the same content: the CS
recognises it, and nothing is recorded twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.changes_file import read_changes
from gateway.domain.caller import Caller
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_report import ChangeReceipt, ChangeReport
from gateway.domain.faults import OPERATION_FAULTS
from gateway.errors import (
    CounterpartAnswerInvalid,
    CounterpartError,
    CounterpartFault,
    CounterpartTimeout,
    CounterpartUnavailable,
    UsageError,
)
from gateway.state import FILE_MODE
from gateway.wss.sign import new_message_id

Item = TypeVar("Item")
Receipt = TypeVar("Receipt")

_FIRST_PAUSE: Final = 0.2  # seconds before the second attempt; doubles
_LONGEST_PAUSE: Final = 5.0
_PASSING: Final = {
    *(kind.code for kind in OPERATION_FAULTS.values() if kind.temporary),
    "InternalError",
}


@dataclass(slots=True)
class Totals:
    """What became of the changes so far; ``refused`` are one document each, with their lines."""

    accepted: int = 0
    already: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Changes that were answered."""
        return self.accepted + self.already + len(self.refused)


class Journal:
    """What is known of a run. Raises UsageError when it is of another file or cannot be read."""

    def __init__(self, file: Path, *, digest: str, batch_size: int) -> None:
        self._file = file
        self.batch_size = batch_size
        self.message_ids: dict[int, str] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self._read(digest)
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
        if not file.stat().st_size:
            self._note({"version": 1, "digest": digest, "batch_size": batch_size})

    def _read(self, digest: str) -> None:
        if not self._file.exists():
            return
        raw = self._file.read_bytes()
        whole = raw[: raw.rfind(b"\n") + 1]
        if whole != raw:  # cut short by the end of the machine: as if never written
            os.truncate(self._file, len(whole))
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                entry = json.loads(line)
                self._take(entry, digest)
            except (ValueError, KeyError, TypeError):
                raise UsageError(f"{self._file}: line {number}: is no line of a journal") from None

    def _take(self, entry: dict[str, Any], digest: str) -> None:
        if "version" in entry:
            if entry["digest"] != digest:
                raise UsageError(f"{self._file}: is the journal of another content; give --journal FILE")
            self.batch_size = int(entry["batch_size"])
        elif "message_id" in entry:
            self.message_ids[int(entry["batch"])] = str(entry["message_id"])
        else:
            self.answers[int(entry["batch"])] = entry

    def sending(self, batch: int) -> str:
        """The MessageID of a batch, noted before it is sent for the first time."""
        if batch not in self.message_ids:
            self.message_ids[batch] = new_message_id()
            self._note({"batch": batch, "message_id": self.message_ids[batch]})
        return self.message_ids[batch]

    def answered(self, batch: int, answer: dict[str, Any]) -> None:
        """What a batch was answered."""
        self.answers[batch] = answer
        self._note({"batch": batch, **answer})

    def _note(self, entry: dict[str, Any]) -> None:
        os.write(self._handle, (json.dumps(entry) + "\n").encode())
        os.fsync(self._handle)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def digest_of(source: Path) -> str:
    """SHA-256 of a file's bytes, in hex. Raises UsageError."""
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{source}: cannot be read ({error.strerror})") from None


def count_and_digest(source: Path) -> tuple[int, str]:
    """How many changes a file holds, all of them readable, and the digest of its bytes. Raises UsageError."""
    return sum(1 for _ in read_changes(source)), digest_of(source)


def report_file(
    source: Path,
    client: ResidentRecordSystem,
    caller: Caller,
    journal: Journal,
    *,
    patience: float,
    reached: Callable[[Totals], None],
) -> Totals:
    """Report every batch of changes that was not answered yet, as ``run_batches`` does."""

    def send(batch: list[tuple[int, Change]], message_id: str) -> dict[str, Any]:
        report = ChangeReport(caller, tuple(change for _, change in batch))
        receipt = patiently(lambda: client.report_changes(report, message_id=message_id), patience)
        return _answer(receipt, [line for line, _ in batch])

    return run_batches(_batches(source, journal.batch_size), journal, send, reached)


def run_batches(
    batches: Iterable[tuple[int, list[Item]]],
    journal: Journal,
    send: Callable[[list[Item], str], dict[str, Any]],
    reached: Callable[[Totals], None],
) -> Totals:
    """Send every batch that was not answered yet, in their order. Raises CounterpartError.

    ``send`` is given a batch and its MessageID, and gives the answer as the journal keeps it: ``accepted``,
    ``already`` and ``refused``. ``reached`` is called with the totals after each.
    """
    totals = Totals()
    for number, batch in batches:
        answer = journal.answers.get(number)
        if answer is None:
            answer = send(batch, journal.sending(number))
            journal.answered(number, answer)
        totals.accepted += answer["accepted"]
        totals.already += answer["already"]
        totals.refused += answer["refused"]
        reached(totals)
    return totals


def _batches(source: Path, size: int) -> Iterator[tuple[int, list[tuple[int, Change]]]]:
    changes = read_changes(source)
    number = 0
    while batch := list(islice(changes, size)):
        yield number, batch
        number += 1


def patiently(call: Callable[[], Receipt], patience: float) -> Receipt:
    """Call again, for so many seconds, for as long as the cause is one that passes. Raises CounterpartError.

    Every call must be under the same MessageID.
    """
    limit, pause = time.monotonic() + patience, _FIRST_PAUSE
    while True:
        try:
            return call()
        except CounterpartError as error:
            if not _passes(error) or time.monotonic() + pause > limit:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _passes(error: CounterpartError) -> bool:
    if isinstance(error, CounterpartFault):
        return error.standing != "bound" or error.code in _PASSING
    return isinstance(error, CounterpartUnavailable | CounterpartTimeout | CounterpartAnswerInvalid)


def _answer(receipt: ChangeReceipt, lines: list[int]) -> dict[str, Any]:
    """A receipt as the journal keeps it: numbers of lines, nothing of a person."""
    results = [outcome.result for outcome in receipt.outcomes]
    refused = [
        {"line": line, "number": outcome.number, "result": outcome.result.value, "expected": outcome.expected}
        for line, outcome in zip(lines, receipt.outcomes, strict=True)
        if not outcome.result.is_on_record
    ]
    return {
        "reference": receipt.reference,
        "accepted": results.count(ChangeResult.ACCEPTED),
        "already": results.count(ChangeResult.ALREADY_ACCEPTED),
        "refused": refused,
    }
