"""Flow 2 of the demo: a person at the counter is verified with the national server."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from clients._connect import connect
from clients._soap import Exchange as ClientExchange
from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.clock import SystemClock
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose, VerificationResult
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.verification import IdentityQuestion
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store


def _run(network: dict[str, Any]) -> Iterator[Step]:
    terminal = _system(network, "integrated_terminal")
    gateway = _system(network, "municipal_cs")
    national = _system(network, "national_server")
    yield Step(
        "2-①",
        "住民より、住民票の写しの交付申請を受け付ける。",
        "A resident asks for a copy of the resident record and shows a card.",
        "resident",
        terminal["id"],
        "received",
    )
    seen: list[ClientExchange] = []
    answer = _ask(network, terminal, gateway["id"], seen)
    asked = seen[0]
    yield Step(
        "2-②",
        "統合端末において、個人番号カードの住民票コードを市町村CSに送信する。",
        "The terminal sends the 住民票コード read from the card to the municipal CS.",
        terminal["id"],
        gateway["id"],
        "accepted",
        "VerifyIdentity",
        Exchange(terminal["id"], True, asked.message_id, asked.milliseconds),
    )
    onward = _onward(Path(gateway["state"]), asked.message_id)
    yield Step(
        "2-③",
        "市町村CSを通じて、全国サーバに対して本人確認を行う。",
        "The municipal CS asks the national server.",
        gateway["id"],
        national["id"],
        str(onward["outcome"]),
        "VerifyIdentity",
        Exchange(gateway["id"], True, str(onward["message_id"]), float(onward["total_ms"])),
    )
    if answer is not VerificationResult.MATCH:
        raise FlowFailed(f"the national server said {answer.value}")
    yield Step(
        "2-④",
        "全国サーバより、市町村CSを通じて、本人確認結果を受領する。",
        "The national server's result comes back through the municipal CS.",
        national["id"],
        terminal["id"],
        answer.value,
        "VerifyIdentityResponse",
        Exchange(gateway["id"], asked.verified, str(asked.answer_message_id), asked.milliseconds),
    )


def _ask(
    network: dict[str, Any], terminal: dict[str, Any], gateway_id: str, seen: list[ClientExchange]
) -> VerificationResult:
    state = StateFolder.open(Path(terminal["state"]))
    settings = load_settings(state.settings_file)
    client = IntegratedTerminal(
        connect(
            settings,
            state.path,
            destination=gateway_id,
            service=IntegratedTerminal.SERVICE,
            trust=trust_store(settings, state.path),
            clock=SystemClock(timedelta(seconds=network["clock"]["offset_seconds"])),
            observe=seen.append,
        )
    )
    operator = terminal["operators"][0]
    caller = Caller(
        MunicipalityCode(terminal["municipality"]),
        terminal["terminals"][0],
        Operator(operator["verification_id"], operator["operator_id"]),
        Purpose.RECORD_COPY,
    )
    try:
        return client.verify_identity(IdentityQuestion(caller, _somebody(network))).result
    finally:
        client.close()


def _somebody(network: dict[str, Any]) -> ResidentRecordCode:
    """The first person of the network with a working card."""
    with Path(network["sample"]["people"]).open(encoding="utf-8", newline="") as people:
        for person in csv.DictReader(people):
            if person["card_state"] == "active":
                return ResidentRecordCode(person["resident_record_code"])
    raise FlowFailed("the network has nobody with a working card")


def _onward(state: Path, message_id: str) -> dict[str, Any]:
    """What the gateway wrote down of the question that it asked because of this message."""
    lines = [json.loads(line) for line in (state / "log" / "gateway.jsonl").read_text("utf-8").splitlines()]
    references = {line["reference"] for line in lines if line.get("message_id") == message_id}
    for line in lines:
        if line["event"] == "asked" and line.get("reference") in references:
            return dict(line)
    raise FlowFailed("the gateway's log does not tell of the question to the national server")


def _system(network: dict[str, Any], role: str) -> dict[str, Any]:
    return next(dict(system) for system in network["systems"] if system["role"] == role)


IDENTITY_VERIFICATION = Flow("2", "本人確認に関する事務", "Identity verification", _run)
