"""Flow 5 by file: pieces of a 情報参照ファイル are taken in their order, and what became of it is told.

Nothing is asked of 機構 before a file is whole and read to its end (gateway.inquirer).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from gateway.clock import Clock
from gateway.domain.inquiry_file import (
    FilePiece,
    FileQuestion,
    FileState,
    FileStatus,
    PieceReceipt,
    PieceResult,
    ResultsPart,
    ResultsQuestion,
)
from gateway.domain.inquiry_file_keeping import FileOwner, KnownFile, NewPiece
from gateway.domain.inquiry_file_text import RESULT_COLUMNS
from gateway.flows.decision import Decision

MOST_BYTES = 1 << 30
"""Of one file (own rule): a million lines of a kibibyte each."""

PART_BYTES = 131_072
"""Of the result file in one answer, which must fit the message of whoever asked (own rule)."""


class FileBook(Protocol):
    """The files, as the use cases read them."""

    def known(self, owner: FileOwner) -> KnownFile | None:
        """The owner's file of this name."""
        ...

    def piece_digest(self, file: int, piece: int) -> bytes | None:
        """SHA-256 of a piece that is there."""
        ...

    def answers_of(self, file: int, *, after: int = 0) -> Iterator[tuple[int, str]]:
        """Lines of the result file with the number of the first of each part, those after ``after``."""
        ...


WritePiece = Callable[[Any, NewPiece], None]
"""Takes a piece on a unit of work; raises the store's Conflict when it is not the next any more."""


class TakePieces:
    """The use case behind DeliverInquiryPiece."""

    def __init__(self, book: FileBook, clock: Clock, *, write: WritePiece) -> None:
        self._book = book
        self._clock = clock
        self._write = write

    def __call__(self, piece: FilePiece) -> Decision[PieceReceipt]:
        """Take the next piece; one that was taken before is told so."""
        known = self._book.known(FileOwner.of(piece.caller, piece.name))
        digest = hashlib.sha256(piece.text.encode()).digest()
        taken = 0 if known is None else known.taken
        result = self._rule(piece, known, digest)
        if result is not PieceResult.ACCEPTED:
            expected = taken + 1 if taken < piece.pieces else None
            return Decision(self._receipt(result, expected))
        new = NewPiece(piece.caller, piece.basis, piece.name, piece.piece, piece.pieces, piece.text, digest)
        expected = piece.piece + 1 if piece.piece < piece.pieces else None
        return Decision(self._receipt(result, expected), lambda work: self._write(work, new))

    def _rule(self, piece: FilePiece, known: KnownFile | None, digest: bytes) -> PieceResult:
        if known is None:
            return PieceResult.ACCEPTED if piece.piece == 1 else PieceResult.OUT_OF_TURN
        said = (known.pieces, known.caller.purpose, known.basis)
        if said != (piece.pieces, piece.caller.purpose, piece.basis):
            return PieceResult.OTHER_CONTENT
        if piece.piece <= known.taken:
            same = self._book.piece_digest(known.id, piece.piece) == digest
            return PieceResult.ALREADY_ACCEPTED if same else PieceResult.OTHER_CONTENT
        if piece.piece != known.taken + 1:
            return PieceResult.OUT_OF_TURN
        if known.size + len(piece.text.encode()) > MOST_BYTES:
            return PieceResult.TOO_MUCH
        return PieceResult.ACCEPTED

    def _receipt(self, result: PieceResult, expected: int | None) -> PieceReceipt:
        return PieceReceipt(self._clock.now(), _reference(), result, expected)


class TellProgress:
    """The use case behind QueryInquiryFile."""

    def __init__(self, book: FileBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def __call__(self, asked: FileQuestion) -> FileStatus:
        """How far the file of whoever asks is."""
        known = self._book.known(FileOwner.of(asked.caller, asked.name))
        return FileStatus(self._clock.now(), _reference(), None if known is None else known.progress)

    @staticmethod
    def stays_here(_asked: FileQuestion) -> bool:
        """Nobody else is asked."""
        return True


class GiveResults:
    """The use case behind FetchInquiryResults."""

    def __init__(self, book: FileBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def __call__(self, asked: ResultsQuestion) -> ResultsPart:
        """Lines of the result file from a position on; none before every line is answered."""
        known = self._book.known(FileOwner.of(asked.caller, asked.name))
        now, reference = self._clock.now(), _reference()
        if known is None or known.progress.state is not FileState.DONE or known.header is None:
            return ResultsPart(now, reference, None)
        parts = [] if asked.after else [result_head(known.header)]
        size = sum(len(part.encode()) for part in parts)
        last = asked.after
        for first, lines in self._book.answers_of(known.id, after=asked.after):
            size += len(lines.encode())
            if last != asked.after and size > PART_BYTES:
                return ResultsPart(now, reference, "".join(parts), last)
            parts.append(lines)
            last = first
        return ResultsPart(now, reference, "".join(parts) or None)


def result_head(header: str) -> str:
    """The first two lines of a result file."""
    return header + columns_line()


def columns_line() -> str:
    """The second line of a result file."""
    return ",".join(RESULT_COLUMNS) + "\n"


def _reference() -> str:
    return f"M-{secrets.token_hex(10)}"
