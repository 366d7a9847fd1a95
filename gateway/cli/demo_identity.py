"""Flow 2 of the demo: a person at the counter is verified with the national server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_terminal import somebody, terminal_of
from gateway.cli.demo_traffic import Shown, asked_onward, system
from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityQuestion


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
    code = ResidentRecordCode(somebody(network, card_state="active")["resident_record_code"])
    with terminal_of(network) as (client, caller, recorder):
        answer = client.verify_identity(IdentityQuestion(caller, code)).result
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


IDENTITY_VERIFICATION = Flow("2", "本人確認に関する事務", "Identity verification", _run)
