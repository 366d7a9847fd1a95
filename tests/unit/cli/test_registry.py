"""The file of changes, its journal, and a run that is ended and begun again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.changes_file import COLUMNS, read_changes, write_changes
from gateway.cli.registry_run import Journal, Totals, count_and_digest, report_file
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_report import ChangeOutcome, ChangeReceipt, ChangeReport
from gateway.domain.values import InvalidValue
from gateway.errors import CounterpartError, CounterpartFault, CounterpartTimeout, UsageError
from tests.kit.changes import clerk, entry, move, recode, removal

CHANGES = [entry(1), move(1, 2, '東京都"千代田区",霞が関'), recode(1, 3, 2), removal(2, 4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "changes.csv"
    write(made, CHANGES)
    return made


def write(file: Path, changes: list[Change]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        write_changes(changes, out)


def test_what_is_written_is_read(file: Path) -> None:
    assert list(read_changes(file)) == list(enumerate(CHANGES, start=2))


def test_columns_in_any_order(file: Path) -> None:
    rows = [line.split(",") for line in file.read_text().splitlines()[:2]]
    file.write_text("".join(",".join(reversed(row)) + "\n" for row in rows))
    assert list(read_changes(file)) == [(2, CHANGES[0])]


def cell(column: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.split("\n")
        cells = lines[1].split(",")
        cells[COLUMNS.index(column)] = new
        return "\n".join([lines[0], ",".join(cells), *lines[2:]])

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (cell("number", "0"), "line 2, column number: number"),
        (cell("number", "01"), "line 2, column number: number"),
        (cell("reason", "moved_in"), "line 2, column reason: code"),
        (cell("reason", "code_change_asked"), "line 2, column former_code: former-code"),
        (cell("event_digits", "20260230"), "line 2, column event_digits: event-date"),
        (cell("event_digits", "19260230"), "line 2, column event_digits: era"),
        (cell("event_calendar", "edo"), "line 2, column event_calendar: code"),
        (cell("event_text", "x"), "line 2, column event_digits: text"),
        (cell("former_code", "1"), "line 2, column former_code: digits"),
        (cell("resident_record_code", "00000000001"), "line 2, column resident_record_code: check-digit"),
        (cell("individual_number", "1"), "line 2, column individual_number: digits"),
        (cell("name", ""), "line 2, column name: empty"),
        (cell("name", "=1+1"), "line 2, column name: formula"),
        (cell("address", "＠x"), "line 2, column address: formula"),
        (cell("kana", "かな"), "line 2, column kana: "),
        (cell("sex", "3"), "line 2, column sex: code"),
        (cell("municipality", "131010"), "line 2, column municipality: check-digit"),
        (
            lambda text: text.replace("number,", "numbers,", 1),
            "line 1: there is no column of the name in place 1",
        ),
        (lambda text: text.replace("reason,", "number,", 1), "line 1, column number: named twice"),
        (lambda text: text.replace(",municipality", "", 1), "line 1, column municipality: is missing"),
        (
            lambda text: text.replace("\n", ",x\n", 2).replace(",x\n", "\n", 1),
            "line 2: 22 cells, the first line names 21",
        ),
        (lambda text: text.replace("\n", "\r\n"), "line 1: holds a control character"),
        (lambda text: "\ufeff" + text, "line 1: holds a control character"),
        (lambda text: text + "x", "line 6: does not end in LF"),
        (lambda text: text + '"x\n', "line 6: quotation marks are wrongly set"),
        (lambda text: text + "x" * 70_000 + "\n", "line 6: longer than 65,536 bytes"),
        (lambda _: "", "line 1: names no columns"),
    ],
)
def test_a_bad_line_is_named_and_not_quoted(file: Path, change: Callable[[str], str], said: str) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    with pytest.raises(UsageError) as caught:
        list(read_changes(file))
    assert str(caught.value).startswith(f"{file}: {said}")
    assert "試験" not in str(caught.value)


def test_bytes_that_are_no_text(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace("試験".encode(), b"\xff\xfe", 1))
    with pytest.raises(UsageError, match="line 2: not UTF-8"):
        count_and_digest(file)
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_changes(file.with_name("nowhere")))


def test_no_formula_is_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="formula"):
        write(tmp_path / "x.csv", [move(1, 2, "=x")])


class System:
    """The client's stand-in: remembers what came, answers or fails as it is told."""

    def __init__(self, *failures: CounterpartError | type[BaseException]) -> None:
        self.failures = list(failures)
        self.came: list[tuple[str, tuple[Change, ...]]] = []

    def report_changes(self, report: ChangeReport, *, message_id: str) -> ChangeReceipt:
        self.came.append((message_id, report.changes))
        if self.failures:
            raise self.failures.pop(0)
        outcomes = tuple(
            ChangeOutcome(one.code, one.number, ChangeResult.ACCEPTED)
            if one.number < 4
            else ChangeOutcome(one.code, one.number, ChangeResult.NUMBER_GAP, 3)
            for one in report.changes
        )
        return ChangeReceipt(datetime(2026, 11, 25, tzinfo=UTC), "M-00000001", outcomes)


