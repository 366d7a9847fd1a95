"""``juki-gateway consistency …``: checks of all records with prefectural and national server (flow 6)."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.app import change_writer, notice_maker, notice_route
from gateway.checking.repairing import hindrance, repair_change
from gateway.checking.servers import comparing, itself
from gateway.cli.access_output import safe_cell
from gateway.cli.exits import CheckFailed, Refusal
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.clock import Clock
from gateway.domain.change_report import ChangeReport
from gateway.domain.consistency import RunMode, RunState
from gateway.domain.csv_text import line_of
from gateway.domain.values import read_code
from gateway.errors import UsageError
from gateway.flows.identity_update import IdentityUpdate, japanese_day
from gateway.settings import Settings, clock_of
from gateway.store import Conflict, FoundDifference, Run, Store
from gateway.store.configured import open_store

app = new_app("Consistency checks (整合性確認) with the prefectural and the national server.")

COLUMNS: Final = (
    "kind",
    "resident_record_code",
    "items",
    "number_sent",
    "number_there",
    "in_flight",
    "repaired",
)
NOT_SENT: Final = ("kind", "resident_record_code", "reason")
_LOOK_SECONDS: Final = 0.5
_TRIES: Final = 5


@app.callback()
def _group() -> None:
    pass


@app.command(epilog="Example: juki-gateway consistency run --state build/demo/131016-cs --wait")
def run(
    to: Annotated[str | None, typer.Option(help="Id of the server; without it all that are called.")] = None,
    mode: Annotated[
        str | None, typer.Option(help="complete, or digests where the counterpart agreed to that.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the servers told what they found.")
    ] = False,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Begin a check with each server; the running gateway does it.

    With --wait exit status 1 when records differ.
    """
    output = Output(as_json)
    with _opened(folder) as (settings, store, clock):
        known = comparing(settings)
        if to is not None and to not in known:
            raise UsageError(f"--to: one of {', '.join(known)}")
        if mode is not None and mode not in {one.value for one in RunMode}:
            raise UsageError("--mode: complete or digests")
        how = read_code(RunMode, mode or settings.consistency.mode)
        opened = [store.consistency_runs.open(one, how, at=clock.now()) for one in ([to] if to else known)]
        while wait and any(_run(store, one).state is not RunState.DONE for one in opened):
            time.sleep(_LOOK_SECONDS)
        runs = [_run(store, one) for one in opened]
        _tell(output, store, runs)
        if wait and any(_real(store.consistency_runs.findings(one)) for one in runs):
            raise CheckFailed("the records differ: juki-gateway consistency report")


@app.command("list", epilog="Example: juki-gateway consistency list --state build/demo/131016-cs")
def list_runs(folder: State = None, as_json: AsJson = False) -> None:
    """The newest checks, and how far each is."""
    with _opened(folder) as (_, store, _clock):
        _tell(Output(as_json), store, store.consistency_runs.all())


@app.command(
    epilog="Example: juki-gateway consistency report C-0123456789abcdef0123456789abcdef "
    "--state build/demo/131016-cs --html report.html"
)
def report(
    reference: Annotated[str, typer.Argument(metavar="RUN", help="Reference of the check.")],
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the differences as CSV for people.")
    ] = None,
    page: Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")] = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """What a check found. Exit status 1 when records differ, but for what is only on its way."""
    output = Output(as_json)
    with _opened(folder) as (_, store, _clock):
        one = _run(store, reference)
        found = store.consistency_runs.findings(one)
    rows = [_row(difference) for difference in found]
    if csv is not None:
        guarded = [[safe_cell(cell) for cell in row] for row in rows]
        csv.write_text(line_of(COLUMNS) + "".join(map(_csv_line, guarded)), encoding="utf-8-sig")
    if page is not None:
        page.write_text(_page(one, rows), encoding="utf-8")
    listed = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    output.document({**_document(one, found), "found": listed})
    output.table(COLUMNS, rows)
    output.line(_summary(one, found))
    if one.state is not RunState.DONE:
        raise CheckFailed("the counterpart has not told yet what it found")
    if _real(found):
        raise CheckFailed("the records differ")


@app.command(
    epilog="Example: juki-gateway consistency repair C-0123456789abcdef0123456789abcdef "
    "--state build/demo/131016-cs"
)
def repair(
    reference: Annotated[str, typer.Argument(metavar="RUN", help="Reference of the check.")],
    most: Annotated[
        int | None, typer.Option(help="How many records may be sent again; needed for more than the setting.")
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Send also those of whom the server never heard.")
    ] = False,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Send the records that differ again, through flow 1, as a correction (職権修正) of the same content.

    Of who is missing there only those of whom the server never heard are sent, with --missing. What is not
    sent is listed with the reason.
    """
    output = Output(as_json)
    with _opened(folder) as (settings, store, clock):
        one = _run(store, reference)
        every = [(found, hindrance(found, missing=missing)) for found in store.consistency_runs.findings(one)]
        wanted = [found for found, reason in every if reason is None]
        allowed = settings.consistency.repair_most if most is None else most
        if len(wanted) > allowed:
            raise Refusal(
                f"{len(wanted)} records differ, {allowed} may be sent again: say --most {len(wanted)}"
            )
        sent = [found.finding.code.digits for found in wanted if _send(settings, store, clock, found)]
    done = set(sent)
    rows = [
        (found.finding.kind.value, found.finding.code.digits, reason or "it changed meanwhile")
        for found, reason in every
        if reason is not None or found.finding.code.digits not in done
    ]
    listed = [dict(zip(NOT_SENT, row, strict=True)) for row in rows]
    output.document(
        {"run": reference, "sent": len(sent), "left": len(wanted) - len(sent), "not_sent": listed}
    )
    output.table(NOT_SENT, rows)
    output.line(f"{len(sent)} of {len(wanted)} records are sent again")
    if len(sent) != len(wanted):
        raise CheckFailed("some records could not be sent again: they changed meanwhile")


