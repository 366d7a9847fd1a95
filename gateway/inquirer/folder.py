"""A watched folder: its owner leaves files of inquiries in ``in``, and finds results in ``out``.

    in/         files, each moved there whole under a name that does not begin with a dot
    accepted/   those that are taken; rejected/ those that are not, each with NAME.error.csv
    out/        the results, under the name of the file

Whose the files are is said by the folder: it is registered for one system, and a file counts only when it
belongs to the user who owns the folder. No link is followed, and nothing is read twice by name: a file is
opened once, judged by its handle, and moved.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from gateway import telemetry
from gateway.clock import Clock
from gateway.domain.caller import Caller, Operator
from gateway.domain.csv_text import line_of
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.inquiry_file import FileError, FileHeader, FileState
from gateway.domain.inquiry_file_keeping import FileOwner, KnownFile, NewPiece
from gateway.domain.inquiry_file_text import NotAsItMustBe, read_header
from gateway.flows.inquiry_files import MOST_BYTES, result_head
from gateway.settings import Counterpart, InquiryFolder
from gateway.store import Conflict, Store

_NAME: Final = re.compile("[0-9A-Za-z_][0-9A-Za-z._-]{0,99}")
_PARTS: Final = ("in", "accepted", "rejected", "out")
_PIECE_BYTES: Final = 1_000_000


class _Refused(Exception):
    """A file that is moved to rejected/."""

    def __init__(self, error: FileError) -> None:
        super().__init__(error.code)
        self.error = error


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int
    lines: bytes


class WatchedFolder:
    """One folder of one counterpart; for one thread."""

    def __init__(
        self, folder: InquiryFolder, path: Path, owner: Counterpart, store: Store, clock: Clock
    ) -> None:
        self._folder = folder
        self._path = path
        self._owner = owner
        self._store = store
        self._files = store.inquiry_files
        self._clock = clock
        self._unfit = ""

    def look(self) -> None:
        """Take what is in, move what is decided, hand over what is answered. Logs what it cannot do."""
        try:
            uid = self._judged()
            for name in sorted(one.name for one in (self._path / "in").iterdir()):
                if not name.startswith("."):
                    self._take(name, uid)
            for file, name in self._files.to_hand_over(self._folder.terminal):
                self._hand_over(file, name)
        except OSError as error:
            self._tell(type(error).__name__)

    def _judged(self) -> int:
        """The user to whom the folder belongs. Raises OSError for a folder that others may write to."""
        parts = [self._path / part for part in _PARTS]
        for part in parts:
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = self._path.lstat().st_uid
        for part in (self._path, *parts):
            seen = part.lstat()
            if not stat.S_ISDIR(seen.st_mode) or seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError("others may write to the folder")
        self._tell("")
        return owner

    def _take(self, name: str, uid: int) -> None:
        try:
            if not _NAME.fullmatch(name):
                raise _Refused(FileError(0, "", "name"))
            with self._opened(name, uid) as file:
                known = self._known(name, file)
        except _Refused as refused:
            self._reject(name, refused.error)
            return
        except FileNotFoundError:
            return  # its owner took it back
        if known is None:
            return
        state, error = known.progress.state, known.progress.error
        if state is FileState.REJECTED and error is not None:
            self._reject(name, error)
        elif state in {FileState.ACCEPTED, FileState.DONE}:
            self._move(name, "accepted")

    def _opened(self, name: str, uid: int) -> BinaryIO:
        """The file itself, judged by its handle."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(self._path / "in" / name, flags)
        except FileNotFoundError:
            raise
        except OSError:
            raise _Refused(FileError(0, "", "no-plain-file")) from None
        file = os.fdopen(handle, "rb")
        seen = os.fstat(handle)
        code = (
            "no-plain-file"
            if not stat.S_ISREG(seen.st_mode) or seen.st_nlink != 1
            else "owner"
            if seen.st_uid != uid
            else "too-large"
            if seen.st_size > MOST_BYTES
            else ""
        )
        if code:
            file.close()
            raise _Refused(FileError(0, "", code))
        return file

    def _known(self, name: str, file: BinaryIO) -> KnownFile | None:
        """The file as it is known, once all its pieces are taken."""
        try:
            header = read_header(file.readline(65_536))
        except NotAsItMustBe as wrong:
            raise _Refused(wrong.error) from None
        self._judge(header)
        caller = Caller(
            MunicipalityCode(self._owner.municipality or ""),
            self._folder.terminal,
            Operator(self._folder.operator.verification_id, self._folder.operator.operator_id),
            header.purpose,
        )
        whose = FileOwner.of(caller, header.name)
        known = self._files.known(whose)
        pieces = sum(1 for _ in _pieces(file))
        for piece in _pieces(file):
            digest = hashlib.sha256(piece.lines).digest()
            if known is not None and piece.number <= known.taken:
                if (known.pieces, self._files.piece_digest(known.id, piece.number)) != (pieces, digest):
                    raise _Refused(FileError(1, "file", "name-used"))
                continue
            try:
                lines = piece.lines.decode()
            except UnicodeDecodeError:
                raise _Refused(FileError(0, "", "not-utf-8")) from None
            if "\x00" in lines:
                raise _Refused(FileError(0, "", "control-character"))
            new = NewPiece(
                caller, header.basis, header.name, piece.number, pieces, lines, digest, self._owner.id, name
            )
            try:
                with self._store.unit_of_work() as work:
                    self._files.write_piece(work, new, at=self._clock.now())
            except Conflict:
                return None  # another node takes it
        return self._files.known(whose)

    def _judge(self, header: FileHeader) -> None:
        """What a message could not name, a file may not either."""
        if header.municipality.digits != self._owner.municipality:
            raise _Refused(FileError(1, "municipality", "not-registered"))
        if header.purpose.value not in self._owner.purposes:
            raise _Refused(FileError(1, "purpose", "not-registered"))
        if header.basis.value not in self._owner.legal_bases:
            raise _Refused(FileError(1, "basis", "not-registered"))

    def _hand_over(self, file: KnownFile, name: str) -> None:
        """The result file, whole or not at all."""
        out = self._path / "out"
        part = out / f".{name}.{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8", newline="") as written:
            written.write(result_head(file.header or ""))
            for _, lines in self._files.answers_of(file.id):
                written.write(lines)
            written.flush()
            os.fsync(written.fileno())
        part.replace(out / name)
        _sync(out)
        self._files.note_handed(file.id)

    def _reject(self, name: str, error: FileError) -> None:
        told = "line,column,code\n" + line_of((str(error.line), error.column, error.code))
        moved = self._move(name, "rejected")
        if moved is not None:
            (self._path / "rejected" / f"{moved}.error.csv").write_text(told, encoding="utf-8")
            telemetry.event("inquiry-file-read", outcome="rejected", code=error.code)

    def _move(self, name: str, part: str) -> str | None:
        """Move a file on; gives its name there, which never is another's."""
        target = self._path / part / name
        if os.path.lexists(target):
            target = target.with_name(f"{name}.{secrets.token_hex(4)}")
        with suppress(FileNotFoundError):
            (self._path / "in" / name).rename(target)
            _sync(target.parent)
            return target.name
        return None

    def _tell(self, problem: str) -> None:
        if problem and problem != self._unfit:
            telemetry.warning("inquiry-folder-unfit", counterpart=self._owner.id, error=problem)
        self._unfit = problem


def _pieces(file: BinaryIO) -> Iterator[_Piece]:
    """The file in pieces of whole lines, the same whenever it is cut."""
    file.seek(0)
    number, lines, size = 0, list[bytes](), 0
    for line in iter(lambda: file.readline(_PIECE_BYTES), b""):
        if lines and size + len(line) > _PIECE_BYTES:
            number += 1
            yield _Piece(number, b"".join(lines))
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield _Piece(number + 1, b"".join(lines))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