def run(file: Path, system: System, size: int = 1, patience: float = 0.0) -> Totals:
    count, digest = count_and_digest(file)
    assert count == len(CHANGES)
    journal = Journal(file.with_name("kept"), digest=digest, batch_size=size)
    try:
        client: Any = system
        return report_file(file, client, clerk(), journal, patience=patience, reached=lambda _: None)
    finally:
        journal.close()


def test_a_run_goes_on_where_it_ended_with_the_same_message_id(file: Path) -> None:
    interrupted = System(CounterpartTimeout("late"))
    with pytest.raises(CounterpartTimeout):
        run(file, interrupted, size=2)
    again = System(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        run(file, again, size=1)  # the journal's own size counts
    last = System()
    totals = run(file, last)
    assert (totals.accepted, totals.already, totals.done) == (3, 0, 4)
    assert totals.refused == [{"line": 5, "number": 4, "result": "number_gap", "expected": 3}]
    assert interrupted.came == again.came == last.came[:1]
    assert [changes for _, changes in last.came] == [tuple(CHANGES[:2]), tuple(CHANGES[2:])]
    quiet = System()
    assert run(file, quiet) == totals
    assert quiet.came == []
    assert "試験" not in file.with_name("kept").read_text()


def test_what_passes_is_tried_again_and_what_lasts_is_not(file: Path) -> None:
    busy = CounterpartFault("Busy", "later", None, "bound")
    system = System(CounterpartTimeout("late"), busy)
    assert run(file, system, size=4, patience=5.0).done == 4
    assert len({name for name, _ in system.came}) == 1
    file.with_name("kept").unlink()
    system = System(CounterpartFault("NotPermitted", "no", None, "bound"))
    with pytest.raises(CounterpartFault):
        run(file, system, size=4, patience=5.0)
    assert len(system.came) == 1


def test_a_journal_of_another_file_or_of_nothing(file: Path) -> None:
    run(file, System())
    write(file, [*CHANGES[:3], entry(9)])
    with pytest.raises(UsageError, match="is the journal of another content"):
        run(file, System())
    file.with_name("kept").write_text('{"version": 1}\n')
    with pytest.raises(UsageError, match="line 1: is no line of a journal"):
        run(file, System())


def test_a_line_cut_short_counts_as_never_written(file: Path) -> None:
    system = System(CounterpartTimeout("late"))
    with pytest.raises(CounterpartTimeout):
        run(file, system, size=4)
    kept = file.with_name("kept")
    kept.write_bytes(kept.read_bytes() + b'{"batch": 0, "acc')
    assert run(file, System(), size=4).done == 4
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert [sorted(line) for line in lines] == [
        ["batch_size", "digest", "version"],
        ["batch", "message_id"],
        ["accepted", "already", "batch", "reference", "refused"],
    ]
