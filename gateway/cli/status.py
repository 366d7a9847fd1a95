"""``juki-gateway status``: whether a system is well: served, counterparts, certificates, store, alarms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.cli.exits import CheckFailed
from gateway.cli.options import AsJson, State, new_app, open_state
from gateway.cli.output import Output
from gateway.cli.serve import SERVERS
from gateway.cli.status_line import Health, ask_counterparts, ask_itself
from gateway.cli.status_look import (
    StoreLook,
    alarms,
    anchors,
    certificates,
    libraries,
    look_into_store,
    open_trust,
)
from gateway.running import addresses_of
from gateway.settings import Settings, clock_of, offset_of
from gateway.state import StateFolder
from gateway.trust.configured import trust_store

app = new_app()


@app.command(epilog="Example: juki-gateway status --state build/demo/131016-cs")
def status(folder: State = None, as_json: AsJson = False) -> None:
    """Tell whether a system is well, and what is not.

    Served and ready, counterparts reachable, certificates and revocation lists with days left, versions,
    alarms, undelivered messages and dead letters, the newest seal. Exit status 0 when all is well, 1 when
    anything is not, 3 when the store cannot be read.
    """
    state, settings = open_state(folder)
    output = Output(as_json)
    document, store = look(state, settings)
    output.document(document)
    if not as_json:
        _print(output, document, store)
    if store.error is not None:
        raise store.error
    if document["problems"]:
        raise CheckFailed(f"{settings.system.id}: {len(document['problems'])} things are wrong")


def look(state: StateFolder, settings: Settings) -> tuple[dict[str, Any], StoreLook]:
    """The whole document, and what the store told."""
    clock = clock_of(settings, state.path)
    now = clock.now()
    trust, reason = open_trust(trust_store, settings, state.path)
    problems: list[str] = []
    served = _served(state, settings, problems)
    counterparts = []
    asked = {} if trust is None else ask_counterparts(settings, state, trust, clock)
    roles = {known.id: known.role for known in settings.counterparts}
    for destination in settings.destinations:
        health = asked.get(destination.id, Health(detail="not asked: there is no trust"))
        counterparts.append(
            {
                "id": destination.id,
                "role": roles.get(destination.id),
                "url": destination.url,
                **health.document(),
            }
        )
        if not health.good:
            problems.append(f"counterpart {destination.id}: {health.detail}")
    parts = {
        "certificates": certificates(settings, state, trust, now),
        "anchors": anchors(trust, reason, now),
        "versions": libraries(),
        "alarms": alarms(state),
    }
    store = look_into_store(settings, state, clock)
    for part in parts.values():
        problems += part.problems
    problems += store.problems
    if store.error is not None:
        problems.append(f"store: {store.error}")
    document = {
        "good": not problems,
        "problems": problems,
        "at": _text(now),
        "system": {
            "id": settings.system.id,
            "role": settings.system.role,
            "name": settings.system.name,
            "municipality": settings.system.municipality,
            "mode": settings.mode,
            "state": str(state.path),
            "clock_offset_seconds": int(offset_of(settings, state.path).total_seconds()),
        },
        "served": served,
        "counterparts": counterparts,
        **{name: part.content for name, part in parts.items()},
        "store": {"readable": store.error is None, "schema": store.schema},
        "outbox": store.outbox,
        "evidence": store.evidence,
    }
    return document, store


def _served(state: StateFolder, settings: Settings, problems: list[str]) -> dict[str, Any] | None:
    """Process, port and readiness; None for a system that only calls."""
    if settings.system.role not in SERVERS:
        return None
    process = state.running_process()
    port = settings.listen.port or state.remembered_port()
    address = None if port is None else addresses_of(settings, port)[0]
    content: dict[str, Any] = {
        "process": process,
        "port": port,
        "address": address,
        "ready": None,
        "reasons": [],
    }
    if process is None or port is None:
        problems.append("is not served")
        return content
    health = ask_itself(settings, state, port)
    content["ready"] = health.ready
    if not health.reachable or health.ready is not True:
        reasons = health.detail.split("; ")
        content["reasons"] = reasons
        problems.append(f"is not ready: {health.detail}")
    return content


def _print(output: Output, document: Mapping[str, Any], store: StoreLook) -> None:
    system = document["system"]
    output.line(f"{system['id']}  {system['name']}  ({system['role']}, {system['mode']})", "bold")
    output.table(("", ""), _overview(document, store))
    if document["counterparts"]:
        output.line()
        output.table(
            ("counterpart", "address", "state", "ms"),
            [
                (one["id"], one["url"], one["detail"], one["milliseconds"] or "")
                for one in document["counterparts"]
            ],
        )
    output.line()
    output.table(("certificate or list", "of", "until", "days left"), _dates(document))
    if document["alarms"]:
        output.line()
        output.table(
            ("alarm", "about", "since", "meaning"),
            [(one["code"], one["about"], one["since"], one["text"]) for one in document["alarms"]],
        )
    output.line()
    for problem in document["problems"]:
        output.line(f"WRONG  {problem}", "red")
    if document["good"]:
        output.line("all is well", "green")


def _overview(document: Mapping[str, Any], store: StoreLook) -> list[tuple[str, str]]:
    served, outbox, evidence = document["served"], document["outbox"], document["evidence"]
    rows = []
    if served is not None:
        running = "not served" if served["process"] is None else f"process {served['process']}"
        ready = {True: "ready", False: "not ready", None: "readiness unknown"}[served["ready"]]
        told = running if served["process"] is None else f"{running}, {served['address']}, {ready}"
        rows.append(("served", told))
    versions = dict(document["versions"])
    product = versions.pop("juki-gateway")
    rows.append(("product", f"{product}, tables {store.schema or '-'}"))
    rows.append(("libraries", ", ".join(f"{name} {version}" for name, version in versions.items())))
    if outbox is not None:
        oldest = outbox["oldest_seconds"]
        waiting = "" if oldest is None else f", the oldest for {oldest:.0f} s"
        rows.append(
            ("outbox", f"{outbox['undelivered']} undelivered{waiting}, {outbox['dead']} dead letters")
        )
    if evidence is not None:
        seal = evidence["newest_seal"]
        newest = "no seal yet" if seal is None else f"seal {seal['number']} of {seal['at']}"
        rows.append(("evidence", f"{newest}, {evidence['unsealed']} entries not sealed yet"))
    return rows


def _dates(document: Mapping[str, Any]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        (f"own {one['use']}", one["subject"], one["not_after"], one["days_left"])
        for one in document["certificates"]
        if "subject" in one
    ]
    for anchor in document["anchors"]:
        revocation = "" if anchor["revocation"] == "crl" else " (revocation off)"
        rows.append(
            (
                f"anchor {anchor['name']}{revocation}",
                anchor["subject"],
                anchor["not_after"],
                anchor["days_left"],
            )
        )
        rows += [
            (f"revocation list {one['number'] or '-'}", one["issuer"], one["next_update"], one["days_left"])
            for one in anchor["lists"]
        ]
    return rows


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
