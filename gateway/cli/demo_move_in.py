"""Flow 3 of the demo: somebody moves from one of the network's towns to the other, with her card.

Each step's outcome is the move's state in the new town, as far as it has come. The page shows the messages
between the towns and what completes the move; the others look like those of other flows.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from clients.integrated_terminal import IntegratedTerminal
from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.demo_registry import await_delivery, registry_of
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_terminal import terminal_of
from gateway.cli.demo_traffic import Call, Recorder, Shown, clock_of, delivered_onward, system
from gateway.domain.caller import Caller
from gateway.domain.card import Card, CardEvent
from gateway.domain.card_query import CardQuestion
from gateway.domain.card_update import CardActor, CardUpdate
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.codes import Coded, Purpose, VerificationResult
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.move_certificate import (
    CarriedCard,
    Entitlement,
    FamilyRegister,
    Leaving,
    Relation,
    TransferCertificate,
)
from gateway.domain.move_messages import (
    CertificateRegistration,
    Completion,
    Dispatch,
    MoveQuestion,
    MoveStep,
    TransferQuestion,
)
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.verification import IdentityQuestion
from gateway.people import read_people

_NEW_ADDRESS = RegisterText("東京都千代田区神田駿河台一丁目8番1号")
_DOMICILE = RegisterText("新潟県佐渡市千種232番")
_JAPAN = timedelta(hours=9)


@dataclass
class _Towns:
    """Both towns: their gateways, and the clients that act in them, each with what is heard on its wire."""

    network: dict[str, Any]
    begun: datetime
    today: dt.date
    new: dict[str, Any]
    old: dict[str, Any]
    counter: tuple[IntegratedTerminal, Caller, Recorder]
    registry: tuple[ResidentRecordSystem, Caller, Recorder]
    leaving: tuple[ResidentRecordSystem, Caller, Recorder]
    mover: IdentityRecord
    card: Card

    def settle(self) -> None:
        """Wait until neither town has anything to deliver."""
        for town in (self.new, self.old, self.new):
            await_delivery(self.network, town)

    def passed(self, sender: dict[str, Any], operation: str) -> Call:
        """What a gateway's dispatcher has delivered last."""
        calls = delivered_onward(sender, operation, self.begun)
        if not calls or not calls[-1].verified:
            raise FlowFailed(f"{sender['id']} has not delivered {operation}")
        return calls[-1]

    def state(self) -> str:
        """The move's state in the new town, as its counter sees it."""
        client, caller, _ = self.counter
        return str(client.query_moves(MoveQuestion(caller, self.mover.code)).moves[0].state.value)


def _run(network: dict[str, Any]) -> Iterator[Step]:
    new = system(network, "municipal_cs")
    old = next(one for one in network["systems"] if one["role"] == "municipal_cs" and one["id"] != new["id"])
    with ExitStack() as clients:
        client, caller, heard = clients.enter_context(terminal_of(network))
        caller = dataclasses.replace(caller, purpose=Purpose.SPECIAL_MOVE_IN)
        registry = clients.enter_context(registry_of(network))
        leaving = clients.enter_context(registry_of(network, old["municipality"]))
        mover = _mover(network, old["municipality"])
        cards = client.query_cards(CardQuestion(caller, mover.code)).cards
        if not cards:
            raise FlowFailed("the person who is to move has no card")
        now = clock_of(network).now()
        towns = _Towns(
            network,
            now,
            (now + _JAPAN).date(),
            new,
            old,
            (client, caller, heard),
            registry,
            leaving,
            mover,
            cards[0],
        )
        yield from _leave(towns)
        yield from _ask(towns)
        yield from _take(towns)
        yield from _arrive(towns)
        yield from _continue(towns)


