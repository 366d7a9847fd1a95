"""Consistency of a whole town, and a file of inquiries, at size: ``python -m tests.bench.comparing``.

    town FOLDER PEOPLE                       a store with so many people, in a new folder
    consistency FOLDER DIFFERENCES MODE      a run of flow 6 between two copies of that store
    inquiries LINES                          a file of flow 5 over a register of so many people

Both sides work in this process, over stores of their own: every message is written, judged by the schema and
read, pieces and answers are committed; nothing is signed or sent, which ``make bench`` measures. One line of
JSON; time and memory are this process's.
"""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from lxml import etree

from clients._soap import Exchange
from gateway.checking.sending import ConsistencySending
from gateway.clock import SystemClock
from gateway.contract import SERVICES, read_request, write_answer
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.consistency import MOST_RECORDS, NumberedRecord, RunMode, RunState, Total
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import FileHeader, FileName, InquiryLine
from gateway.domain.inquiry_file_keeping import FileOwner, NewPiece
from gateway.domain.inquiry_file_text import COLUMNS, INQUIRIES, write_header, write_line
from gateway.domain.register_text import RegisterText
from gateway.flows.consistency import CompareDigests, CompareRecords
from gateway.inquirer.answering import FileAnswering
from gateway.inquirer.questions import Questions
from gateway.settings import Consistency, InquiryFiles
from gateway.simulators.inquiry import ProvideRecords
from gateway.store import Newcomer, Store
from gateway.telemetry import Alarms
from tests.kit.towns import people_of

TOWN: Final = MunicipalityCode("131016")
CALLER: Final = Caller(TOWN, "131016-cs", Operator("SYSTEM", "SYSTEM"), Purpose.NUMBER_USE)
_PIECE_LINES: Final = 10_000


