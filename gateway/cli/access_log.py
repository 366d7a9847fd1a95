"""``juki-gateway access-log``: who saw or changed whose record. Whoever reads it is recorded in it first."""

from __future__ import annotations

import getpass
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.access_output import TABLE_COLUMNS, Opened, csv_lines, document, table_row
from gateway.cli.access_times import instant
from gateway.cli.exits import CheckFailed, Refusal
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.clock import Clock
from gateway.domain.access_reports import by_operator, failed, mass_searches, when_closed
from gateway.domain.accesses import Access, Concern, Effect, Subject, Who
from gateway.domain.codes import Coded
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.office_days import JAPAN, OfficeHours
from gateway.domain.values import InvalidValue, read_code
from gateway.errors import UsageError
from gateway.evidence.entry import instant_text
from gateway.settings import Settings, clock_of
from gateway.state import FILE_MODE, StateFolder
from gateway.store import AccessQuery, Store
from gateway.store.access_check import check_accesses
from gateway.store.access_erase import erase_accesses
from gateway.store.configured import open_store

app = new_app("The access log: who saw or changed whose record, when, why, and with 個人番号 or not.")

_TEXT = 64
_MOST_REASON = 256
_RESIDENT_CODE = 11

Person = Annotated[
    str | None,
    typer.Option(
        "--person",
        metavar="CODE",
        help="Only about this 住民票コード (11 digits) or 個人番号 (12); '-' reads it from standard input.",
    ),
]
Operator = Annotated[str | None, typer.Option("--operator", metavar="ID", help="Only by this 照合ID.")]
Terminal = Annotated[str | None, typer.Option("--terminal", metavar="ID", help="Only from this terminal.")]
System = Annotated[
    str | None, typer.Option("--system", metavar="ID", help="Only by, or passed on to, this system.")
]
Operation = Annotated[str | None, typer.Option("--operation", metavar="NAME", help="Only this operation.")]
Outcome = Annotated[
    str | None,
    typer.Option("--outcome", metavar="CODE", help="Only with this outcome; fault and refused mean any."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="From then on: a day in Japan, or 2026-11-23T00:00:00Z."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Up to then: that day in Japan still counts.")
]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show 住民票コード; needs --reason.")]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why the log is read; kept in the log.")
]


class Kind(Coded):
    """The reports that there are."""

    MASS = ("mass", "大量検索", "who asked for very many people in a short while")
    CLOSED = (
        "closed",
        "深夜・休業日",
        "accesses at night, on weekends, holidays and at the turn of the year",
    )
    PERSON = ("person", "特定者", "all accesses to one person's record")
    FAILED = ("failed", "失敗した照会", "questions in vain, refused or met by a fault")
    OPERATORS = ("operators", "ID別", "how much each operator did")