def _leave(towns: _Towns) -> Iterator[Step]:
    client, caller, heard = towns.leaving
    certificate = TransferCertificate(
        "demo-move-out",
        MunicipalityCode(towns.old["municipality"]),
        towns.today,
        towns.today,
        MunicipalityCode(towns.new["municipality"]),
        _NEW_ADDRESS,
        (_leaving(towns.mover, towns.card, towns.today),),
    )
    told = client.register_transfer_certificate(
        CertificateRegistration(caller, Dispatch.ON_REQUEST, certificate)
    )
    _require(told.result)
    yield _step(
        towns,
        "3-① 転出届",
        "転出地において、転出届に基づく転出証明書情報を市町村CSに登録する。",
        "In the old town the move-out is reported, and its certificate is registered with the municipal CS.",
        heard.calls[-1],
        "registered",
    )


def _ask(towns: _Towns) -> Iterator[Step]:
    client, caller, heard = towns.counter
    found = client.verify_identity(IdentityQuestion(caller, towns.mover.code)).result
    if found is not VerificationResult.MATCH:
        raise FlowFailed(f"the national server said {found.value}")
    yield _step(
        towns,
        "3-①",
        "転入手続を行う住民から提示された個人番号カードを利用して本人確認を行う。",
        "The clerk verifies the identity of whoever moves in, by the card.",
        heard.calls[-1],
        found.value,
    )
    asked = client.request_transfer_certificate(
        TransferQuestion(
            caller,
            towns.mover.code,
            towns.card.serial,
            MunicipalityCode(towns.old["municipality"]),
            towns.today,
            towns.today,
        )
    )
    _require(asked.result)
    yield _step(
        towns,
        "3-②",
        "統合端末から、転出証明書情報の送信依頼を市町村CSに対して行う。",
        "The terminal takes the first 転入届 and asks for the certificate.",
        heard.calls[-1],
        "requested",
    )
    towns.settle()
    yield _step(
        towns,
        "3-② 転出地へ",
        "市町村CSを経由して、転出地市町村に対し転出証明書情報の送信依頼を行う。",
        "The municipal CS asks the old town's.",
        towns.passed(towns.new, "RequestTransferCertificate"),
        "accepted",
        parts=("request", "answer"),
    )
    yield _step(
        towns,
        "3-③",
        "市町村CSにおいて転出地市町村より転出証明書情報を受信する。",
        "The certificate comes from the old town, from municipality to municipality.",
        towns.passed(towns.old, "SendTransferCertificate"),
        towns.state(),
        parts=("request",),
    )


def _take(towns: _Towns) -> Iterator[Step]:
    client, caller, heard = towns.registry
    waiting = client.list_moves(MoveQuestion(caller)).moves
    if len(waiting) != 1:
        raise FlowFailed(f"{len(waiting)} certificates wait")
    asked = MoveStep(caller, waiting[0].reference)
    fetched = client.fetch_move(asked)
    if fetched.certificate is None or fetched.certificate.people[0].record != towns.mover:
        raise FlowFailed("it is not the certificate of who moves")
    yield _step(
        towns,
        "3-④",
        "既存住基システムにおいて、市町村CSから転出証明書情報を受信する。",
        "The resident record system fetches the certificate.",
        heard.calls[-1],
        towns.state(),
    )
    _require(client.acknowledge_move(asked).result)
    yield _step(
        towns,
        "3-④ 引取り",
        "既存住基システムにおいて転入処理を行う。",
        "It has taken it over, and works on the move-in.",
        heard.calls[-1],
        towns.state(),
    )


