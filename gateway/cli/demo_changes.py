"""Flow 1 of the demo: somebody moves within the municipality, and prefecture and nation learn of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.cli.demo_registry import await_delivery, registry_of
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_traffic import Shown, clock_of, delivered_onward, system
from gateway.domain.change import Change, ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeReport
from gateway.domain.eras import Calendar
from gateway.domain.register_date import RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.people import Person, read_people

_NEW_ADDRESS = "東京都千代田区神田錦町二丁目2番1号"
_JAPAN = timedelta(hours=9)


def _run(network: dict[str, Any]) -> Iterator[Step]:
    registry, gateway = system(network, "resident_record_system"), system(network, "municipal_cs")
    yield Step(
        "1-①",
        "住民より転居の届出を受け付ける。",
        "A resident tells the counter of a move within the municipality.",
        "resident",
        registry["id"],
        "received",
    )
    yield Step(
        "1-②",
        "市町村の住民基本台帳(既存住基システム)を更新する。",
        "The resident register (既存住基システム) is brought up to date.",
        registry["id"],
        registry["id"],
        "done",
    )
    begun = clock_of(network).now()
    day = begun + _JAPAN
    moved = dataclasses.replace(
        _somebody(network, gateway["municipality"]).record, address=RegisterText(_NEW_ADDRESS)
    )
    change = Change(
        1,
        ChangeReason.MOVE_WITHIN,
        RegisterDate.exact(Calendar.REIWA, day.year, day.month, day.day),
        moved,
    )
    with registry_of(network) as (client, caller, recorder):
        receipt = client.report_changes(ChangeReport(caller, (change,)))
        reported = recorder.calls[0]
        if receipt.outcomes[0].result is not ChangeResult.ACCEPTED:
            raise FlowFailed(f"the change was answered {receipt.outcomes[0].result.value}")
        yield Step(
            "1-③",
            "更新された住民情報を基に、市町村CSの本人確認情報を更新する。",
            "The change is reported, and the municipal CS brings its identity record up to date.",
            registry["id"],
            gateway["id"],
            "accepted",
            "ReportChanges",
            Exchange(registry["id"], True, reported.message_id, reported.milliseconds),
            (Shown(reported, "request"), Shown(reported, "answer")),
        )
        await_delivery(network, gateway)
    notices = delivered_onward(gateway, "NotifyChanges", begun)
    if not notices or not notices[-1].verified:
        raise FlowFailed("the prefectural server was not notified")
    notice = notices[-1]
    prefectural = system(network, notice.callee)
    await_delivery(network, prefectural)
    onward = delivered_onward(prefectural, "NotifyChanges", begun)
    shown = [one for call in (notice, *onward) for one in (Shown(call, "request"), Shown(call, "answer"))]
    yield Step(
        "1-④",
        "更新された本人確認情報を都道府県サーバに通知する(都道府県サーバは全国サーバに通知する)。",
        "The prefectural server is notified of the change, and passes it on to the national server.",
        gateway["id"],
        prefectural["id"],
        "delivered",
        "NotifyChanges",
        Exchange(gateway["id"], True, notice.message_id, notice.milliseconds),
        tuple(shown),
    )


def _somebody(network: dict[str, Any], municipality: str) -> Person:
    """The last person of this municipality: the other flows of the demo ask for the first."""
    people = [
        person
        for person in read_people(Path(network["sample"]["people"]))
        if person.record.municipality.digits == municipality
    ]
    if not people:
        raise FlowFailed("nobody is on record")
    return people[-1]


IDENTITY_UPDATE = Flow("1", "本人確認情報の更新に関する事務", "Update of identity records", _run)
