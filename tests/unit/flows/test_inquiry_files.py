"""Flow 5 by file over a real store: pieces in their order, a file read whole, each line answered once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.clock import FixedClock
from gateway.domain.caller import Caller
from gateway.domain.csv_text import cells_of
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import InquiryResult, LegalBasis
from gateway.domain.inquiry_file import (
    FileError,
    FileHeader,
    FileName,
    FilePiece,
    FileQuestion,
    FileState,
    InquiryLine,
    LineAnswer,
    ManyAnswers,
    ManyInquiries,
    PieceResult,
    ResultsQuestion,
)
from gateway.domain.inquiry_file_keeping import FileOwner, KnownFile
from gateway.domain.inquiry_file_text import COLUMNS, INQUIRIES, write_header, write_line
from gateway.errors import CounterpartTimeout
from gateway.flows import inquiry_files
from gateway.flows.inquiry_files import GiveResults, TakePieces, TellProgress
from gateway.inquirer.answering import FileAnswering
from gateway.inquirer.questions import Asked
from gateway.settings import InquiryFiles
from gateway.store import Conflict, Store
from gateway.telemetry import Alarms
from tests.kit.inquiries import AT, RECORD, USING

NAME = FileName("TAX", "2026-1")
NOBODY = IndividualNumber("149709400944")


def text_of(count: int, *, name: FileName = NAME, nobody: Sequence[int] = ()) -> str:
    number = RECORD.individual_number
    assert number is not None
    rest = ",".join(COLUMNS) + "\n"
    for line in range(1, count + 1):
        rest += write_line(InquiryLine(line, NOBODY if line in nobody else number))
    digest = hashlib.sha256(rest.encode()).hexdigest()
    header = FileHeader(USING.municipality, name, USING.purpose, LegalBasis.NUMBER_USE, count, digest)
    return write_header(INQUIRIES, header) + rest


class Provider:
    """Asks nobody: RECORD has its own number, nobody has the other."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []
        self.fails = 0

    def ask(self, file: KnownFile, lines: Sequence[InquiryLine]) -> Asked:
        if self.fails:
            self.fails -= 1
            raise CounterpartTimeout("late")
        self.asked.append(tuple(line.number for line in lines))
        answers = tuple(
            LineAnswer(line, InquiryResult.NO_RECORD)
            if line.key == NOBODY
            else LineAnswer(line, InquiryResult.FOUND, RECORD)
            for line in lines
        )
        question = ManyInquiries(file.caller, file.basis, tuple(lines))
        return Asked(question, ManyAnswers(AT, "ref-00000001", answers), "urn:uuid:1", ())


class Office:
    """The use cases over one store, and the process that answers."""

    def __init__(self, folder: Path, database: Path | str | None = None) -> None:
        self.clock = FixedClock(AT)
        self.store = Store.open(database or folder, clock=self.clock, upgrade=True)
        self.provider = Provider()
        self.files = self.store.inquiry_files
        self.alarms = Alarms(folder)

    def take(self, piece: FilePiece) -> tuple[PieceResult, int | None]:
        decision = TakePieces(self.files, self.clock, write=self._write)(piece)
        with self.store.unit_of_work() as work:
            work.about = ("office-1", "urn:uuid:2")
            decision.write(work)
        return decision.answer.result, decision.answer.expected

    def _write(self, work: Any, piece: Any) -> None:
        self.files.write_piece(work, piece, at=self.clock.now())

    def answer(self, times: int = 20, **rules: Any) -> None:
        answering = FileAnswering(
            self.store,
            self.clock,
            self.provider,  # type: ignore[arg-type] # asks as Questions does
            "jlis-server",
            InquiryFiles(**rules),
            self.alarms,
            rest=lambda _seconds: None,
        )
        for _ in range(times):
            answering.work(lambda: False)

    def state(self, caller: Caller = USING, name: FileName = NAME) -> Any:
        return TellProgress(self.files, self.clock)(FileQuestion(caller, name)).progress

    def results(self, name: FileName = NAME) -> list[str]:
        give, after, text = GiveResults(self.files, self.clock), 0, ""
        while True:
            part = give(ResultsQuestion(USING, name, after))
            text += part.text or ""
            if part.following is None:
                return text.splitlines()
            after = part.following


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def anywhere(tmp_path: Path, database: Path | str) -> Iterator[Office]:
    """The same, on either database."""
    made = Office(tmp_path, database)
    yield made
    made.store.close()


