"""``juki-gateway card …``: what is done to cards (個人番号カード) at the terminal, and asked about them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import typer

from clients.integrated_terminal import IntegratedTerminal
from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.asking import (
    EarlierTry,
    OperatorIds,
    PersonCode,
    PurposeCode,
    Terminal,
    asking_as,
    caller_of,
    day_of,
    usable,
)
from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.domain.card import Card, CardEvent, CardSerial
from gateway.domain.card_history import HistoryLine
from gateway.domain.card_query import CardQuestion
from gateway.domain.card_update import CardActor, CardReceipt, CardUpdate, RevocationReason
from gateway.domain.codes import Coded, Purpose
from gateway.domain.day import write_day
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.values import read_code
from gateway.errors import UsageError
from gateway.settings import Settings
from gateway.state import StateFolder

app = new_app("Cards (個人番号カード, flow 8): what a clerk does to them, and what became of it.")

Serial = Annotated[str, typer.Option("--serial", help="製造番号 of the card, as 'card show' lists it.")]
Day = Annotated[
    str | None, typer.Option("--date", help="Day on which it happened, as 2026-11-26; today without it.")
]
_PURPOSE = Purpose.CARD_PROCEDURE.value
_WHO = "--terminal 131016-T001 --operator V1310160001/OP01"
_EXAMPLE = f"Example: juki-gateway card {{}} --state build/demo/131016-terminal-1 --code 05783086273 {_WHO}"


@app.callback()
def _group() -> None:
    pass


def _simple(name: str, event: CardEvent, text: str) -> None:
    """One of the commands that take a card and nothing else."""

    def command(
        code: PersonCode,
        serial: Serial,
        terminal: Terminal,
        operator: OperatorIds,
        day: Day = None,
        purpose: PurposeCode = _PURPOSE,
        message_id: EarlierTry = None,
        folder: State = None,
        as_json: AsJson = False,
    ) -> None:
        state, settings = open_state(folder)
        with usable():
            asked = CardUpdate(
                caller_of(settings, terminal, operator, purpose),
                ResidentRecordCode(code),
                CardSerial(serial),
                event,
                day_of(state, settings, day),
                CardActor.TERMINAL,
            )
        _tell(_at_the_terminal(state, settings, asked, message_id), Output(as_json))

    command.__doc__ = f"{text} Exit status 1 when the card's state does not allow it."
    app.command(name, epilog=_EXAMPLE.format(name) + " --serial 0123456789AB")(command)


_simple("issue", CardEvent.ISSUE, "Issue a card (交付): it is handed to its holder.")


@app.command(epilog=_EXAMPLE.format("revoke") + " --serial 0123456789AB --reason lost")
def revoke(
    code: PersonCode,
    terminal: Terminal,
    operator: OperatorIds,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            help="lost, surrendered (返納) or reissue at a terminal; death, emigration or code_change as the "
            "resident record system, for all cards of the person.",
        ),
    ],
    serial: Annotated[str | None, typer.Option("--serial", help="製造番号; none from the registry.")] = None,
    day: Day = None,
    purpose: PurposeCode = _PURPOSE,
    message_id: EarlierTry = None,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a card (廃止), or as the resident record system all cards of a person.

    Exit status 1 when it is not taken.
    """
    state, settings = open_state(folder)
    from_registry = settings.system.role == "resident_record_system"
    with usable():
        asked = CardUpdate(
            caller_of(settings, terminal, operator, purpose),
            ResidentRecordCode(code),
            None if serial is None else CardSerial(serial),
            CardEvent.REVOKE,
            day_of(state, settings, day),
            CardActor.REGISTRY if from_registry else CardActor.TERMINAL,
            read_code(RevocationReason, reason),
        )
    if not from_registry:
        _tell(_at_the_terminal(state, settings, asked, message_id), Output(as_json))
        return
    if serial is not None:
        raise UsageError("the resident record system ends all cards of a person: give no --serial")
    with asking_as(ResidentRecordSystem, state, settings) as client:
        receipt = client.revoke_cards(asked, message_id=message_id)
    _tell(receipt, Output(as_json))


