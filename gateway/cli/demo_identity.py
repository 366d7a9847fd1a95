"""Flow 2 of the demo: a person at the counter is verified with the national server."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clients._connect import connect
from clients.integrated_terminal import IntegratedTerminal
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_traffic import Recorder, Shown, asked_onward, clock_of, system
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose, VerificationResult
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.verification import IdentityQuestion
from gateway.settings import load_settings
from gateway.state import StateFolder
from gateway.trust.configured import trust_store


def _run(network: dict[str, Any]) -> Iterator[Step]:
    terminal = system(network, "integrated_terminal")
    gateway = system(network, "municipal_cs")
    national = system(network, "national_server")
    yield Step(
        "2-①",
        "住民より、住民票の写しの交付申請を受け付ける。",
        "A resident asks for a copy of the resident record and shows a card.",
        "resident",
        terminal["id"],
        "received",
    )
    recorder = Recorder(terminal["id"], gateway["id"], IntegratedTerminal.SERVICE, clock_of(network))
    answer = _ask(network, terminal, recorder)
    asked = recorder.calls[0]
    yield Step(
        "2-②",
        "統合端末において、個人番号カードの住民票コードを市町村CSに送信する。",
        "The terminal sends the 住民票コード read from the card to the municipal CS.",
        terminal["id"],
        gateway["id"],
        "accepted",
        "VerifyIdentity",
        Exchange(terminal["id"], True, asked.message_id, asked.milliseconds),
        (Shown(asked, "request"),),
    )
    onward = asked_onward(gateway, asked.message_id)
    if not onward:
        raise FlowFailed("the gateway asked the national server nothing")
    asked_national = onward[-1]
    yield Step(
        "2-③",
        "市町村CSを通じて、全国サーバに対して本人確認を行う。",
        "The municipal CS asks the national server.",
        gateway["id"],
        national["id"],
        asked_national.outcome,
        "VerifyIdentity",
        Exchange(gateway["id"], True, asked_national.message_id, asked_national.milliseconds),
        (Shown(asked_national, "request"),),
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
        (Shown(asked_national, "answer"), Shown(asked, "answer")),
    )


def _ask(network: dict[str, Any], terminal: dict[str, Any], recorder: Recorder) -> VerificationResult:
    state = StateFolder.open(Path(terminal["state"]))
    settings = load_settings(state.settings_file)
    client = IntegratedTerminal(
        connect(
            settings,
            state.path,
            destination=system(network, "municipal_cs")["id"],
            service=IntegratedTerminal.SERVICE,
            trust=trust_store(settings, state.path),
            clock=clock_of(network),
            observe=recorder,
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


IDENTITY_VERIFICATION = Flow("2", "本人確認に関する事務", "Identity verification", _run)
