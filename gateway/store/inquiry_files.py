"""Files of inquiries as a CS keeps them: their pieces, how far each is, and the lines of its results.

A file is worked on under a lease with a fencing token, on the database's clock; the answers of some lines and
the count of answered ones are committed together, and only by who still holds the token. So each line is
answered once, whoever is killed when. What a file says and what came of it is erased after a while.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Connection, delete, insert, select, update

from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.inquiry import LegalBasis
from gateway.domain.inquiry_file import FileError, FileName, FileProgress, FileState
from gateway.domain.inquiry_file_keeping import FileOwner, KnownFile, NewPiece
from gateway.domain.values import read_code
from gateway.store.dialect import database_micros
from gateway.store.failures import Conflict
from gateway.store.instants import span, to_micros
from gateway.store.tables import inquiry_answers, inquiry_files, inquiry_pieces

_WAITING: Final = (FileState.RECEIVED.value, FileState.ACCEPTED.value)


class Work(Protocol):
    """A unit of work, as far as files of inquiries go."""

    about: tuple[str, str] | None
    """Sender and MessageID of the message that it is done for."""

    @property
    def connection(self) -> Connection:
        """Its connection, in its transaction."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A file that this process works on."""

    file: KnownFile
    token: str


class InquiryFiles:
    """Reads on read connections; pieces and answers are written on units of work."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[Any]],
        read: Callable[[], AbstractContextManager[Connection]],
        node: str,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._read = read
        self._node = node

    def known(self, owner: FileOwner) -> KnownFile | None:
        """The owner's file of this name."""
        with self._read() as connection:
            row = connection.execute(select(inquiry_files).where(*_owned(owner))).one_or_none()
        return None if row is None else _known(row._asdict())

    def piece_digest(self, file: int, piece: int) -> bytes | None:
        """SHA-256 of a piece that is there."""
        query = select(inquiry_pieces.c.digest).where(
            inquiry_pieces.c.file == file, inquiry_pieces.c.piece == piece
        )
        with self._read() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else bytes(found)

    def write_piece(self, work: Work, new: NewPiece, *, at: datetime) -> None:
        """Take a piece; the last makes the file received. Raises Conflict unless it is the next."""
        connection, owner = work.connection, FileOwner.of(new.caller, new.name)
        row = connection.execute(
            select(inquiry_files.c.id, inquiry_files.c.taken, inquiry_files.c.state)
            .where(*_owned(owner))
            .with_for_update()
        ).one_or_none()
        taken = 0 if row is None else row.taken
        state = FileState.RECEIVING.value if row is None else row.state
        if new.piece != taken + 1 or state != FileState.RECEIVING.value:
            raise Conflict("another piece of the file was taken meanwhile")
        whole = new.piece == new.pieces
        state = FileState.RECEIVED.value if whole else FileState.RECEIVING.value
        size = len(new.lines.encode())
        if row is None:
            system = new.system or (work.about[0] if work.about else "")
            (file,) = connection.execute(
                insert(inquiry_files), _row(new, owner, system, state, size, to_micros(at))
            ).inserted_primary_key or (0,)
        else:
            file = row.id
            connection.execute(
                update(inquiry_files)
                .where(inquiry_files.c.id == file)
                .values(taken=new.piece, state=state, size=inquiry_files.c.size + size)
            )
        connection.execute(
            insert(inquiry_pieces),
            {"file": file, "piece": new.piece, "digest": new.digest, "lines": new.lines},
        )

    def claim(self, lease: timedelta) -> Held | None:
        """The file that has waited longest for its turn, held for so long; None when none waits."""
        token = secrets.token_hex(16)
        with self._unit_of_work() as work:
            now = database_micros(work.connection)
            row = work.connection.execute(
                select(inquiry_files)
                .where(inquiry_files.c.state.in_(_WAITING), inquiry_files.c.lease_until <= now)
                .order_by(inquiry_files.c.turn, inquiry_files.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).one_or_none()
            if row is None:
                return None
            work.connection.execute(
                update(inquiry_files)
                .where(inquiry_files.c.id == row.id)
                .values(token=token, owner=self._node, lease_until=now + span(lease), turn=now)
            )
        return Held(_known(row._asdict()), token)

    def recover(self) -> None:
        """Take back what the process before held, when its successor on this node starts."""
        with self._unit_of_work() as work:
            work.connection.execute(
                update(inquiry_files)
                .where(inquiry_files.c.owner == self._node, inquiry_files.c.token.is_not(None))
                .values(token=None, lease_until=0)
            )

    def release(self, held: Held, *, wait: timedelta = timedelta(0)) -> None:
        """Give a file back, to be worked on again after a while."""
        with self._unit_of_work() as work:
            until = database_micros(work.connection) + span(wait)
            work.connection.execute(
                update(inquiry_files).where(*_mine(held)).values(token=None, lease_until=until)
            )

    def settle_reading(self, held: Held, count: int, error: FileError | None, *, at: datetime) -> None:
        """A file was read: as many lines, or what is wrong. Raises Conflict when it is another's by now."""
        values: dict[str, Any] = {"state": FileState.ACCEPTED.value, "count": count}
        if error is not None:
            values = {
                "state": FileState.REJECTED.value,
                "settled_at": to_micros(at),
                "error_line": error.line,
                "error_column": error.column or None,
                "error_code": error.code,
            }
        with self._unit_of_work() as work:
            _change(work.connection, held, values)

    def answer(
        self,
        work: Work,
        held: Held,
        *,
        first: int,
        count: int,
        lines: str,
        without_record: int,
        in_vain: int,
        lease: timedelta,
    ) -> None:
        """The answers of ``count`` lines from ``first`` on. Raises Conflict unless they are the next ones."""
        connection = work.connection
        until = database_micros(connection) + span(lease)
        _change(
            connection,
            held,
            {
                "answered": inquiry_files.c.answered + count,
                "without_record": inquiry_files.c.without_record + without_record,
                "in_vain": inquiry_files.c.in_vain + in_vain,
                "lease_until": until,
            },
            inquiry_files.c.answered == first - 1,
        )
        connection.execute(insert(inquiry_answers), {"file": held.file.id, "first": first, "lines": lines})

    def finish(self, held: Held, header: str, *, at: datetime) -> None:
        """Every line is answered; ``header`` is the first line of the result file. Raises Conflict."""
        with self._unit_of_work() as work:
            values = {"state": FileState.DONE.value, "header": header, "settled_at": to_micros(at)}
            _change(work.connection, held, values, inquiry_files.c.answered == inquiry_files.c.count)

    def waits(self) -> bool:
        """Whether a file may be worked on now, as far as a look tells."""
        query = select(inquiry_files.c.lease_until).where(inquiry_files.c.state.in_(_WAITING))
        with self._read() as connection:
            now = database_micros(connection)
            return any(until <= now for until in connection.execute(query).scalars())

    def to_hand_over(self, terminal: str) -> list[tuple[KnownFile, str]]:
        """Answered files of a watched folder whose results are not there yet, with their names in it."""
        query = select(inquiry_files).where(
            inquiry_files.c.state == FileState.DONE.value,
            inquiry_files.c.terminal == terminal,
            inquiry_files.c.source.is_not(None),
            inquiry_files.c.handed.is_(False),
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return [(_known(row._asdict()), row.source) for row in rows]

    def note_handed(self, file: int) -> None:
        """The results of a file are in its watched folder."""
        with self._unit_of_work() as work:
            work.connection.execute(
                update(inquiry_files).where(inquiry_files.c.id == file).values(handed=True)
            )

    def lines_of(self, file: int) -> Iterator[bytes]:
        """The lines of a file as it came, each with its LF; one piece in memory at a time."""
        piece = 0
        while True:
            piece += 1
            query = select(inquiry_pieces.c.lines).where(
                inquiry_pieces.c.file == file, inquiry_pieces.c.piece == piece
            )
            with self._read() as connection:
                text = connection.execute(query).scalar_one_or_none()
            if text is None:
                return
            yield from text.encode().splitlines(keepends=True)

    def answers_of(self, file: int, *, after: int = 0, most: int = 200) -> Iterator[tuple[int, str]]:
        """Lines of the result file with the number of the first of each part, those after ``after``."""
        while True:
            query = (
                select(inquiry_answers.c.first, inquiry_answers.c.lines)
                .where(inquiry_answers.c.file == file, inquiry_answers.c.first > after)
                .order_by(inquiry_answers.c.first)
                .limit(most)
            )
            with self._read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            for row in rows:
                yield row.first, row.lines
            after = rows[-1].first

    def erase(self, *, before: datetime, limit: int = 10) -> int:
        """Forget files that were settled before an instant; gives how many. Call it while it gives some."""
        with self._unit_of_work() as work:
            gone = (
                work.connection.execute(
                    select(inquiry_files.c.id)
                    .where(inquiry_files.c.settled_at < to_micros(before))
                    .limit(limit)
                )
                .scalars()
                .all()
            )
            for table in (inquiry_pieces, inquiry_answers):
                work.connection.execute(delete(table).where(table.c.file.in_(gone)))
            work.connection.execute(delete(inquiry_files).where(inquiry_files.c.id.in_(gone)))
        return len(gone)


def _owned(owner: FileOwner) -> tuple[Any, ...]:
    return (
        inquiry_files.c.municipality == owner.municipality,
        inquiry_files.c.terminal == owner.terminal,
        inquiry_files.c.office == owner.name.office,
        inquiry_files.c.file == owner.name.file,
    )


def _mine(held: Held) -> tuple[Any, ...]:
    return inquiry_files.c.id == held.file.id, inquiry_files.c.token == held.token


def _change(connection: Connection, held: Held, values: Mapping[str, Any], *conditions: Any) -> None:
    change = update(inquiry_files).where(*_mine(held), *conditions).values(**values)
    if connection.execute(change).rowcount != 1:
        raise Conflict("the file is another's by now")


def _row(new: NewPiece, owner: FileOwner, system: str, state: str, size: int, at: int) -> dict[str, Any]:
    operator = new.caller.operator
    return {
        "municipality": owner.municipality,
        "terminal": owner.terminal,
        "office": owner.name.office,
        "file": owner.name.file,
        "system": system,
        "verification_id": operator.verification_id,
        "operator_id": operator.operator_id,
        "purpose": new.caller.purpose.value,
        "basis": new.basis.value,
        "run": str(uuid.uuid4()),
        "pieces": new.pieces,
        "taken": 1,
        "size": size,
        "state": state,
        **dict.fromkeys(("count", "answered", "without_record", "in_vain"), 0),
        "source": new.source,
        "handed": False,
        "lease_until": 0,
        "turn": 0,
        "received_at": at,
    }


def _known(row: Mapping[str, Any]) -> KnownFile:
    error = None
    if row["error_code"] is not None:
        error = FileError(row["error_line"], row["error_column"] or "", row["error_code"])
    return KnownFile(
        id=row["id"],
        caller=Caller(
            MunicipalityCode(row["municipality"]),
            row["terminal"],
            Operator(row["verification_id"], row["operator_id"]),
            read_code(Purpose, row["purpose"]),
        ),
        basis=read_code(LegalBasis, row["basis"]),
        name=FileName(row["office"], row["file"]),
        system=row["system"],
        run=uuid.UUID(row["run"]),
        pieces=row["pieces"],
        taken=row["taken"],
        size=row["size"],
        in_vain=row["in_vain"],
        header=row["header"],
        progress=FileProgress(
            read_code(FileState, row["state"]), row["count"], row["answered"], row["without_record"], error
        ),
    )
