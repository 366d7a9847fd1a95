"""``python -m tests.contract_pages.record``: an exchange of every operation, a fault of each code.

A network runs all flows of the demo, and then what they leave out; its systems' own evidence has the bytes as
they travelled. Of each operation the first request that was answered is taken, with its answer. Everybody in
them is synthetic; the keys that signed them are gone with the network, its certificates stay.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lxml import etree

from clients.integrated_terminal import IntegratedTerminal
from clients.resident_record_system import ResidentRecordSystem
from gateway.cli.conformance_target import opened
from gateway.cli.demo import run_flows
from gateway.cli.demo_channel import recorded_channel
from gateway.cli.demo_flows import FLOWS
from gateway.cli.demo_steps import Step
from gateway.cli.network.plan import DEVELOPMENT
from gateway.cli.network.running import Stop, running_network
from gateway.cli.output import Output
from gateway.conformance import look_at
from gateway.contract import SERVICES
from gateway.domain.addressee_delivery import SendingQuestion
from gateway.domain.card_query import CardQuestion
from gateway.domain.card_update import CardActor, CardEvent, CardUpdate, RevocationReason
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Cancellation, ChangeQuestion, ChangeReport, Resend
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.inquiry import Inquiry, LegalBasis
from gateway.domain.inquiry_file import InquiryLine
from gateway.domain.inquiry_file_text import COLUMNS, write_line
from gateway.domain.move_messages import MoveStep
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.errors import CounterpartFault
from gateway.wss import names
from gateway.wss.sign import Outgoing, new_message_id, sign
from tests.contract_pages import kept
from tests.kit.changes import DAY, code, entry

TOWN, CS = "131016", "131016-cs"
_EVIDENCE: Final = "SELECT b.body FROM evidence_bodies b ORDER BY b.id"
_JUDGED: Final = (
    (CS, "terminal"),
    (CS, "consistency_result"),
    ("13-prefectural-server", "prefectural"),
)
_MISBEHAVING: Final = ("down", "unsigned", "slow=12s")
Pairs = dict[tuple[str, str], tuple[bytes, bytes]]


def main() -> None:
    """Run the network, and replace what is kept of an earlier one."""
    with tempfile.TemporaryDirectory(prefix="contract-") as scratch:
        folder, output, stop = Path(scratch) / "network", Output(as_json=False), Stop()
        plan = replace(DEVELOPMENT, capture=True)
        with running_network(
            folder, plan, maker="contract", say=output.progress, stopped=stop.asked
        ) as network:
            if network is None:
                raise SystemExit("the network did not start")
            ran = run_flows(network, FLOWS, output, stop).flows
            shown = [raw for one in ran for step in one.steps for raw in _shown(step)]
            _further(network.document)
            _commands(network.document, folder)
            refused = [*_refused(network.document, folder)]
        kept_there = [*_evidence(folder)]
        faults = [raw for raw in kept_there if look_at(raw).kind == "fault"]
        trust = network.document["trust"]
        _write({**_first(shown), **_first(kept_there)}, (*refused, *faults), trust)


def _shown(step: Step) -> Iterator[bytes]:
    """A client's own view of its calls: of what a system must not keep, too."""
    for one in step.shown:
        raw = one.call.request if one.part == "request" else one.call.answer
        if raw is not None:
            yield raw


def _further(network: dict[str, Any]) -> None:
    """What the demo's flows leave out."""
    person, other = code(8_700_001), code(8_700_002)
    channel, clerk, _ = recorded_channel(
        network, "resident_record_system", "resident_record", Purpose.OFFICIAL_CORRECTION
    )
    registry = ResidentRecordSystem(channel)
    registry.report_changes(ChangeReport(clerk, (entry(8_700_001), entry(8_700_002))))
    registry.query_change(ChangeQuestion(clerk, person))
    registry.resend_change(Resend(clerk, person, 1, ChangeReason.OFFICIAL_ENTRY))
    registry.cancel_change(Cancellation(clerk, other, 1, 2, DAY))
    registry.query_addressee_sendings(SendingQuestion(clerk, person))
    registry.cancel_transfer_certificate(MoveStep(clerk, "R-0000000001"))
    registry.cancel_move_in(MoveStep(clerk, "R-0000000001"))
    day, cause = dt.date(2026, 11, 20), RevocationReason.DEATH
    registry.revoke_cards(CardUpdate(clerk, person, None, CardEvent.REVOKE, day, CardActor.REGISTRY, cause))
    registry.close()
    channel, clerk, _ = recorded_channel(network, "integrated_terminal", "terminal", Purpose.CARD_PROCEDURE)
    terminal, asked = IntegratedTerminal(channel), _person(network)
    terminal.query_card_history(CardQuestion(clerk, ResidentRecordCode(asked["resident_record_code"])))
    terminal.cancel_move_in(MoveStep(clerk, "T-0000000001"))
    number = IndividualNumber(asked["individual_number"])
    terminal.inquire(Inquiry(replace(clerk, purpose=Purpose.NUMBER_USE), LegalBasis.NUMBER_USE, number))
    terminal.close()


