"""Flow 7 of the demo: a newborn's addressee is asked for, delivered, handed over, and erased."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.cli.demo_registry import await_delivery, registry_of
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_traffic import Shown, clock_of, delivered_onward, system
from gateway.domain.addressee import (
    Addressee,
    AddresseeHeader,
    AddresseePerson,
    Circumstance,
    Conversion,
    Office,
    PrintClass,
)
from gateway.domain.addressee_delivery import AddresseePiece, TargetQuestion
from gateway.domain.addressee_rules import AddresseeResult
from gateway.domain.caller import Caller
from gateway.domain.card_characters import Substitute
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.codes import Sex
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import IndividualNumber, MunicipalityCode, ResidentRecordCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.kana import Kana
from gateway.domain.postal import Phone, PostalCode
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store

_JAPAN = timedelta(hours=9)
_HERE = PostalCode("1000005")
_ELSEWHERE = PostalCode("2310005"), RegisterText("神奈川県横浜市中区本町6丁目50番地の10")
_NUMBER = "DEMO0001"
_PATIENCE = 30.0  # seconds until the copy must be erased


def _run(network: dict[str, Any]) -> Iterator[Step]:
    registry, gateway = system(network, "resident_record_system"), system(network, "municipal_cs")
    begun = clock_of(network).now()
    today = begun + _JAPAN
    newborn = _newborn(gateway["municipality"], today)
    with registry_of(network) as (client, caller, recorder):
        birth = Change(1, ChangeReason.BIRTH, newborn.birth_date, newborn)
        receipt = client.report_changes(ChangeReport(caller, (birth,)))
        if receipt.outcomes[0].result is not ChangeResult.ACCEPTED:
            raise FlowFailed(f"the birth was answered {receipt.outcomes[0].result.value}")
        wanted = client.list_addressee_targets(TargetQuestion(caller))
        if newborn.code not in {target.code for target in wanted.targets}:
            raise FlowFailed("the newborn is not among those to be extracted")
        polled = recorder.calls[-1]
        yield Step(
            "7-① 抽出",
            "更新対象者を照会し、個人番号カードの交付対象者の送付先情報を抽出する。",
            "The resident record system asks whom the CS wants extracted: a newborn.",
            registry["id"],
            gateway["id"],
            "answered",
            "ListAddresseeTargets",
            Exchange(registry["id"], True, polled.message_id, polled.milliseconds),
            (Shown(polled, "request"), Shown(polled, "answer")),
        )
        answer = client.deliver_addressees(_piece(caller, newborn, today))
        if answer.outcomes[0].result is not AddresseeResult.ACCEPTED:
            raise FlowFailed(f"the addressee was answered {answer.outcomes[0].result.value}")
        told = recorder.calls[-1]
        yield Step(
            "7-① 送信",
            "既存住基システムより、抽出した送付先情報を市町村CSに送信する。",
            "It delivers the addressee, which the CS checks against its register.",
            registry["id"],
            gateway["id"],
            "accepted",
            "DeliverAddressees",
            Exchange(registry["id"], True, told.message_id, told.milliseconds),
            (Shown(told, "request"), Shown(told, "answer")),
        )
        await_delivery(network, gateway)
    notices = delivered_onward(gateway, "NotifyAddressees", begun)
    if not notices or not notices[-1].verified:
        raise FlowFailed("the card management system was not told of the addressee")
    notice = notices[-1]
    _await_erasure(network, gateway)
    yield Step(
        "7-②",
        "個人番号カード管理システムに対し、送付先情報を通知する(通知後、市町村CSの控えは消去する)。",
        "The card management system is told of the addressee; the CS then erases its own copy.",
        gateway["id"],
        system(network, notice.callee)["id"],
        "delivered",
        "NotifyAddressees",
        Exchange(gateway["id"], True, notice.message_id, notice.milliseconds),
        (Shown(notice, "request"), Shown(notice, "answer")),
    )


def _await_erasure(network: dict[str, Any], gateway: dict[str, Any]) -> None:
    """Wait until the CS has erased its copy. Raises FlowFailed when it has not in time."""
    state = StateFolder.open(Path(gateway["state"]))
    store = open_store(state.path, load_settings(state.settings_file), clock=clock_of(network))
    try:
        limit = time.monotonic() + _PATIENCE
        while store.evidence_rows.has_transient():
            if time.monotonic() > limit:
                raise FlowFailed(f"{gateway['id']}: the addressee was not erased in {_PATIENCE:.0f} s")
            time.sleep(0.1)
    finally:
        store.close()


def _newborn(municipality: str, today: datetime) -> IdentityRecord:
    return IdentityRecord(
        code=ResidentRecordCode.from_base("9700000701"),
        individual_number=IndividualNumber.from_base("97000000701"),
        name=RegisterText("髙橋\u3000ひかり"),
        kana=Kana("タカハシ ヒカリ"),
        latin_name=None,
        common_name=None,
        former_surname=None,
        birth_date=RegisterDate.exact(Calendar.REIWA, today.year, today.month, today.day),
        sex=Sex.FEMALE,
        address=RegisterText("東京都千代田区丸の内一丁目1番1号"),
        municipality=MunicipalityCode(municipality),
    )


def _piece(caller: Caller, of: IdentityRecord, today: datetime) -> AddresseePiece:
    """The newborn stays with its grandparents (居所), and 髙 is replaced for the card (代替文字)."""
    office = Office(
        RegisterText("千代田区"),
        PostalCode("1028688"),
        RegisterText("東京都千代田区九段南1丁目2番1号"),
        Phone("03-3264-2111"),
    )
    header = AddresseeHeader(of.municipality, office, office, office, today.date(), 1)
    number = of.individual_number
    if number is None:
        raise FlowFailed("the newborn has no 個人番号")
    person = AddresseePerson(
        code=of.code,
        individual_number=number,
        name=of.name,
        kana=of.kana,
        latin_name=None,
        former_surname=None,
        birth_date=of.birth_date,
        sex=of.sex,
        postal_code=_HERE,
        address=of.address,
        conversion=Conversion.CONVERTED,
        substitute_name=Substitute(RegisterText("高橋\u3000ひかり"), (1,)),
    )
    postal_code, address = _ELSEWHERE
    addressee = Addressee(
        number=_NUMBER,
        postal_code=postal_code,
        address=address,
        name=RegisterText("髙橋\u3000一郎"),
        print_class=PrintClass.NOTICE_AND_APPLICATION,
        circumstance=Circumstance.RESIDENCE_ELSEWHERE,
        count=1,
        people=(person,),
    )
    return AddresseePiece(caller, header, (addressee,))


ADDRESSEE_NOTIFICATION = Flow("7", "送付先情報通知に関する事務", "Notification of addressees", _run)
