"""情報参照ファイル (情報照会依頼ファイル) and 情報提供ファイル (情報照会結果ファイル): what they are made of.

The source document names the two files and says nothing of what stands in them: the form is this product's,
docs/flows/inquiry-files.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.caller import Caller
from gateway.domain.codes import Coded, Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry import InquiryKey, InquiryResult, LegalBasis
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue, read_code

MOST_LINES: Final = 1_000_000
"""Of one file (own rule)."""

MOST_IN_MESSAGE: Final = 25
"""Lines that 機構 is asked in one message (own rule): their answers fit a message, however long they are."""

_NAME: Final = re.compile("[0-9A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?")
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_REFERENCE: Final = re.compile("[0-9A-Za-z-]{8,64}")


class FileState(Coded):
    """How far a file of inquiries has come."""

    RECEIVING = ("receiving", "受信中", "Pieces of it are missing yet.")
    RECEIVED = ("received", "受信済み", "It is whole, and not read yet.")
    REJECTED = ("rejected", "却下", "It is not as it must be; nobody was asked anything.")
    ACCEPTED = ("accepted", "受理", "It is being answered, or waits for that.")
    DONE = ("done", "完了", "Every line is answered.")


class LineResult(Coded):
    """What a line of a file is answered with; the first four are those of an inquiry."""

    FOUND = ("found", "該当あり", "The person's identity record is given.")
    NO_RECORD = ("no_record", "該当なし", "No such person is on record.")
    SEVERAL_RECORDS = ("several_records", "複数該当", "More than one person fits; none is given.")
    REFUSED = ("refused", "提供不可", "The record is not provided for this purpose on this legal basis.")
    NOT_ASKED = ("not_asked", "未照会", "Too many lines before it were asked in vain.")
    WITHHELD = ("withheld", "出力不可", "The record holds a text that no file for machines may hold.")

    @classmethod
    def of(cls, result: InquiryResult) -> LineResult:
        """The same result as an inquiry's."""
        return read_code(cls, result.value)


class PieceResult(Coded):
    """Whether a piece of a file was taken."""

    ACCEPTED = ("accepted", "受理", "The piece is taken.")
    ALREADY_ACCEPTED = ("already_accepted", "受理済み", "The very piece was taken before.")
    OUT_OF_TURN = ("out_of_turn", "順序外", "Another piece comes first.")
    OTHER_CONTENT = (
        "other_content",
        "内容相違",
        "Another file, or another piece, was taken under this name.",
    )
    TOO_MUCH = ("too_much", "過大", "The file is larger than a file may be.")

    @property
    def is_taken(self) -> bool:
        """Whether the piece need not be sent again."""
        return self in {PieceResult.ACCEPTED, PieceResult.ALREADY_ACCEPTED}


@dataclass(frozen=True, slots=True)
class FileName:
    """By what an office names a file: itself and a name that it gives to no other.

    Raises InvalidValue ``identifier``.
    """

    office: str
    file: str

    def __post_init__(self) -> None:
        for what, text in (("office", self.office), ("file", self.file)):
            if not _NAME.fullmatch(text):
                raise InvalidValue(what, "identifier")


@dataclass(frozen=True, slots=True)
class FileHeader:
    """The first line: whose file, for what, how many lines, SHA-256 (hex) of all that follows that line.

    Raises InvalidValue whose ``what`` is the column: ``count`` or ``digest``.
    """

    municipality: MunicipalityCode
    name: FileName
    purpose: Purpose
    basis: LegalBasis
    count: int
    digest: str

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_LINES:
            raise InvalidValue("count", "range")
        if not _DIGEST.fullmatch(self.digest):
            raise InvalidValue("digest", "hex")


@dataclass(frozen=True, slots=True)
class InquiryLine:
    """One line: its number in the file, from 1, and whom it asks for. Raises InvalidValue ``range``."""

    number: int
    key: InquiryKey

    def __post_init__(self) -> None:
        if not 1 <= self.number <= MOST_LINES:
            raise InvalidValue("line", "range")


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What 機構 answers to one line, which it repeats. Raises InvalidValue ``record``."""

    line: InquiryLine
    result: InquiryResult
    record: IdentityRecord | None = None

    def __post_init__(self) -> None:
        if (self.record is not None) is not (self.result is InquiryResult.FOUND):
            raise InvalidValue("line-answer", "record")


@dataclass(frozen=True, slots=True)
class ManyInquiries:
    """Lines that 機構 is asked in one message."""

    caller: Caller
    basis: LegalBasis
    lines: tuple[InquiryLine, ...]


@dataclass(frozen=True, slots=True)
class ManyAnswers:
    """What it answers, one for each line and in their order, when (UTC), and its reference."""

    checked_at: datetime
    reference: str
    answers: tuple[LineAnswer, ...]

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("inquiry-answers", "reference")


@dataclass(frozen=True, slots=True, repr=False)
class FilePiece:
    """A piece of a file: its place among so many, from 1, and whole lines of the file.

    Raises InvalidValue ``range`` or ``lines``.
    """

    caller: Caller
    basis: LegalBasis
    name: FileName
    piece: int
    pieces: int
    text: str

    def __post_init__(self) -> None:
        if not 1 <= self.piece <= self.pieces:
            raise InvalidValue("piece", "range")
        if not self.text.endswith("\n"):
            raise InvalidValue("text", "lines")

    def __repr__(self) -> str:
        return "FilePiece(***)"


@dataclass(frozen=True, slots=True)
class PieceReceipt:
    """What became of a piece; ``expected`` is the piece that is wanted next, None when none is."""

    received_at: datetime
    reference: str
    result: PieceResult
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class FileQuestion:
    """How far is a file?"""

    caller: Caller
    name: FileName


@dataclass(frozen=True, slots=True)
class FileError:
    """Where a file is not as it must be: line of the file from 1, column where one is at fault, code."""

    line: int
    column: str
    code: str


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far: lines, those answered, those of them without a record; the error of one that is rejected."""

    state: FileState
    count: int
    answered: int
    without_record: int
    error: FileError | None = None


@dataclass(frozen=True, slots=True)
class FileStatus:
    """The answer to a FileQuestion; None where no such file was taken."""

    checked_at: datetime
    reference: str
    progress: FileProgress | None


@dataclass(frozen=True, slots=True)
class ResultsQuestion:
    """The result file from a position on, 0 being its beginning."""

    caller: Caller
    name: FileName
    after: int


@dataclass(frozen=True, slots=True, repr=False)
class ResultsPart:
    """A part of the result file, whole lines; ``following`` is where the next begins, None after the last.

    ``text`` is None while the file is not answered.
    """

    checked_at: datetime
    reference: str
    text: str | None
    following: int | None = None

    def __repr__(self) -> str:
        return "ResultsPart(***)"