def _commands(network: dict[str, Any], folder: Path) -> None:
    """What a command does for the operator's systems: files of inquiries, digests, issuing."""
    asked, addressee = _person(network), _system(network, "addressee_terminal")
    clerk, registry = _operator(addressee), _system(network, "resident_record_system")
    rows, file = folder / "rows.csv", folder / "inquiries.csv"
    line = InquiryLine(1, IndividualNumber(asked["individual_number"]))
    rows.write_text(",".join(COLUMNS) + "\n" + write_line(line), encoding="utf-8")
    named = ("--office", "TAX", "--file", "2026-1")
    _run("inquiry", "make", rows, file, "--municipality", TOWN, *named, "--basis", "number_use")
    _run("inquiry", "deliver", file, *clerk, "--wait")
    _run("inquiry", "status", *named, *clerk)
    _run("inquiry", "fetch", folder / "results.csv", *named, *clerk)
    _run("consistency", "run", "--mode", "digests", "--wait", "--state", folder / CS)
    _run("registry", "codes", "--count", "3", *_operator(registry))
    _run("registry", "number", "--code", code(8_700_001).digits, *_operator(registry))
    for target, service in ((CS, "municipal"), (CS, "addressee_terminal")):
        _judged(folder, target, service, "--family", "exchange")


def _refused(network: dict[str, Any], folder: Path) -> Iterator[bytes]:
    """Faults: of bad messages, and of counterparts that misbehave."""
    for target, service in _JUDGED:
        yield from _judged(folder, target, service)
    for behaviour in _MISBEHAVING:
        _run("simulator", "set", folder, "national-server", behaviour)
        yield from _judged(folder, CS, "terminal", "--case", "good-request")
    _run("simulator", "set", folder, "national-server", "off")
    yield _contradicted(folder)
    yield from _listened(network, folder)
    _in_vain(network)


def _listened(network: Mapping[str, Any], folder: Path) -> list[bytes]:
    """Faults that a network is seldom in the way of, by the harness that listens as the national server."""
    asks = _of(network, CS)
    options: list[object] = ["--signed-by", _of(network, "national-server")["signing"]["certificate"]]
    for use in ("signing", "tls"):
        options += [f"--{use}-key", asks[use]["key"], f"--{use}-certificate", asks[use]["certificate"]]
    for file in (*network["trust"]["anchors"], *network["trust"]["intermediates"]):
        options += ["--trust", file]
    clerk, told = _of(network, "131016-terminal-1"), folder / "judged.json"
    operator = "{verification_id}/{operator_id}".format(**clerk["operators"][0])
    options += ["--municipality", TOWN, "--terminal", clerk["terminals"][0], "--operator", operator]
    options += ["--people", network["sample"]["people"], "--json-file", told]
    received: list[bytes] = []
    for fault in ("Busy", "TooManyQuestions"):
        command = [
            sys.executable,
            "-m",
            "gateway.cli",
            "conformance",
            "listen",
            "--behaviour",
            f"fault={fault}",
        ]
        command += ["--network", str(folder / "network.json"), "--as", "national-server", "--count", "1"]
        command += ["--service", "national"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as listening:
            if listening.stderr is None:
                raise RuntimeError("it says nothing")
            url = next(line for line in listening.stderr if "listens at" in line).split()[-1]
            _run("conformance", "run", "--url", url, *options, "--case", "good-request", may_fail=True)
        received += [base64.b64decode(case["received"]) for case in json.loads(told.read_text())["cases"]]
    return received


def _of(network: Mapping[str, Any], system: str) -> Any:
    return next(one for one in network["systems"] if one["id"] == system)


def _contradicted(folder: Path) -> bytes:
    """The answer to addressees that were notified before, under their numbers, with another content."""
    _, (request, _) = next(
        one for one in _first(_evidence(folder)).items() if one[0] == ("card_management", "NotifyAddressees")
    )
    with opened(folder / "network.json", "card-management-server", "card_management") as target:
        operation = target.service.operation("NotifyAddressees")
        content = etree.fromstring(request).find(names.BODY)[0]
        content.find(".//{*}phone").text = "03-0000-0000"
        outgoing = Outgoing(content, target.url, operation.action, new_message_id())
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.action}"'}
        raw = sign(outgoing, target.sender.signer, target.clock.now()).raw
        return target.sender.post(raw, headers, time.monotonic() + 20).body


