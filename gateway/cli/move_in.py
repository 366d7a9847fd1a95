"""``juki-gateway move-in``: the moves (特例転入) of a municipal CS, as its operator sees and mends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import destination_of
from gateway.cli.asking import usable
from gateway.cli.exits import CheckFailed
from gateway.cli.moves_output import line_document, move_document, tell_moves, tell_receipt
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.clock import Clock
from gateway.contract.certificates import Papers
from gateway.domain.caller import Caller
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move import ENDED, OF_OPERATOR, MoveRole, MoveState
from gateway.domain.move_messages import MoveActor, MoveStep, MoveView
from gateway.domain.move_record import Move
from gateway.errors import UsageError
from gateway.flows.identity_update import japanese_day
from gateway.flows.move_control import MoveInControl
from gateway.flows.move_out import MoveOut
from gateway.moves import MoveMail, commit_move, itself, move_writer
from gateway.settings import clock_of
from gateway.store import Store
from gateway.store.configured import open_store

app = new_app(
    "Special move-ins (特例転入) in both roles: list, show, cancel, retry, and texts to be looked at."
)

_MOST = 1_000
_OPEN = tuple(state for state in MoveState if state not in ENDED)
_AWAITED = (MoveState.REGISTERED, MoveState.SENT, MoveState.DELIVERED, MoveState.EXPIRED)
_OVERDUE = timedelta(days=30)

MoveId = Annotated[str, typer.Argument(metavar="MOVE", help="Reference, as 'move-in list' shows it.")]


@app.callback()
def _group() -> None:
    pass


@app.command("list", epilog="Example: juki-gateway move-in list --state build/demo/131016-cs")
def list_moves(
    attention: Annotated[
        bool, typer.Option("--attention", help="Only those that wait for an operator.")
    ] = False,
    overdue: Annotated[
        bool,
        typer.Option("--overdue", help="転入通知未着: who left more than 30 days ago and arrived nowhere."),
    ] = False,
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended, too.")] = False,
    code: Annotated[
        str | None, typer.Option("--code", help="Only of the person with this 住民票コード.")
    ] = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """List moves in both roles, the longest unchanged first; without whose they are."""
    with usable():
        person = None if code is None else ResidentRecordCode(code)
    with _desk(folder) as desk:
        states = OF_OPERATOR if attention else _AWAITED if overdue else (*_OPEN, *(ENDED if ended else ()))
        found = desk.store.moves.in_states(sorted(states, key=lambda one: one.value), limit=_MOST)
        if overdue:
            before = japanese_day(desk.clock) - _OVERDUE
            found = tuple(move for move in found if move.planned_on and move.planned_on < before)
        if person is not None:
            found = tuple(move for move in found if person in move.people)
    tell_moves(Output(as_json), [move_document(_view(move)) for move in found])


@app.command(epilog="Example: juki-gateway move-in show M-0123456789abcdef0123 --state build/demo/131016-cs")
def show(reference: MoveId, folder: State = None, as_json: AsJson = False) -> None:
    """Show one move with every event, and what of its certificate is to be looked at."""
    with _desk(folder) as desk:
        move = desk.find(reference)
        lines = [line_document(line) for line in desk.store.moves.lines(move, limit=_MOST)]
        remarks = [
            {"person": one.person, "item": one.item, "kind": one.kind.value}
            for one in desk.store.moves.remarks(move)
        ]
    document = {**move_document(_view(move)), "people": len(move.people), "events": lines, "remarks": remarks}
    output = Output(as_json)
    output.document(document)
    plain = {name: value for name, value in document.items() if not isinstance(value, list | dict)}
    output.table(("", ""), [[name, value] for name, value in plain.items() if value is not None])
    output.line()
    columns = ("at", "event", "state", "actor", "result")
    output.table(columns, [[line[column] or "" for column in columns] for line in lines])


@app.command(epilog="Example: juki-gateway move-in characters --state build/demo/131016-cs")
def characters(folder: State = None, as_json: AsJson = False) -> None:
    """List where texts of certificates cannot be shown or are too long (文字化け・桁あふれ)."""
    found: list[dict[str, Any]] = []
    with _desk(folder) as desk:
        for move in desk.store.moves.in_states(_OPEN, limit=_MOST):
            found += [
                {"move": move.reference, "person": one.person, "item": one.item, "kind": one.kind.value}
                for one in desk.store.moves.remarks(move)
            ]
    output = Output(as_json)
    output.document({"characters": found})
    columns = ("move", "person", "item", "kind")
    output.table(columns, [[one[column] for column in columns] for one in found])
    output.line(f"{len(found)} texts")


@app.command(
    epilog="Example: juki-gateway move-in cancel M-0123456789abcdef0123 --state build/demo/131016-cs"
)
def cancel(reference: MoveId, folder: State = None, as_json: AsJson = False) -> None:
    """End a move that is not complete; the old town is told. Exit status 1 when it cannot be."""
    with _desk(folder) as desk:
        move = desk.find(reference)
        asked = MoveStep(desk.own, reference)
        decision = (
            desk.control.cancel(asked, MoveActor.OPERATOR)
            if move.role is MoveRole.NEW_TOWN
            else desk.outgoing.cancel(asked, MoveActor.OPERATOR)
        )
        with desk.store.unit_of_work() as work:
            decision.write(work)
    tell_receipt(Output(as_json), decision.answer)


@app.command(epilog="Example: juki-gateway move-in retry M-0123456789abcdef0123 --state build/demo/131016-cs")
def retry(reference: MoveId, folder: State = None, as_json: AsJson = False) -> None:
    """Send again what the old town refused: the request, or the move-in notice (転入通知).

    What cannot be delivered at all is in the outbox: 'outbox list' and 'outbox requeue'.
    """
    with _desk(folder) as desk:
        move = desk.find(reference)
        work = desk.control.retry(move, desk.own)
        if work is None:
            raise CheckFailed(f"nothing of this move was refused: its state is {move.state.value}")
        if not commit_move(desk.store, move_writer(desk.store, desk.clock), work):
            raise CheckFailed("the move has gone on meanwhile: look again")
    output = Output(as_json)
    output.document({"move": reference, "state": work.move.state.value})
    output.line(f"{work.move.state.value}  {work.move.state.ja}  {work.move.state.en}")


@dataclass(frozen=True, slots=True)
class _Desk:
    store: Store
    clock: Clock
    own: Caller
    control: MoveInControl
    outgoing: MoveOut

    def find(self, reference: str) -> Move:
        """The move of this reference. Raises CheckFailed."""
        move = self.store.moves.by_reference(reference)
        if move is None:
            raise CheckFailed("there is no move of this reference")
        return move


@contextmanager
def _desk(folder: Path | None) -> Iterator[_Desk]:
    state, settings = open_state(folder)
    if settings.system.municipality is None:
        raise UsageError(f"{state.settings_file}: moves are a municipal CS's")
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock)
    try:
        own = itself(settings, MunicipalityCode(settings.system.municipality))
        post = MoveMail.of(settings, destination_of(settings, "prefectural_server"))
        papers, write = Papers(), move_writer(store, clock)
        control = MoveInControl(store.moves, clock, papers=papers, post=post, write=write)
        outgoing = MoveOut(
            store.moves, clock, papers=papers, post=post, write=write, journal=store.changes, own=own
        )
        yield _Desk(store, clock, own, control, outgoing)
    finally:
        store.close()


def _view(move: Move) -> MoveView:
    return MoveView(
        move.reference,
        move.state,
        move.code,
        move.peer,
        move.planned_on,
        move.moved_on,
        move.last_day,
        move.result,
    )