def main(arguments: list[str]) -> None:
    """Measure what the command line asks for."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if arguments[0] == "town":
            found = town(Path(arguments[1]), int(arguments[2]))
        elif arguments[0] == "consistency":
            found = consistency(folder, Path(arguments[1]), int(arguments[2]), RunMode(arguments[3]))
        else:
            found = inquiries(folder, int(arguments[1]))
    found["memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    sys.stdout.write(json.dumps(found) + "\n")


def town(folder: Path, size: int) -> dict[str, Any]:
    """Make the store that both sides of a run are copies of; how long that took."""
    began = time.perf_counter()
    filled(folder, size).close()
    octets = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
    seconds = time.perf_counter() - began
    return {"people": size, "seconds": round(seconds, 2), "megabytes": round(octets / 1e6, 1)}


def consistency(folder: Path, made: Path, differences: int, mode: RunMode) -> dict[str, Any]:
    """One run between a town and a server that differ so often."""
    here, there = (_copied(made, folder / name) for name in ("here", "there"))
    size = here.register.count()
    _spoil(here, there, differences)
    wire = Wire(there)
    reference = here.consistency_runs.open("server", mode, at=SystemClock().now())
    alarms, rules = Alarms(folder), Consistency(share=1)
    sending = ConsistencySending(
        here,
        SystemClock(),
        CALLER,
        lambda _: wire,  # type: ignore[arg-type, return-value] # delivers as a channel does
        rules,
        alarms,
        rest=lambda _: None,
    )
    began = time.perf_counter()
    while sending.work(lambda: False):
        pass
    seconds = time.perf_counter() - began
    run = here.consistency_runs.find(reference)
    if run is None or run.state is not RunState.WAITING or wire.found != differences:
        raise SystemExit(f"{wire.found} differences were found, {differences} were made")
    began = time.perf_counter()
    after, counted = None, 0
    while people := here.consistency_records.some(TOWN.digits, after, MOST_RECORDS):
        counted += Total.of(people).count
        after = people[-1].record.code
    hashed = time.perf_counter() - began
    here.close()
    there.close()
    return {
        "people": size,
        "differences": differences,
        "mode": mode.value,
        "seconds": round(seconds, 2),
        "read_and_hash_seconds": round(hashed, 2),
        "megabytes": round(run.octets / 1e6, 1),
    }


def inquiries(folder: Path, size: int) -> dict[str, Any]:
    """A file that asks for everybody of a register."""
    here, there = (
        Store.open(_new(folder / "here"), clock=SystemClock(), upgrade=True),
        filled(folder / "there", size),
    )
    name = FileName("BENCH", "1")
    numbers = (one.record for one in people_of((TOWN.digits,), size, seed=4))
    asked = [one.individual_number for one in numbers if one.individual_number is not None]
    rest = ",".join(COLUMNS) + "\n"
    rest += "".join(write_line(InquiryLine(place, number)) for place, number in enumerate(asked, start=1))
    digest = hashlib.sha256(rest.encode()).hexdigest()
    header = FileHeader(TOWN, name, CALLER.purpose, LegalBasis.NUMBER_USE, len(asked), digest)
    lines = (write_header(INQUIRIES, header) + rest).splitlines(keepends=True)
    pieces = -(-len(lines) // _PIECE_LINES)
    for number in range(pieces):
        text = "".join(lines[number * _PIECE_LINES : (number + 1) * _PIECE_LINES])
        new = NewPiece(CALLER, LegalBasis.NUMBER_USE, name, number + 1, pieces, text, b"", "bench")
        with here.unit_of_work() as work:
            here.inquiry_files.write_piece(work, new, at=SystemClock().now())
    answering = FileAnswering(
        here,
        SystemClock(),
        Questions(Wire(there), "jlis", SystemClock()),  # type: ignore[arg-type] # delivers as a channel does
        "jlis",
        InquiryFiles(share=1),
        Alarms(folder),
        rest=lambda _: None,
    )
    began = time.perf_counter()
    while answering.work(lambda: False):
        pass
    seconds = time.perf_counter() - began
    done = here.inquiry_files.known(FileOwner.of(CALLER, name))
    if done is None or done.progress.answered != len(asked) or done.progress.without_record:
        raise SystemExit("not every line was answered with a record")
    here.close()
    there.close()
    rate = round(len(asked) / seconds)
    return {"lines": len(asked), "seconds": round(seconds, 2), "lines_per_second": rate}


def filled(folder: Path, size: int) -> Store:
    """A store with so many people of the town."""
    store = Store.open(_new(folder), clock=SystemClock(), upgrade=True)
    people = people_of((TOWN.digits,), size, seed=4)
    newcomers = (Newcomer(one.versions(), None) for one in people)
    store.loader.load(newcomers, source=f"bench {size}", recorded_at=SystemClock().now() - timedelta(days=9))
    return store


def _copied(made: Path, folder: Path) -> Store:
    shutil.copytree(made, folder)
    return Store.open(folder, clock=SystemClock())


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _spoil(here: Store, there: Store, differences: int) -> None:
    """So many people differ: in turn changed there, missing there, and missing here."""
    spread = max(1, here.register.count() // max(differences, 1))
    people = list(islice(_everybody(here), 0, spread * differences, spread))
    for place, one in enumerate(people):
        store = here if place % 3 == 2 else there
        with store.unit_of_work() as work:
            store.register.put(
                work,
                replace(one.record, address=RegisterText("別の住所")),
                valid_from=None,
                reason=None,
                recorded_at=SystemClock().now() - timedelta(days=9),
                removed=place % 3 > 0,
            )


def _everybody(store: Store) -> Iterator[NumberedRecord]:
    """All people of the town, read as a run reads them."""
    after = None
    while some := store.consistency_records.some(TOWN.digits, after, MOST_RECORDS):
        yield from some
        after = some[-1].record.code


class Wire:
    """What a channel does, by the contract and the counterpart's use cases."""

    def __init__(self, there: Store) -> None:
        self._there = there
        self.found = 0
        comparisons, records, clock = there.consistency_comparisons, there.consistency_records, SystemClock()
        self._handlers: dict[str, Any] = {
            "CompareRecords": CompareRecords(records, comparisons.find, clock, take=self._take, prefix="P"),
            "CompareDigests": CompareDigests(records, clock, prefix="P"),
            "InquirePeople": ProvideRecords(there.register, clock).many,
        }

    def _take(self, work: Any, piece: Any, held: Total, found: Any) -> None:
        self.found += len(found)
        self._there.consistency_comparisons.take(work, piece, held, found, at=SystemClock().now())

    def deliver(self, body: bytes, action: str, message_id: str, *, observe: Any) -> Any:
        """The answer to a message."""
        service = SERVICES[action.split(":")[2]]
        operation = service.operations[action]
        answer = self._handlers[operation.name](read_request(service, operation, etree.fromstring(body)))
        if operation.changes:
            with self._there.unit_of_work() as work:
                answer.write(work)
            answer = answer.answer
        raw = write_answer(service, operation, answer)
        observe(Exchange(operation.name, message_id, body, raw, "CN", False, None, 0.0, "answered"))
        return SimpleNamespace(content=etree.fromstring(raw), request=body, answer=raw)


if __name__ == "__main__":
    main(sys.argv[1:])