@app.command(epilog="Example: juki-gateway access-log search --operator V-0001 --state build/demo/131016-cs")
def search(
    folder: State = None,
    person: Person = None,
    operator: Operator = None,
    terminal: Terminal = None,
    system: System = None,
    operation: Operation = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    *,
    reveal: Reveal = False,
    reason: Reason = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many of the newest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List accesses, oldest first. People are shown by a name that only this log gives them."""
    output = Output(as_json)
    with _opened(folder) as log:
        query = log.query(person, operator, terminal, system, operation, outcome, since, until)
        opened = log.record("AccessLogSearch", query, reason=reason, reveal=reveal)
        found = list(log.store.access_rows.find(query.wanted))
        shown = found[-limit:]
        output.document({"found": len(found), "accesses": [document(one, opened) for one in shown]})
        output.table(TABLE_COLUMNS, [table_row(one, opened) for one in shown])
    left = len(found) - len(shown)
    output.line(f"{len(found)} accesses" + (f"; the {left} oldest are not shown" if left else ""))


@app.command(epilog="Example: juki-gateway access-log export accesses.csv --state build/demo/131016-cs")
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New CSV file (0600).")],
    folder: State = None,
    person: Person = None,
    operator: Operator = None,
    terminal: Terminal = None,
    system: System = None,
    operation: Operation = None,
    outcome: Outcome = None,
    since: Since = None,
    until: Until = None,
    *,
    reveal: Reveal = False,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write accesses as CSV for people: a line for each person of each access, UTF-8 with a byte order mark.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    output = Output(as_json)
    lines = 0
    with _opened(folder) as log:
        query = log.query(person, operator, terminal, system, operation, outcome, since, until)
        try:
            handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        except OSError as error:
            raise UsageError(f"{out}: {error.strerror}") from None
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            opened = log.record("AccessLogExport", query, reason=reason, reveal=reveal)
            for line in csv_lines(log.store.access_rows.find(query.wanted), opened):
                file.write(line)
                lines += 1
    output.document({"file": str(out), "lines": lines - 1})
    output.line(f"{lines - 1} lines in {out}")


@app.command(epilog="Example: juki-gateway access-log report mass --state build/demo/131016-cs")
def report(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="mass, closed, person, failed or operators.")],
    folder: State = None,
    person: Person = None,
    since: Since = None,
    until: Until = None,
    *,
    reveal: Reveal = False,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """A report that the rules ask for: mass searches, closed hours, one person, failures, operators."""
    output = Output(as_json)
    try:
        wanted = read_code(Kind, kind)
    except InvalidValue:
        raise UsageError(f"KIND: one of {', '.join(one.value for one in Kind)}") from None
    if (wanted is Kind.PERSON) is not (person is not None):
        raise UsageError("--person goes with the report person, and only with it")
    with _opened(folder) as log:
        query = log.query(person, None, None, None, None, None, since, until)
        opened = log.record(f"AccessLogReport:{wanted.value}", query, reason=reason, reveal=reveal)
        told, columns, rows = _reported(wanted, log, query, opened)
    output.document({"report": wanted.value, "title": {"ja": wanted.ja, "en": wanted.en}, **told})
    output.line(f"{wanted.ja}: {wanted.en}", style="bold")
    output.table(columns, rows)
    output.line(f"{len(rows)} lines")


@app.command(epilog="Example: juki-gateway access-log verify --state build/demo/131016-cs")
def verify(folder: State = None, as_json: AsJson = False) -> None:
    """Find an access that was changed, removed or put in; exit status 1 when there is one.

    The evidence log notes where the access log ended: check that one too (evidence verify).
    """
    output = Output(as_json)
    with _opened(folder) as log:
        found = check_accesses(log.store.read)
    told: dict[str, Any] = {
        "good": found.good,
        "accesses": found.accesses,
        "erased": found.erased,
        "notes": found.notes,
        "unnoted": found.unnoted,
        "findings": [asdict(one) for one in found.findings],
    }
    output.document(told)
    for name in ("accesses", "erased", "notes", "unnoted"):
        output.line(f"{name}: {told[name]:,}")
    for one in found.findings:
        output.line(str(one), style="red")
    output.line("good" if found.good else f"NOT GOOD: {len(found.findings)} findings", style="bold")
    if not found.good:
        raise CheckFailed(f"the access log is not as it was written: {len(found.findings)} findings")


@app.command(epilog="Example: juki-gateway access-log erase --state build/demo/131016-cs")
def erase(
    folder: State = None,
    before: Annotated[
        str | None,
        typer.Option(
            "--before", metavar="TIME", help="Accesses before then; by default as [access_log] says."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Erase accesses at the end of their retention, as the running system does each hour.

    What is left still verifies. In production none goes before its retention has ended.
    """
    output = Output(as_json)
    with _opened(folder) as log:
        now = log.clock.now()
        over = now - timedelta(days=log.settings.access_log.keep_days)
        limit = instant("--before", before) or over
        if log.settings.mode == "production" and limit > over:
            days = log.settings.access_log.keep_days
            raise Refusal(f"the retention of {days} days ends at {instant_text(over)}")
        if limit > now:
            raise UsageError("--before: lies in the future")
        gone = erase_accesses(log.store, limit, system=log.settings.system.id, now=now)
        emptied = log.store.forget_pages() if gone else True
    output.document({"before": instant_text(limit), "erased": gone, "log_emptied": emptied})
    output.line(f"{gone} accesses older than {instant_text(limit)}")
    if not emptied:
        output.line("The database's log was in use: its copies of them go with the next write-back.")


@dataclass(frozen=True, slots=True)
class _Query:
    wanted: AccessQuery
    people: tuple[Concern, ...]
    with_number: bool


@dataclass(frozen=True, slots=True)
class _Log:
    """The access log of one system, opened by somebody who is recorded in it."""

    settings: Settings
    store: Store
    clock: Clock

    def query(
        self,
        person: str | None,
        operator: str | None,
        terminal: str | None,
        system: str | None,
        operation: str | None,
        outcome: str | None,
        since: str | None,
        until: str | None,
    ) -> _Query:
        """What the options ask for. Raises UsageError."""
        named = None if person is None else _person(person)
        names = () if named is None else self.store.access_rows.names(named)
        seal = self.store.accesses.subjects.seal
        wanted = AccessQuery(
            since=instant("--since", since),
            until=instant("--until", until, end=True),
            system=system,
            operator=operator,
            terminal=terminal,
            operation=operation,
            outcome=outcome,
            people=tuple(seal(subject, text) for subject, text in names),
        )
        # Whoever is not on record here is named by the 個人番号 that was given.
        told = [name for name in names if name[0] is Subject.CODE] or names
        people = tuple(Concern(subject, text, Effect.SEEN) for subject, text in told)
        return _Query(wanted, people, isinstance(named, IndividualNumber))

    def record(self, operation: str, query: _Query, *, reason: str | None, reveal: bool) -> Opened:
        """Write down who reads the log, before anything of it is shown; gives what opens codes, if asked."""
        if reveal and not (reason or "").strip():
            raise UsageError("--reveal: say why, with --reason TEXT")
        if reason is not None and len(reason) > _MOST_REASON:
            raise UsageError(f"--reason: {_MOST_REASON} characters at most")
        access = Access(
            at=self.clock.now(),
            direction="own",
            who=Who(
                self.settings.system.id,
                self.settings.system.municipality,
                socket.gethostname()[:_TEXT],
                f"os:{getpass.getuser()}"[:_TEXT],
                None,
                reason,
            ),
            operation=operation,
            outcome="revealed" if reveal else "read",
            message_id=None,
            people=query.people,
            with_number=query.with_number,
        )
        self.store.accesses.write(self.store.accesses.sealed(access))
        return self.store.accesses.subjects.open if reveal else None


def _reported(
    kind: Kind, log: _Log, query: _Query, opened: Opened
) -> tuple[dict[str, Any], tuple[str, ...], Sequence[tuple[object, ...]]]:
    """A report as JSON, and as the columns and rows of a table."""
    found, rules = log.store.access_rows.find(query.wanted), log.settings.access_log
    if kind is Kind.MASS:
        window = timedelta(minutes=rules.mass_minutes)
        masses = [asdict(one) for one in mass_searches(found, window=window, people=rules.mass_people)]
        columns = ("kind", "name", "people", "accesses", "since", "until")
        told = {"people": rules.mass_people, "minutes": rules.mass_minutes, "masses": _dated(masses)}
        return told, columns, [tuple(one[name] for name in columns) for one in masses]
    if kind is Kind.OPERATORS:
        tallies = [asdict(one) for one in by_operator(found)]
        columns = ("operator", "operation", "accesses", "failed", "people", "with_number")
        return {"operators": tallies}, columns, [tuple(one[name] for name in columns) for one in tallies]
    if kind is Kind.CLOSED:
        hours = OfficeHours(rules.night_from_hour, rules.night_until_hour)
        pairs = list(when_closed(found, hours))
        closed = [{**document(one, opened), "closed": [code.value for code in why]} for one, why in pairs]
        lines = [(*table_row(one, opened), " ".join(code.ja for code in why)) for one, why in pairs]
        return {"accesses": closed}, (*TABLE_COLUMNS, "closed"), lines
    listed = list(failed(found) if kind is Kind.FAILED else found)
    told = {"accesses": [document(one, opened) for one in listed]}
    return told, TABLE_COLUMNS, [table_row(one, opened) for one in listed]


def _dated(masses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Instants as text: in Japan, as a person at the office reads them."""
    for one in masses:
        for name in ("since", "until"):
            at: datetime = one[name]
            one[name] = at.astimezone(JAPAN).isoformat(timespec="seconds")
    return masses


def _person(text: str) -> ResidentRecordCode | IndividualNumber:
    digits = sys.stdin.readline().strip() if text == "-" else text
    try:
        return ResidentRecordCode(digits) if len(digits) == _RESIDENT_CODE else IndividualNumber(digits)
    except InvalidValue as error:
        raise UsageError(f"--person: {error}") from None


@contextmanager
def _opened(folder: Path | None) -> Iterator[_Log]:
    state: StateFolder
    state, settings = open_state(folder)
    os.umask(0o077)
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        yield _Log(settings, store, clock)
    finally:
        store.close()
