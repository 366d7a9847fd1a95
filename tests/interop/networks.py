"""Networks that other people's stacks call: all signing keys of one kind, and the cases that are asked.

A case is a file that every client reads: whom it plays, whom it asks, the Body as XML and as plain values
(for stacks that write their own XML from our WSDL), and what to change on the way for a spoilt message.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from lxml import etree

from gateway.cli.network.plan import DEVELOPMENT
from gateway.contract import SERVICES, write_request
from gateway.domain.card import CardSerial
from gateway.domain.move_messages import TransferSending
from gateway.domain.register_text import RegisterText
from tests.kit import moves
from tests.kit.changes import entry, report
from tests.kit.made import copied_network, sign_with
from tests.kit.network import GATEWAY, NATIONAL, TERMINAL, Network, by_document

ALGORITHMS = ("RSA-2048", "P-256")
CASES = {
    "terminal": (TERMINAL, GATEWAY, "VerifyIdentity"),
    "resident_record": ("131016-registry", GATEWAY, "ReportChanges"),
    "municipal": ("131016-cs", "141003-cs", "SendTransferCertificate"),
}
"""Who asks whom what, by service; every Body has Japanese text."""
_SERVERS = (NATIONAL, GATEWAY, "141003-cs")
_JAPANESE = "東京都千代田区葛󠄀町一丁目2番𠮷田荘"  # a variation sequence, and beyond the basic plane
_fresh = itertools.count(7_000_001)


@contextlib.contextmanager
def signing_with(kind: str, folder: Path, who: Collection[str] | None = None) -> Iterator[Network]:
    """A running network in which everybody, or who is named, signs with such a key; others with RSA."""
    plan = DEVELOPMENT.only_servers(_SERVERS)
    made = copied_network(folder, plan)
    for system in plan.own if kind != "RSA-2048" else ():
        if who is None or system.id in who:
            sign_with(made, system, kind)
    network = Network(folder, _SERVERS)
    try:
        yield network
    finally:
        network.end()


def write_case(network: Network, service: str, folder: Path) -> Path:
    """A case's file, about nobody that was asked about before."""
    caller, target, operation = CASES[service]
    contract = SERVICES[service]
    content = write_request(contract, contract.operation(operation), _request(network, service))
    etree.cleanup_namespaces(content)
    case = {
        "caller": caller,
        "target": target,
        "service": service,
        "operation": operation,
        "action": contract.operation(operation).action,
        "body": etree.tostring(content, encoding="unicode"),
        "values": _values(content),
        "spoil": [">OP01<", ">OP02<"],
    }
    file = folder / f"{service}-{next(_fresh)}.json"
    file.write_text(json.dumps(case, ensure_ascii=False), encoding="utf-8")
    return file


def check(report: dict[str, Any], service: str) -> None:
    """What must be true of a client's report. Raises AssertionError."""
    good, bad = report["good"], report["spoilt"]
    assert good["verified"] and bad["verified"], report
    assert good["answer"] == f"{CASES[service][2]}Response", report
    assert ("match" if service == "terminal" else "accepted") in good["texts"], report
    assert bad["fault"].rpartition(":")[2] == "FailedCheck", report
    assert report["damage_noticed"] is True, report


def _request(network: Network, service: str) -> Any:
    number = next(_fresh)
    if service == "terminal":
        return by_document(network.person(municipality="131016"))
    if service == "resident_record":
        return report(entry(number, address=_JAPANESE))
    old, new = moves.NEW_TOWN, moves.OLD_TOWN
    leaving = moves.leaving(number, record=moves.record_of(number, old, address=RegisterText(_JAPANESE)))
    leaving = replace(leaving, card=replace(leaving.card, serial=CardSerial(f"C{number:011d}")))
    certificate = moves.certificate(
        leaving,
        reference=f"R-{number:08d}",
        municipality=old,
        destination=new,
        reported_on=dt.datetime.now(UTC).date(),
        planned_on=dt.datetime.now(UTC).date() + dt.timedelta(days=2),
    )
    return TransferSending(moves.clerk(old), None, certificate)


def _values(element: etree._Element) -> Any:
    """Nested values by local name; a list where a name stands more than once."""
    if not len(element):
        return element.text or ""
    values: dict[str, Any] = {}
    for child in element:
        name, value = etree.QName(child).localname, _values(child)
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values
