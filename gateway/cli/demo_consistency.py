"""Flow 6 of the demo: all records of the municipality are compared at prefectural and national server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.checking.servers import comparing
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_traffic import Call, Shown, clock_of, delivered_onward, system
from gateway.domain.consistency import RunMode, RunState
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.store.configured import open_store

_PATIENCE = 30.0
_NAMES = {"prefectural_server": "都道府県サーバ", "national_server": "全国サーバ"}


def _run(network: dict[str, Any]) -> Iterator[Step]:
    gateway = system(network, "municipal_cs")
    state = StateFolder.open(Path(gateway["state"]))
    settings, clock = load_settings(state.settings_file), clock_of(network)
    servers, begun = comparing(settings), clock.now()
    with closing(open_store(state.path, settings, clock=clock)) as store:
        runs = store.consistency_runs
        opened = {to: runs.open(to, RunMode.COMPLETE, at=clock.now()) for to in servers}
        deadline = time.monotonic() + _PATIENCE
        done = {to: runs.find(reference) for to, reference in opened.items()}
        while any(one is None or one.state is not RunState.DONE for one in done.values()):
            if time.monotonic() > deadline:
                raise FlowFailed("the servers did not tell in time what they found")
            time.sleep(0.1)
            done = {to: runs.find(reference) for to, reference in opened.items()}
        found = {
            to: [one for one in runs.findings(run) if not one.in_flight]
            for to, run in done.items()
            if run is not None
        }
    for to, run in done.items():
        sent = _first(delivered_onward(gateway, "CompareRecords", begun), to, run.reference if run else "")
        yield Step(
            f"6-① {_NAMES[system(network, to)['role']]}",
            "市町村CSより、整合性確認用の本人確認情報を送付する。",
            "The municipal CS sends the identity records of all its people to be compared.",
            gateway["id"],
            to,
            "delivered",
            "CompareRecords",
            None if sent is None else Exchange(gateway["id"], True, sent.message_id, sent.milliseconds),
            () if sent is None else (Shown(sent, "request"), Shown(sent, "answer")),
        )
    for to, run in done.items():
        held = 0 if run is None or run.there is None else run.there.count
        yield Step(
            f"6-② {_NAMES[system(network, to)['role']]}",
            "受領した本人確認情報を用いて、保有する本人確認情報の整合性確認を行う。",
            "The server compares them with what it holds of that municipality.",
            to,
            to,
            f"{held} records, {len(found[to])} differ",
        )
    for to, run in done.items():
        told = _first(
            delivered_onward(system(network, to), "NotifyConsistency", begun),
            gateway["id"],
            run.reference if run else "",
        )
        yield Step(
            f"6-③ {_NAMES[system(network, to)['role']]}",
            "市町村CSに対して整合性確認結果を通知する。",
            "The server tells the municipal CS what it found.",
            to,
            gateway["id"],
            "delivered",
            "NotifyConsistency",
            None if told is None else Exchange(to, True, told.message_id, told.milliseconds),
            () if told is None else (Shown(told, "request"), Shown(told, "answer")),
        )


def _first(calls: list[Call], to: str, reference: str) -> Call | None:
    return next((one for one in calls if one.callee == to and reference.encode() in one.request), None)


CONSISTENCY = Flow("6", "本人確認情報整合に係る事務", "Consistency of identity records", _run)