def pieces(text: str, count: int, caller: Caller = USING) -> list[FilePiece]:
    lines = text.splitlines(keepends=True)
    size = -(-len(lines) // count)
    return [
        FilePiece(
            caller,
            LegalBasis.NUMBER_USE,
            NAME,
            number,
            count,
            "".join(lines[(number - 1) * size : number * size]),
        )
        for number in range(1, count + 1)
    ]


def test_pieces_are_taken_in_their_order_and_once(office: Office) -> None:
    first, second, third = pieces(text_of(10), 3)
    assert office.take(second) == (PieceResult.OUT_OF_TURN, 1)
    assert office.take(first) == (PieceResult.ACCEPTED, 2)
    assert office.take(third) == (PieceResult.OUT_OF_TURN, 2)
    assert office.take(first) == (PieceResult.ALREADY_ACCEPTED, 2)
    assert office.take(replace(first, text="x\n")) == (PieceResult.OTHER_CONTENT, 2)
    assert office.take(replace(second, pieces=4)) == (PieceResult.OTHER_CONTENT, 2)
    assert office.take(replace(second, basis=LegalBasis.LISTED_WORK))[0] is PieceResult.OTHER_CONTENT
    assert office.state().state is FileState.RECEIVING
    assert office.take(second) == (PieceResult.ACCEPTED, 3)
    assert office.take(third) == (PieceResult.ACCEPTED, None)
    assert office.state().state is FileState.RECEIVED


def test_two_that_take_the_same_piece(office: Office) -> None:
    first, second = pieces(text_of(4), 2)
    office.take(first)
    take = TakePieces(office.files, office.clock, write=office._write)
    late = take(second)
    office.take(second)
    with pytest.raises(Conflict), office.store.unit_of_work() as work:
        late.write(work)


def test_a_file_may_be_too_large(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pieces(text_of(4), 2)
    office.take(first)
    monkeypatch.setattr(inquiry_files, "MOST_BYTES", len(first.text.encode()))
    assert office.take(second)[0] is PieceResult.TOO_MUCH


def test_each_line_is_answered_once_in_the_order_of_the_file(anywhere: Office) -> None:
    office = anywhere
    for piece in pieces(text_of(60, nobody=[7]), 2):
        office.take(piece)
    office.provider.fails = 2
    office.answer(times=1)
    assert office.state().state is FileState.ACCEPTED
    assert office.results() == []
    for _ in range(3):  # each failure waits before the next turn
        office.answer(times=1)
        office.files.recover()
        with office.store.unit_of_work() as work:
            work.connection.exec_driver_sql("UPDATE inquiry_files SET lease_until = 0")
    done = office.state()
    assert (done.state, done.count, done.answered, done.without_record) == (FileState.DONE, 60, 60, 1)
    assert [line for block in office.provider.asked for line in block] == list(range(1, 61))
    header, _, *lines = office.results()
    assert cells_of(f"{header}\n".encode())[:2] == ["juki-inquiry-results", "1"]
    told = [cells_of(f"{line}\n".encode()) for line in lines]
    assert [int(cells[0]) for cells in told] == list(range(1, 61))
    assert [cells[1] for cells in told].count("no_record") == 1
    rest = "\n".join(office.results()[1:]) + "\n"
    assert header.endswith(hashlib.sha256(rest.encode()).hexdigest())


def test_a_long_result_comes_in_parts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry_files, "PART_BYTES", 2000)
    office.take(pieces(text_of(200), 1)[0])
    office.answer()
    assert len(office.results()) == 202
    part = GiveResults(office.files, office.clock)(ResultsQuestion(USING, NAME, 0))
    assert part.following is not None


def test_nobody_is_asked_for_a_file_that_is_not_as_it_must_be(office: Office) -> None:
    wrong = text_of(30).replace("\n30,", "\n31,")
    office.take(pieces(wrong, 1)[0])
    office.answer()
    rejected = office.state()
    assert (rejected.state, rejected.error) == (FileState.REJECTED, FileError(32, "line", "order"))
    assert office.provider.asked == []


def test_a_header_that_says_something_else(office: Office) -> None:
    office.take(pieces(text_of(3, name=FileName("TAX", "2026-2")), 1)[0])
    office.answer()
    assert office.state().error == FileError(1, "file", "not-as-delivered")


def test_a_file_has_a_budget(office: Office) -> None:
    office.take(pieces(text_of(100, nobody=range(1, 101)), 1)[0])
    office.answer(in_vain_least=10, in_vain_percent=50)
    assert [len(block) for block in office.provider.asked] == [25, 25]
    results = [line.split(",")[1] for line in office.results()[2:]]
    assert results == ["no_record"] * 50 + ["not_asked"] * 50
    assert [alarm.about for alarm in office.alarms.active()] == ["file"]


def test_another_terminal_has_no_part_in_it(office: Office) -> None:
    office.take(pieces(text_of(3), 1)[0])
    other = replace(USING, terminal="131016-terminal-2")
    assert office.state(other) is None
    give = GiveResults(office.files, office.clock)
    office.answer()
    assert give(ResultsQuestion(USING, NAME, 0)).text is not None
    assert give(ResultsQuestion(other, NAME, 0)).text is None


def test_a_file_and_its_results_are_erased_in_time(anywhere: Office) -> None:
    office = anywhere
    office.take(pieces(text_of(3), 1)[0])
    office.answer()
    assert office.files.erase(before=AT) == 0
    assert office.files.erase(before=AT + timedelta(days=1)) == 1
    assert office.files.known(FileOwner.of(USING, NAME)) is None
    with office.store.read() as connection:
        for table in ("inquiry_pieces", "inquiry_answers"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0  # noqa: S608


def test_whoever_lost_the_file_commits_nothing(anywhere: Office) -> None:
    office = anywhere
    office.take(pieces(text_of(30), 1)[0])
    office.answer(times=1)
    held = office.files.claim(timedelta(minutes=1))
    assert held is not None
    assert office.files.claim(timedelta(minutes=1)) is None
    office.files.recover()
    values = {"first": 1, "count": 25, "lines": "x\n", "without_record": 0, "in_vain": 0}
    with pytest.raises(Conflict), office.store.unit_of_work() as work:
        office.files.answer(work, held, lease=timedelta(minutes=1), **values)  # type: ignore[arg-type]
    assert office.state().answered == 0
