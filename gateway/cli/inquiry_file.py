"""``juki-gateway inquiry deliver | status | fetch | make``: files of inquiries of an addressee terminal.

The form of the files is docs/flows/inquiry-files.md.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from clients.addressee_terminal import AddresseeTerminal
from gateway.cli.asking import OperatorIds, PurposeCode, Terminal, asking_as, caller_of, usable
from gateway.cli.exits import Refusal
from gateway.cli.options import AsJson, State, open_state
from gateway.cli.output import Output
from gateway.domain.caller import Caller
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import (
    FileHeader,
    FileName,
    FilePiece,
    FileQuestion,
    FileState,
    FileStatus,
    PieceResult,
    ResultsQuestion,
)
from gateway.domain.inquiry_file_text import INQUIRIES, NotAsItMustBe, read_header, read_lines, write_header
from gateway.domain.values import read_code
from gateway.errors import UsageError

_PIECE_BYTES: Final = 1_000_000
_LOOK_SECONDS: Final = 1.0

Office = Annotated[str, typer.Option(help="The office whose file it is.")]
Name = Annotated[str, typer.Option("--file", help="The name that the office gave to the file.")]


def deliver(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="情報参照ファイル.")],
    terminal: Terminal,
    operator: OperatorIds,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every line is answered.")] = False,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Deliver a file of inquiries in signed pieces; begun again it goes on where it ended.

    The file is read to its end first: nothing of one that is not as it must be is sent (exit status 2).
    """
    output = Output(as_json)
    header = _header(file)
    state, settings = open_state(folder)
    with usable():
        caller = caller_of(settings, terminal, operator, header.purpose.value)
    with asking_as(AddresseeTerminal, state, settings) as client:
        pieces = sum(1 for _ in _pieces(file))
        sent = 0
        for number, lines in enumerate(_pieces(file), start=1):
            piece = FilePiece(caller, header.basis, header.name, number, pieces, lines)
            receipt = client.deliver_piece(piece)
            if not receipt.result.is_taken:
                raise Refusal(f"piece {number} of {pieces}: {receipt.result.value}: {receipt.result.en}")
            sent += receipt.result is PieceResult.ACCEPTED
            output.progress(f"piece {number} of {pieces}: {receipt.result.value}")
        status = client.query_file(FileQuestion(caller, header.name))
        while wait and not _is_settled(status):
            time.sleep(_LOOK_SECONDS)
            status = client.query_file(FileQuestion(caller, header.name))
            if status.progress is not None:
                output.progress(f"{status.progress.answered:,} of {header.count:,} lines are answered")
    _tell(output, header.name, status, pieces=pieces, sent=sent)


