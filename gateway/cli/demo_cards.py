"""Flow 8 of the demo: a card is issued, lost and found, ended and taken in; another goes on after a move."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from clients.integrated_terminal import IntegratedTerminal
from gateway.card_keeping import suspend_card
from gateway.cli.demo_registry import await_delivery, registry_of
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_terminal import somebody, terminal_of
from gateway.cli.demo_traffic import Recorder, Shown, clock_of, delivered_onward, system
from gateway.domain.caller import Caller
from gateway.domain.card import Card, CardEvent
from gateway.domain.card_query import CardQuestion
from gateway.domain.card_update import CardActor, CardResult, CardUpdate, RevocationReason
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Purpose
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.people import read_people
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store

_NEW_ADDRESS = "東京都千代田区神田駿河台一丁目8番1号"
_JAPAN = timedelta(hours=9)


class _Counter:
    """The clerk at the terminal: each event is one step to the CS, and one from there onward.

    The page shows all four messages of the first event; of the others what is asked, and what is answered
    at the end: they differ in few words, and the page is to stay small.
    """

    def __init__(
        self, network: dict[str, Any], client: IntegratedTerminal, caller: Caller, recorder: Recorder
    ) -> None:
        self._network = network
        self._client = client
        self._caller = caller
        self._recorder = recorder
        self._terminal = system(network, "integrated_terminal")
        self._gateway = system(network, "municipal_cs")
        self._cards = system(network, "card_management_system")

    def card_of(self, code: ResidentRecordCode) -> Card:
        """The person's newest card, as the card management system has it."""
        cards = self._client.query_cards(CardQuestion(self._caller, code)).cards
        if not cards:
            raise FlowFailed("the person has no card")
        return cards[0]

    def steps(
        self, card: Card, event: CardEvent, english: str, reason: RevocationReason | None = None
    ) -> Iterator[Step]:
        """The event told to the CS, and by it to the card management system."""
        begun = clock_of(self._network).now()
        update = CardUpdate(
            self._caller,
            card.code,
            card.serial,
            event,
            (begun + _JAPAN).date(),
            CardActor.TERMINAL,
            reason,
        )
        receipt = self._client.update_card(update)
        told, is_first = self._recorder.calls[-1], event is CardEvent.ISSUE
        if receipt.result is not CardResult.ACCEPTED:
            raise FlowFailed(f"{event.value} was answered {receipt.result.value}")
        yield Step(
            f"8-① {event.ja}",
            f"統合端末において、個人番号カードの{event.ja}を行う。",
            f"The clerk {english}.",
            self._terminal["id"],
            self._gateway["id"],
            "accepted",
            "UpdateCard",
            Exchange(self._terminal["id"], True, told.message_id, told.milliseconds),
            (Shown(told, "request"), *([Shown(told, "answer")] if is_first else [])),
        )
        await_delivery(self._network, self._gateway)
        onward = delivered_onward(self._gateway, "UpdateCard", begun)
        if not onward or not onward[-1].verified:
            raise FlowFailed("the card management system was not told")
        passed = onward[-1]
        yield Step(
            f"8-① {event.ja}の連携",
            f"個人番号カード管理システムに対し、{event.ja}に係る情報を連携する。",
            "The municipal CS tells the card management system.",
            self._gateway["id"],
            self._cards["id"],
            "delivered",
            "UpdateCard",
            Exchange(self._gateway["id"], True, passed.message_id, passed.milliseconds),
            (*([Shown(passed, "request")] if is_first else []), Shown(passed, "answer")),
        )


def _run(network: dict[str, Any]) -> Iterator[Step]:
    cards = system(network, "card_management_system")
    here = system(network, "municipal_cs")["municipality"]
    with terminal_of(network) as (client, caller, recorder):
        clerk = dataclasses.replace(caller, purpose=Purpose.CARD_PROCEDURE)
        counter = _Counter(network, client, clerk, recorder)
        waiting = somebody(network, card_state="none", municipality=here)
        card = counter.card_of(ResidentRecordCode(waiting["resident_record_code"]))
        yield from counter.steps(card, CardEvent.ISSUE, "hands a new card to its holder")
        _suspend(network, card)
        yield Step(
            "8-① 一時停止",
            "個人番号カードの紛失の届出を受け、個人番号カード管理システムの窓口がカードを一時停止する。",
            "The holder reports the card lost, and the card management system's call centre suspends it.",
            "resident",
            cards["id"],
            "done",
        )
        yield from counter.steps(
            card, CardEvent.LIFT_SUSPENSION, "sees the card, found again, and lifts the suspension"
        )
        yield from counter.steps(
            card,
            CardEvent.REVOKE,
            "ends the card, which its holder gives up",
            RevocationReason.SURRENDERED,
        )
        yield from counter.steps(card, CardEvent.COLLECT, "takes the ended card in")
        moved = _move_in(network, here)
        other = counter.card_of(moved)
        yield from counter.steps(other, CardEvent.CONTINUE, "lets a card go on after its holder moved in")
        yield from counter.steps(other, CardEvent.RETURN, "gives the card back to its holder")


def _suspend(network: dict[str, Any], card: Card) -> None:
    clock = clock_of(network)
    state = StateFolder.open(Path(system(network, "card_management_system")["state"]))
    store = open_store(state.path, load_settings(state.settings_file), clock=clock)
    try:
        if not suspend_card(store, clock, card.serial):
            raise FlowFailed("the call centre could not suspend the card")
    finally:
        store.close()


def _move_in(network: dict[str, Any], municipality: str) -> ResidentRecordCode:
    """Somebody with a card moves in from elsewhere: flow 1, which has the card wait for continued use."""
    towns = {one["municipality"] for one in network["systems"] if one["role"] == "municipal_cs"}
    mover = next(
        (
            person
            for person in read_people(Path(network["sample"]["people"]))
            if person.record.municipality.digits not in towns and person.card_state.value == "active"
        ),
        None,
    )
    if mover is None:
        raise FlowFailed("nobody with a card lives elsewhere")
    day = clock_of(network).now() + _JAPAN
    record = dataclasses.replace(
        mover.record, address=RegisterText(_NEW_ADDRESS), municipality=MunicipalityCode(municipality)
    )
    event_date = RegisterDate.exact(Calendar.REIWA, day.year, day.month, day.day)
    with registry_of(network) as (client, caller, _):
        change = Change(1, ChangeReason.MOVE_IN, event_date, record)
        receipt = client.report_changes(ChangeReport(caller, (change,)))
    if receipt.outcomes[0].result is not ChangeResult.ACCEPTED:
        raise FlowFailed(f"the move-in was answered {receipt.outcomes[0].result.value}")
    await_delivery(network, system(network, "municipal_cs"))
    return record.code


CARD_MANAGEMENT = Flow(
    "8",
    "個人番号カード管理システムとの情報連携",
    "Card management",
    _run,
)