def _in_vain(network: dict[str, Any]) -> None:
    """More questions about nobody than an operator may ask, and one reference for two people."""
    channel, clerk, _ = recorded_channel(network, "integrated_terminal", "terminal", Purpose.RECORD_COPY)
    with closing(IntegratedTerminal(channel)) as terminal, suppress(CounterpartFault):
        for number in range(100):
            name = RegisterText(f"居ない人{number}"), Match.EXACT
            terms = SearchTerms(name=name, address=(RegisterText("東京都千代田区"), Match.PREFIX))
            terminal.search_person(SearchQuestion(clerk, terms))
    operator = _operator(_system(network, "resident_record_system"))
    for person in (8_700_001, 8_700_002):
        reference = ("--reference", "R-0000000001")
        _run("registry", "number", "--code", code(person).digits, *reference, *operator, may_fail=True)


def _judged(folder: Path, target: str, service: str, *options: str) -> Iterator[bytes]:
    """What a server answered to the cases of the harness, as far as it signed them."""
    told = folder / "judged.json"
    arguments = ("--network", folder / "network.json", "--target", target, "--service", service)
    _run("conformance", "run", *arguments, *options, "--json-file", told, may_fail=True)
    received = [case["received"] for case in json.loads(told.read_text("utf-8"))["cases"]]
    return iter([base64.b64decode(one) for one in received if one])


def _run(*arguments: object, may_fail: bool = False) -> None:
    command = [sys.executable, "-m", "gateway.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode and not may_fail:
        raise SystemExit(f"{' '.join(command[2:])}: {done.stderr}")


def _system(network: Mapping[str, Any], role: str) -> Any:
    return next(one for one in network["systems"] if one["role"] == role)


def _operator(system: Any) -> tuple[str, ...]:
    named = system["operators"][0]
    return (
        *("--terminal", system["terminals"][0], "--state", system["state"]),
        *("--operator", f"{named['verification_id']}/{named['operator_id']}"),
    )


def _person(network: Mapping[str, Any]) -> dict[str, str]:
    with Path(network["sample"]["people"]).open(encoding="utf-8", newline="") as stream:
        return next(one for one in csv.DictReader(stream) if one["municipality"] == TOWN)


def _evidence(folder: Path) -> Iterator[bytes]:
    """Every message that a system of the network has kept."""
    for file in sorted(folder.glob("*/data/gateway.sqlite")):
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            yield from (bytes(row[0]) for row in connection.execute(_EVIDENCE))


def _first(messages: Iterable[bytes]) -> Pairs:
    """The first request of each operation that was answered, and its answer."""
    requests: dict[str, bytes] = {}
    found: Pairs = {}
    for raw in messages:
        seen = look_at(raw)
        if seen.kind == "request":
            requests[seen.message_id] = raw
        elif seen.kind == "answer" and seen.service and seen.operation and seen.relates_to in requests:
            key = seen.service.name, seen.operation.name
            found.setdefault(key, (requests[seen.relates_to], raw))
    return found


def _write(pairs: Pairs, refused: Iterable[bytes], trust: Mapping[str, Sequence[str]]) -> None:
    shutil.rmtree(kept.FOLDER, ignore_errors=True)
    for service in SERVICES.values():
        for operation in service.operations.values():
            pair = pairs.get((service.name, operation.name))
            if pair is None:
                raise SystemExit(f"{service.name} {operation.name}: nobody was answered")
            for file, raw in zip(kept.files_of(service, operation), pair, strict=True):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(raw)
    for raw in refused:
        root = etree.fromstring(raw)
        told, signed = root.findtext(".//faultcode"), root.find(".//{*}SignatureValue") is not None
        if told and signed:
            file = kept.fault_file(told.replace(":", "-"))
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                file.write_bytes(raw)
    files = (*trust["anchors"], *trust["intermediates"])
    kept.TRUST.write_text("".join(Path(file).read_text("ascii") for file in files), encoding="ascii")


if __name__ == "__main__":
    main()
