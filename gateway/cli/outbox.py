"""``juki-gateway outbox``: what waits for delivery, what is dead, and what to do about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.exits import CheckFailed, Refusal, Unreachable
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.delivery import OutboxSummary, outbox_summary
from gateway.errors import UsageError
from gateway.settings import clock_of
from gateway.state import StateFolder
from gateway.store import Filed, OutboxRow, OutboxState, Store
from gateway.store.configured import open_store
from gateway.wss.sign import new_message_id

app = new_app("Messages to counterparts: list, show, requeue, drop, and wait until all are delivered.")

_COLUMNS = ("id", "state", "destination", "operation", "attempts", "enqueued_at", "code", "message_id")
_PAGE = 500
_TOLD_EVERY = 5.0  # seconds between two lines of progress

Rows = Annotated[
    list[int] | None, typer.Argument(metavar="[ID]...", help="Ids, as 'outbox list' shows them.")
]
All = Annotated[bool, typer.Option("--all", help="All dead letters instead of single ids.")]
OfDestination = Annotated[
    str | None, typer.Option("--destination", metavar="SYSTEM", help="Only those to this counterpart.")
]
OfCode = Annotated[str | None, typer.Option("--code", help="Only those with this code.")]


@app.callback()
def _group() -> None:
    pass


@app.command("list", epilog="Example: juki-gateway outbox list --dead --state build/demo/131016-cs")
def list_rows(
    folder: State = None,
    dead: Annotated[bool, typer.Option("--dead", help="Only dead letters.")] = False,
    delivered: Annotated[
        bool, typer.Option("--delivered", help="What was delivered or dropped too.")
    ] = False,
    destination: OfDestination = None,
    code: OfCode = None,
    after: Annotated[int, typer.Option("--after", min=0, metavar="ID", help="Only ids above this one.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Most messages shown.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List messages that are not delivered yet, by id, after a summary by destination."""
    states = [OutboxState.DEAD] if dead else [OutboxState.PENDING, OutboxState.LEASED, OutboxState.DEAD]
    if delivered:
        states += [OutboxState.DELIVERED, OutboxState.DROPPED]
    with _store(folder) as (_, store):
        summary = outbox_summary(store)
        rows = store.outbox_desk.rows(
            states=states, destination=destination, code=code, after=after, limit=limit
        )
    output = Output(as_json)
    output.document({**summary.document(), "messages": [_document(row) for row in rows]})
    _print_summary(output, summary)
    if rows:
        output.line()
        output.table(_COLUMNS, [[_document(row)[name] or "" for name in _COLUMNS] for row in rows])
    if len(rows) == limit:
        output.line(f"There may be more: --after {rows[-1].id}")