def status(
    terminal: Terminal,
    operator: OperatorIds,
    office: Office,
    file: Name,
    purpose: PurposeCode = Purpose.NUMBER_USE.value,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """How far a file of inquiries is. Exit status 1 for one that was rejected, or that nobody delivered."""
    state, settings = open_state(folder)
    with usable():
        asked = FileQuestion(caller_of(settings, terminal, operator, purpose), FileName(office, file))
    with asking_as(AddresseeTerminal, state, settings) as client:
        found = client.query_file(asked)
    _tell(Output(as_json), asked.name, found)


def fetch(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where the 情報提供ファイル is written; new.")],
    terminal: Terminal,
    operator: OperatorIds,
    office: Office,
    file: Name,
    purpose: PurposeCode = Purpose.NUMBER_USE.value,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the results of a file of inquiries. Exit status 1 while it is not answered."""
    state, settings = open_state(folder)
    with usable():
        caller = caller_of(settings, terminal, operator, purpose)
        name = FileName(office, file)
    if out.exists():
        raise UsageError(f"{out}: is there already")
    part = out.with_name(f".{out.name}.part")
    with asking_as(AddresseeTerminal, state, settings) as client:
        lines = _write(part, client, caller, name)
    if lines is None:
        part.unlink()
        raise Refusal(f"{office}/{file}: its results are not there")
    part.replace(out)
    output = Output(as_json)
    output.document({"office": office, "file": file, "out": str(out), "lines": lines})
    output.line(f"{lines:,} lines in {out}")


def make(
    rows: Annotated[
        Path, typer.Argument(metavar="ROWS", help="The lines, with the names of the columns first.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where the 情報参照ファイル is written.")],
    municipality: Annotated[str, typer.Option(help="Code of the municipality, six digits.")],
    office: Office,
    file: Name,
    basis: Annotated[str, typer.Option(help="Legal basis (根拠).")],
    purpose: PurposeCode = Purpose.NUMBER_USE.value,
    as_json: AsJson = False,
) -> None:
    """Put the first line, with count and digest, before the lines of a file of inquiries."""
    digest, count = hashlib.sha256(), -1
    with _reading(rows) as stream:
        for line in stream:
            digest.update(line)
            count += 1
    with usable():
        header = FileHeader(
            MunicipalityCode(municipality),
            FileName(office, file),
            read_code(Purpose, purpose),
            read_code(LegalBasis, basis),
            count,
            digest.hexdigest(),
        )
    first = write_header(INQUIRIES, header).encode()
    try:
        with _reading(rows) as stream:
            count = sum(1 for _ in read_lines(chain([first], stream)))
    except NotAsItMustBe as wrong:
        raise UsageError(f"{rows}: {wrong}, where line 1 is the one that this command makes") from None
    with _reading(rows) as stream, out.open("wb") as made:
        made.write(first)
        made.writelines(stream)
    output = Output(as_json)
    output.document({"out": str(out), "count": count, "digest": header.digest})
    output.line(f"{count:,} lines in {out}")


def _reading(file: Path) -> Any:
    try:
        return file.open("rb")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None


def _header(file: Path) -> FileHeader:
    """The header of a file that is read to its end. Raises UsageError with line and column."""
    try:
        with _reading(file) as stream:
            header = read_header(stream.readline(65_536))
            stream.seek(0)
            for _ in read_lines(stream):
                pass
    except NotAsItMustBe as wrong:
        raise UsageError(f"{file}: {wrong}") from None
    return header


def _pieces(file: Path) -> Iterator[str]:
    lines, size = list[bytes](), 0
    with _reading(file) as stream:
        for line in stream:
            if lines and size + len(line) > _PIECE_BYTES:
                yield b"".join(lines).decode()
                lines, size = [], 0
            lines.append(line)
            size += len(line)
    yield b"".join(lines).decode()


def _write(out: Path, client: AddresseeTerminal, caller: Caller, name: FileName) -> int | None:
    """Write the results part by part; gives how many lines, None where there are none."""
    count, after = -2, 0  # two lines are no answers
    with out.open("x", encoding="utf-8", newline="") as written:
        while True:
            part = client.fetch_results(ResultsQuestion(caller, name, after))
            if part.text is None:
                return None
            written.write(part.text)
            count += part.text.count("\n")
            if part.following is None:
                return count
            after = part.following


def _is_settled(status: FileStatus) -> bool:
    progress = status.progress
    return progress is None or progress.state in {FileState.REJECTED, FileState.DONE}


def _tell(output: Output, name: FileName, status: FileStatus, **more: int) -> None:
    progress = status.progress
    error = None if progress is None else progress.error
    output.document(
        {
            "office": name.office,
            "file": name.file,
            **more,
            "state": None if progress is None else progress.state.value,
            "count": progress and progress.count,
            "answered": progress and progress.answered,
            "without_record": progress and progress.without_record,
            "error": error and {"line": error.line, "column": error.column, "code": error.code},
        }
    )
    if progress is None:
        output.line(f"{name.office}/{name.file}: nobody delivered it", "yellow")
        raise typer.Exit(1)
    output.line(f"{progress.state.value}  {progress.state.ja}  {progress.state.en}")
    output.line(
        f"{progress.answered:,} of {progress.count:,} lines are answered, "
        f"{progress.without_record:,} without a record"
    )
    if error is not None:
        output.line(f"line {error.line}, column {error.column or '-'}: {error.code}", "red")
        raise typer.Exit(1)
