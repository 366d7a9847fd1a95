"""Runs of consistency checks as the municipality keeps them: how far each is, and what was found.

A run is worked on under a lease on the database's clock; how far it is is noted after each piece was taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from gateway.domain.consistency import (
    ConsistencyNotice,
    Finding,
    FindingKind,
    RecordItem,
    RunMode,
    RunState,
    Span,
    Total,
)
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.values import read_code
from gateway.store.dialect import database_micros
from gateway.store.failures import Conflict
from gateway.store.instants import from_micros, span, to_micros
from gateway.store.tables import consistency_findings, consistency_runs

_RUNS: Final = consistency_runs.c


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one counterpart."""

    id: int
    reference: str
    destination: str
    mode: RunMode
    state: RunState
    position: ResidentRecordCode | None
    sending: Span | None
    piece: int
    here: Total
    people: int
    octets: int
    there: Total | None
    parts: int
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Found:
    """A finding on record; ``in_flight`` says that it may be of a change on its way."""

    id: int
    finding: Finding
    in_flight: bool
    repaired: bool


class ConsistencyRuns:
    """Reads on read connections; every change is a unit of work of its own, but ``note``."""

    def __init__(
        self,
        unit_of_work: Callable[[], AbstractContextManager[Any]],
        read: Callable[[], AbstractContextManager[Connection]],
        node: str,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._read = read
        self._node = node

    def open(self, destination: str, mode: RunMode, *, at: datetime) -> str:
        """Begin a run; gives its reference, which only this counterpart is told."""
        with self._unit_of_work() as work:
            return _open(work.connection, destination, mode, at)

    def open_due(self, destination: str, mode: RunMode, *, at: datetime, every: timedelta) -> str | None:
        """Begin a run unless one was begun less than so long ago: whoever else looks too, there is one."""
        recent = select(_RUNS.id).where(
            _RUNS.destination == destination, _RUNS.opened_at > to_micros(at - every)
        )
        with self._read() as connection:
            if connection.execute(recent.limit(1)).first() is not None:
                return None  # as nearly always, without a word to the other writers
        with self._unit_of_work() as work:
            if work.connection.execute(recent.limit(1)).first() is not None:
                return None
            return _open(work.connection, destination, mode, at)

    def find(self, reference: str) -> Run | None:
        """The run of this reference."""
        with self._read() as connection:
            row = connection.execute(
                select(consistency_runs).where(_RUNS.reference == reference)
            ).one_or_none()
        return None if row is None else _run(row)

    def all(self, *, most: int = 100) -> list[Run]:
        """The newest runs, newest first."""
        with self._read() as connection:
            query = select(consistency_runs).order_by(_RUNS.id.desc()).limit(most)
            return [_run(row) for row in connection.execute(query)]

    def claim(self, lease: timedelta) -> Run | None:
        """A run that is to be sent, held for so long; None when there is none."""
        query = select(consistency_runs).where(_RUNS.state == RunState.SENDING.value)
        with self._read() as connection:
            if connection.execute(query.limit(1)).first() is None:
                return None
        with self._unit_of_work() as work:
            now = database_micros(work.connection)
            row = work.connection.execute(
                query.where(_RUNS.lease_until <= now).order_by(_RUNS.lease_until, _RUNS.id).limit(1)
            ).one_or_none()
            if row is None:
                return None
            self._hold(work.connection, row.id, now + span(lease))
        return _run(row)

    def release(self, run: Run, *, wait: timedelta = timedelta(0)) -> None:
        """Give a run back, to be worked on again after a while."""
        with self._unit_of_work() as work:
            self._hold(work.connection, run.id, database_micros(work.connection) + span(wait))

    def recover(self) -> None:
        """Take back what the process before held, when its successor on this node starts."""
        with self._unit_of_work() as work:
            work.connection.execute(
                update(consistency_runs).where(_RUNS.owner == self._node).values(lease_until=0)
            )

    def _hold(self, connection: Connection, run: int, until: int) -> None:
        connection.execute(
            update(consistency_runs).where(_RUNS.id == run).values(owner=self._node, lease_until=until)
        )

    def pass_over(
        self, run: Run, upto: ResidentRecordCode | None, people: int, octets: int, *, lease: timedelta
    ) -> Run:
        """So many people more are dealt with, and none of their records need be sent.

        Raises Conflict when the run is another process's by now.
        """
        return self._move(run, Span(upto, None), False, people, octets, lease)

    def intend(self, run: Run, span: Span, people: int, octets: int, *, lease: timedelta) -> Run:
        """Note that the piece of a span is sent next; so many people before it are dealt with.

        Raises Conflict when the run is another process's by now.
        """
        return self._move(run, span, True, people, octets, lease)

    def _move(self, run: Run, onto: Span, sending: bool, people: int, octets: int, lease: timedelta) -> Run:
        moved = replace(
            run,
            position=onto.after,
            sending=onto if sending else None,
            people=run.people + people,
            octets=run.octets + octets,
        )
        with self._unit_of_work() as work:
            change = (
                update(consistency_runs)
                .where(*_as_it_was(run))
                .values(
                    position=_digits(onto.after),
                    sending=sending,
                    upto=_digits(onto.upto),
                    people=moved.people,
                    octets=moved.octets,
                    lease_until=database_micros(work.connection) + span(lease),
                )
            )
            if work.connection.execute(change).rowcount != 1:
                raise Conflict("the run is another's by now")
        return moved

    def advance(
        self,
        work: Any,
        run: Run,
        *,
        sent: Total,
        octets: int,
        lease: timedelta,
    ) -> None:
        """The piece that is under way was taken. Raises Conflict when another process has noted that."""
        total, span_sent = run.here.plus(sent), run.sending or Span(None, None)
        last = span_sent.upto is None
        change = (
            update(consistency_runs)
            .where(*_as_it_was(run))
            .values(
                position=_digits(span_sent.upto),
                sending=False,
                upto=None,
                piece=run.piece + 1,
                here_count=total.count,
                here_digest=total.digest,
                octets=run.octets + octets,
                state=(RunState.WAITING if last else RunState.SENDING).value,
                lease_until=database_micros(work.connection) + span(lease),
            )
        )
        if work.connection.execute(change).rowcount != 1:
            raise Conflict("the run is another's by now")

    def note(
        self, work: Any, notice: ConsistencyNotice, findings: Sequence[tuple[Finding, bool]], *, at: datetime
    ) -> None:
        """A part of what the counterpart found. Raises Conflict unless it is the next."""
        connection = work.connection
        last = notice.part == notice.parts
        change = (
            update(consistency_runs)
            .where(
                _RUNS.reference == notice.run,
                _RUNS.destination == notice.by,
                _RUNS.parts == notice.part - 1,
                _RUNS.state != RunState.DONE.value,
            )
            .values(parts=notice.part, there_count=notice.there.count, there_digest=notice.there.digest)
        )
        if last:
            change = change.values(state=RunState.DONE.value, closed_at=to_micros(at))
        if connection.execute(change).rowcount != 1:
            raise Conflict("another part of the result is next")
        run = connection.execute(select(_RUNS.id).where(_RUNS.reference == notice.run)).scalar_one()
        rows = [
            {**finding_row(finding), "run": run, "in_flight": in_flight} for finding, in_flight in findings
        ]
        if rows:
            connection.execute(insert(consistency_findings), rows)

    def findings(self, run: Run) -> list[Found]:
        """What was found, in the order of the codes."""
        query = (
            select(consistency_findings)
            .where(consistency_findings.c.run == run.id)
            .order_by(consistency_findings.c.code)
        )
        with self._read() as connection:
            return [
                Found(row.id, read_finding(row), row.in_flight, row.repaired_at is not None)
                for row in connection.execute(query)
            ]

    def note_repaired(self, work: Any, found: Sequence[int], *, at: datetime) -> None:
        """Records of these findings were sent again."""
        work.connection.execute(
            update(consistency_findings)
            .where(consistency_findings.c.id.in_(found))
            .values(repaired_at=to_micros(at))
        )


def finding_row(finding: Finding) -> dict[str, Any]:
    """A finding's own columns."""
    return {
        "kind": finding.kind.value,
        "code": finding.code.digits,
        "number_sent": finding.number_sent,
        "number_there": finding.number_there,
        "items": " ".join(item.value for item in finding.items),
    }


def read_finding(row: Any) -> Finding:
    """The finding of a row."""
    return Finding(
        read_code(FindingKind, row.kind),
        ResidentRecordCode(row.code),
        row.number_sent,
        row.number_there,
        tuple(read_code(RecordItem, item) for item in row.items.split()),
    )


def _as_it_was(run: Run) -> tuple[ColumnElement[bool], ...]:
    """Whoever lost the lease without knowing must not move a run that another process has moved."""
    return (
        _RUNS.id == run.id,
        _RUNS.state == RunState.SENDING.value,
        _RUNS.piece == run.piece,
        _RUNS.position == _digits(run.position),
        _RUNS.sending == (run.sending is not None),
        _RUNS.upto == _digits(run.sending.upto if run.sending else None),
    )


def _digits(code: ResidentRecordCode | None) -> str | None:
    return None if code is None else code.digits


def _code(digits: str | None) -> ResidentRecordCode | None:
    return None if digits is None else ResidentRecordCode(digits)


def _run(row: Any) -> Run:
    position = _code(row.position)
    return Run(
        row.id,
        row.reference,
        row.destination,
        read_code(RunMode, row.mode),
        read_code(RunState, row.state),
        position,
        Span(position, _code(row.upto)) if row.sending else None,
        row.piece,
        Total(row.here_count, row.here_digest),
        row.people,
        row.octets,
        None if row.there_count is None else Total(row.there_count, row.there_digest),
        row.parts,
        from_micros(row.opened_at),
        None if row.closed_at is None else from_micros(row.closed_at),
    )


def _open(connection: Connection, destination: str, mode: RunMode, at: datetime) -> str:
    reference = f"C-{secrets.token_hex(16)}"
    connection.execute(
        insert(consistency_runs),
        {
            "reference": reference,
            "destination": destination,
            "mode": mode.value,
            "state": RunState.SENDING.value,
            **dict.fromkeys(("piece", "here_count", "people", "octets", "parts", "lease_until"), 0),
            "here_digest": Total().digest,
            "sending": False,
            "opened_at": to_micros(at),
        },
    )
    return reference