@app.command(epilog="Example: juki-gateway outbox show 1 --state build/demo/131016-cs")
def show(
    row_id: Annotated[int, typer.Argument(metavar="ID", help="Id, as 'outbox list' shows it.")],
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Show one message with every MessageID that it had; never its content."""
    with _store(folder) as (_, store):
        filed = store.outbox_desk.find(row_id)
    if filed is None:
        raise CheckFailed(f"there is no message {row_id} in the outbox")
    document = _filed(filed)
    output = Output(as_json)
    output.document(document)
    output.table(
        ("", ""),
        [[name, value] for name, value in document.items() if name != "given_up" and value is not None],
    )
    if document["given_up"]:
        output.line()
        columns = ("message_id", "given_up_at", "code")
        output.table(columns, [[old[name] for name in columns] for old in document["given_up"]])


@app.command(epilog="Example: juki-gateway outbox requeue 1 --state build/demo/131016-cs")
def requeue(
    rows: Rows = None,
    every: All = False,
    destination: OfDestination = None,
    code: OfCode = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Try dead letters again, once what the counterpart refused them for is put right.

    After a fault of the counterpart's operation a message gets a new MessageID, which is recorded; in every
    other case it keeps the one that it has.
    """
    _on_dead_letters("requeued", rows, every, destination, code, folder, as_json)


@app.command(epilog="Example: juki-gateway outbox drop 1 --state build/demo/131016-cs")
def drop(
    rows: Annotated[list[int], typer.Argument(metavar="ID...", help="Ids, as 'outbox list' shows them.")],
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Give dead letters up for ever, so that what stands behind them is delivered.

    The counterpart will not learn from us what they said. They stay listed with --delivered, as dropped.
    """
    _on_dead_letters("dropped", rows, False, None, None, folder, as_json)


@app.command(epilog="Example: juki-gateway outbox drain --timeout 60 --state build/demo/131016-cs")
def drain(
    folder: State = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0, help="Longest wait, in seconds.")] = 300.0,
    as_json: AsJson = False,
) -> None:
    """Wait until the running system has delivered everything.

    Exit status 1 as soon as only dead letters and what stands behind them are left, or when the system does
    not run; 3 when the time is over.
    """
    output = Output(as_json)
    deadline, told, first = time.monotonic() + timeout, 0.0, None
    with _store(folder) as (state, store):
        while True:
            summary = outbox_summary(store)
            left = summary.document()["undelivered"]
            first = left if first is None else first
            stuck = store.outbox_desk.stuck()
            if left == stuck or time.monotonic() >= deadline:
                break
            if state.running_process() is None:
                raise Refusal(f"{state.path}: is not served, so nothing is delivered ({left} wait)")
            if time.monotonic() - told >= _TOLD_EVERY:
                told = time.monotonic()
                output.progress(f"{left} of {first} are left{_estimate(first, left, deadline - timeout)}")
            time.sleep(0.1)
    output.document(summary.document())
    _print_summary(output, summary)
    if left == 0:
        return
    if left == stuck:
        raise CheckFailed(f"{left} messages wait for an operator: dead letters and what stands behind them")
    raise Unreachable(f"{left} messages are not delivered after {timeout:g} s")


@contextmanager
def _store(folder: Path | None) -> Iterator[tuple[StateFolder, Store]]:
    state, settings = open_state(folder)
    store = open_store(state.path, settings, clock=clock_of(settings, state.path))
    try:
        yield state, store
    finally:
        store.close()


def _on_dead_letters(
    what: str,
    ids: list[int] | None,
    every: bool,
    destination: str | None,
    code: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    if bool(ids) == every:
        raise UsageError("give either ids or --all")
    if ids and (destination or code):
        raise UsageError("--destination and --code choose among --all")
    done: list[OutboxRow] = []
    with _store(folder) as (_, store):
        for row_id in ids or _dead(store, destination, code):
            with store.unit_of_work() as work:
                desk = store.outbox_desk
                found = (
                    desk.drop(work, row_id)
                    if what == "dropped"
                    else desk.requeue(work, row_id, new_message_id)
                )
            if found is None and ids:
                raise CheckFailed(f"message {row_id} is no dead letter; {len(done)} were {what}")
            if found is not None:
                done.append(found)
    output = Output(as_json)
    output.document({what: [_document(row) for row in done]})
    output.line(f"{len(done)} {what}")


def _dead(store: Store, destination: str | None, code: str | None) -> Iterator[int]:
    """All dead letters at the moment, read by ranges: they change under way."""
    after = 0
    while rows := store.outbox_desk.rows(
        states=[OutboxState.DEAD], destination=destination, code=code, after=after, limit=_PAGE
    ):
        yield from (row.id for row in rows)
        after = rows[-1].id


def _print_summary(output: Output, summary: OutboxSummary) -> None:
    if not summary.destinations:
        output.line("Everything is delivered.")
        return
    output.table(
        ("destination", "pending", "leased", "dead", "oldest"),
        [
            [one.destination, one.pending, one.leased, one.dead, _instant(one.oldest) or ""]
            for one in summary.destinations
        ],
    )


def _estimate(first: int, left: int, begun: float) -> str:
    gone = first - left
    if gone <= 0:
        return ""
    return f", about {left * (time.monotonic() - begun) / gone:.0f} s more"


def _document(row: OutboxRow) -> dict[str, Any]:
    """A message as JSON: everything but its content and the person's key."""
    return {
        "id": row.id,
        "state": row.state.value,
        "destination": row.destination,
        "service": row.service,
        "operation": row.operation,
        "message_id": row.message_id,
        "attempts": row.attempts,
        "enqueued_at": _instant(row.enqueued_at),
        "code": row.code,
        "business": row.business,
        "settled_at": _instant(row.settled_at),
        "answer_message_id": row.answer_message_id,
    }


def _filed(filed: Filed) -> dict[str, Any]:
    return {
        **_document(filed.row),
        "key": filed.row.key,
        "first_in_line": filed.first,
        "next_try": _instant(filed.next_try),
        "duplicate_since": _instant(filed.row.duplicate_since),
        "given_up": [
            {"message_id": old.message_id, "given_up_at": _instant(old.at), "code": old.code}
            for old in filed.given_up
        ],
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