_simple("collect", CardEvent.COLLECT, "Collect a card that has ended (回収): the municipality takes it in.")
_simple(
    "lift-suspension",
    CardEvent.LIFT_SUSPENSION,
    "Lift a suspension (一時停止解除): the holder found the card, and shows it.",
)
_simple("return", CardEvent.RETURN, "Give a card back to its holder (返還) after continued use.")
_simple("continue", CardEvent.CONTINUE, "Let a card go on after a move (継続利用): it was handed in.")


@app.command(epilog=_EXAMPLE.format("show"))
def show(
    code: PersonCode,
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = _PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Show a person's cards and their states (運用状況), as the card management system has them now."""
    state, settings = open_state(folder)
    with usable():
        question = CardQuestion(caller_of(settings, terminal, operator, purpose), ResidentRecordCode(code))
    with asking_as(IntegratedTerminal, state, settings) as client:
        answer = client.query_cards(question)
    output = Output(as_json)
    cards = [card_document(card) for card in answer.cards]
    output.document({"cards": cards, "reference": answer.reference})
    columns = ("serial", "state", "municipality", "issued_on", "valid_until", "continue_by")
    output.table(columns, [[card[column] or "" for column in columns] for card in cards])
    output.line(f"{len(cards)} cards, reference {answer.reference}")


@app.command(epilog=_EXAMPLE.format("history"))
def history(
    code: PersonCode,
    terminal: Terminal,
    operator: OperatorIds,
    purpose: PurposeCode = _PURPOSE,
    folder: State = None,
    as_json: AsJson = False,
) -> None:
    """Show what was done to a person's cards (更新履歴), and what the card management system answered."""
    state, settings = open_state(folder)
    with usable():
        question = CardQuestion(caller_of(settings, terminal, operator, purpose), ResidentRecordCode(code))
    with asking_as(IntegratedTerminal, state, settings) as client:
        answer = client.query_card_history(question)
    output = Output(as_json)
    lines = [_line_document(line) for line in answer.lines]
    output.document({"history": lines, "reference": answer.reference})
    columns = ("recorded_at", "serial", "event", "reason", "state", "actor", "outcome", "answer")
    output.table(columns, [[line[column] or "" for column in columns] for line in lines])
    output.line(f"{len(lines)} entries, reference {answer.reference}")


def _at_the_terminal(
    state: StateFolder, settings: Settings, asked: CardUpdate, message_id: str | None
) -> CardReceipt:
    with asking_as(IntegratedTerminal, state, settings) as client:
        return client.update_card(asked, message_id=message_id)


def _tell(receipt: CardReceipt, output: Output) -> None:
    result = receipt.result
    output.document(
        {
            "result": result.value,
            "text": {"ja": result.ja, "en": result.en},
            "cards": [card_document(card) for card in receipt.cards],
            "allowed": [event.value for event in receipt.allowed],
            "reference": receipt.reference,
        }
    )
    output.line(f"{result.value}  {result.ja}  {result.en}", "green" if result.is_done else "yellow")
    for card in receipt.cards:
        output.line(f"card {card.serial}: {card.state.value}  {card.state.ja}  {card.state.en}")
    if not result.is_done:
        may = ", ".join(event.value for event in receipt.allowed) or "nothing"
        raise CheckFailed(f"not taken: {result.value}; what may be done: {may}")


def card_document(card: Card) -> dict[str, Any]:
    """A card for people and programs, without whose it is."""

    def day(found: dt.date | None) -> str | None:
        return None if found is None else write_day(found)

    return {
        "serial": card.serial.text,
        "state": card.state.value,
        "municipality": card.municipality.digits,
        "version": card.version,
        "issued_on": day(card.issued_on),
        "valid_until": day(card.valid_until),
        "residence_until": day(card.residence_until),
        "continue_by": day(card.continue_by),
    }


def _line_document(line: HistoryLine) -> dict[str, Any]:
    def code(found: Coded | None) -> str | None:
        return None if found is None else str(found.value)

    return {
        "serial": line.serial.text,
        "event": code(line.event),
        "reason": code(line.reason),
        "date": write_day(line.event_date),
        "state": line.state.value,
        "actor": line.actor.value,
        "outcome": line.outcome.value,
        "answer": code(line.answer),
        "recorded_at": line.recorded_at.isoformat().replace("+00:00", "Z"),
    }