def _arrive(towns: _Towns) -> Iterator[Step]:
    client, caller, heard = towns.registry
    move = towns.counter[0].query_moves(MoveQuestion(towns.counter[1], towns.mover.code)).moves[0]
    day = towns.today
    change = Change(
        1,
        ChangeReason.MOVE_IN,
        RegisterDate.exact(Calendar.REIWA, day.year, day.month, day.day),
        dataclasses.replace(
            towns.mover, address=_NEW_ADDRESS, municipality=MunicipalityCode(towns.new["municipality"])
        ),
    )
    _require(client.complete_move_in(Completion(caller, move.reference, (change,))).result)
    yield _step(
        towns,
        "3-⑤",
        "転入処理完了後、既存住基システムから転入通知情報を市町村CSに受け渡す。",
        "The move-in is on record, and the resident record system hands over the move-in notice.",
        heard.calls[-1],
        "completed",
        parts=("request",),
    )
    towns.settle()
    yield _step(
        towns,
        "3-⑤ 転入通知",
        "市町村CSより、転入通知情報を転出地市町村へ送信する。",
        "The municipal CS notifies the old town …",
        towns.passed(towns.new, "NotifyMoveIn"),
        towns.state(),
        parts=("request",),
    )
    yield _step(
        towns,
        "3-⑤ 都道府県へ",
        "同時に、都道府県サーバへ本人確認情報の更新情報を送信する。",
        "… and, at the same time, its prefectural server of the changed identity record.",
        towns.passed(towns.new, "NotifyChanges"),
        "delivered",
    )
    yield _step(
        towns,
        "3-⑤ 転出確定通知",
        "転出地の市町村CSより、転出確定通知を都道府県サーバへ送信する。",
        "The old town tells its prefectural server that the move-out is definite.",
        towns.passed(towns.old, "ConfirmMoveOut"),
        "delivered",
        parts=("request",),
    )


def _continue(towns: _Towns) -> Iterator[Step]:
    client, caller, heard = towns.counter
    clerk = dataclasses.replace(caller, purpose=Purpose.CARD_PROCEDURE)
    update = CardUpdate(
        clerk, towns.mover.code, towns.card.serial, CardEvent.CONTINUE, towns.today, CardActor.TERMINAL
    )
    receipt = client.update_card(update)
    if not receipt.result.is_done:
        raise FlowFailed(f"continued use was answered {receipt.result.value}")
    yield _step(
        towns,
        "3-⑥",
        "転入処理完了後、個人番号カードの継続利用処理を行う。",
        "After the move-in the clerk lets the card go on …",
        heard.calls[-1],
        receipt.result.value,
    )
    await_delivery(towns.network, towns.new)
    yield _step(
        towns,
        "3-⑥ 更新要求",
        "個人番号カード管理システムに対し、個人番号カード管理情報の更新要求を行う。",
        "… and the card management system is asked to update what it has of it.",
        towns.passed(towns.new, "UpdateCard"),
        "delivered",
    )


def _step(
    towns: _Towns,
    number: str,
    japanese: str,
    english: str,
    call: Call,
    outcome: str,
    *,
    parts: tuple[Literal["request", "answer"], ...] = (),
) -> Step:
    return Step(
        number,
        japanese,
        english,
        call.caller,
        system(towns.network, call.callee)["id"],
        outcome,
        call.operation,
        Exchange(call.caller, call.verified, call.message_id, call.milliseconds),
        tuple(Shown(call, part) for part in parts),
    )


def _require(result: Coded) -> None:
    if result.value != "accepted":
        raise FlowFailed(f"it was answered {result.value}")


def _mover(network: dict[str, Any], municipality: str) -> IdentityRecord:
    for person in read_people(Path(network["sample"]["people"])):
        if person.record.municipality.digits == municipality and person.card_state.value == "active":
            return person.record
    raise FlowFailed("nobody with a card lives in the other town")


def _leaving(record: IdentityRecord, card: Card, today: dt.date) -> Leaving:
    issued = card.issued_on or today
    return Leaving(
        record,
        record.name,
        Relation("世帯主"),
        FamilyRegister(_DOMICILE, record.name),
        (Entitlement.NATIONAL_HEALTH,),
        None,
        CarriedCard(card.serial, issued, card.valid_until or issued, secrets.token_hex(16).upper()),
    )


SPECIAL_MOVE_IN = Flow(
    "3",
    "個人番号カードを利用した転入(特例転入)",
    "Special move-in by card between two municipalities",
    _run,
)