def _send(settings: Settings, store: Store, clock: Clock, found: FoundDifference) -> bool:
    """One correction of the same content, decided and committed as if it were reported."""
    route = notice_route(settings, "prefectural_server", "prefectural")
    update = IdentityUpdate(
        store.changes,
        store.changes,
        clock,
        notice=notice_maker("prefectural"),
        write=change_writer(store, clock, route),
    )
    caller = itself(settings)
    for _ in range(_TRIES):
        standing = store.changes.standing(found.finding.code, caller.municipality.digits)
        if standing.person is None or standing.version is None:
            return False
        record = store.changes.record(standing.person, standing.version)
        change = repair_change(record, standing.last + 1, japanese_day(clock))
        decision = update.report(ChangeReport(caller, (change,)))
        if not decision.answer.outcomes[0].result.is_accepted:
            return False
        try:
            with store.unit_of_work() as work:
                decision.write(work)
                store.consistency_runs.note_repaired(work, [found.id], at=clock.now())
        except Conflict:
            continue
        return True
    return False


@contextmanager
def _opened(folder: Path | None) -> Iterator[tuple[Settings, Store, Clock]]:
    state, settings = open_state(folder)
    if settings.system.role != "municipal_cs":
        raise UsageError(f"{state.path}: only a municipal CS has its records checked")
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        yield settings, store, clock
    finally:
        store.close()


def _run(store: Store, reference: str) -> Run:
    found = store.consistency_runs.find(reference)
    if found is None:
        raise UsageError(f"{reference}: there is no such check")
    return found


def _real(found: Sequence[FoundDifference]) -> list[FoundDifference]:
    return [one for one in found if not one.in_flight and not one.repaired]


def _tell(output: Output, store: Store, runs: Sequence[Run]) -> None:
    told = [(one, store.consistency_runs.findings(one)) for one in runs]
    output.document({"runs": [_document(one, found) for one, found in told]})
    columns = ("reference", "destination", "mode", "state", "people", "differences", "in_flight")
    shown = [_document(one, found) for one, found in told]
    output.table(columns, [[one[column] for column in columns] for one in shown])


def _document(one: Run, found: Sequence[FoundDifference]) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "destination": one.destination,
        "mode": one.mode.value,
        "state": one.state.value,
        "opened_at": one.opened_at.isoformat(),
        "closed_at": None if one.closed_at is None else one.closed_at.isoformat(),
        "people": one.people,
        "bytes": one.octets,
        "sent": {"count": one.here.count, "digest": one.here.digest},
        "held": None if one.there is None else {"count": one.there.count, "digest": one.there.digest},
        "differences": len(_real(found)),
        "in_flight": sum(difference.in_flight for difference in found),
    }


def _row(one: FoundDifference) -> list[str]:
    finding = one.finding
    return [
        finding.kind.value,
        finding.code.digits,
        " ".join(item.value for item in finding.items),
        "" if finding.number_sent is None else str(finding.number_sent),
        "" if finding.number_there is None else str(finding.number_there),
        "yes" if one.in_flight else "no",
        "yes" if one.repaired else "no",
    ]


def _csv_line(cells: Sequence[str]) -> str:
    return line_of(cells)


def _summary(one: Run, found: Sequence[FoundDifference]) -> str:
    there = "-" if one.there is None else f"{one.there.count:,}"
    return (
        f"{one.destination}: {one.people:,} people, {one.here.count:,} records sent, {there} held there; "
        f"{len(_real(found)):,} differ, {sum(difference.in_flight for difference in found):,} on their way"
    )


def _page(one: Run, rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    policy = "default-src 'none'; style-src 'unsafe-inline'"
    there = "-" if one.there is None else f"{one.there.count:,}"
    return "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            "<title>整合性確認 Consistency</title>",
            "<style>body{font-family:sans-serif}td,th{border:1px solid #999;padding:.2em .5em}"
            "table{border-collapse:collapse}</style></head><body>",
            f"<h1>整合性確認 Consistency {html.escape(one.reference)}</h1>",
            f"<p>{html.escape(one.destination)}, {one.opened_at:%Y-%m-%dT%H:%M:%SZ}: {one.people:,} people, "
            f"{one.here.count:,} sent, {there} held.</p>",
            "<table><thead>" + line(COLUMNS, "th") + "</thead><tbody>",
            *(line(row, "td") for row in rows),
            "</tbody></table></body></html>",
        )
    )
