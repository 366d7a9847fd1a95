"""Flow 5 of the demo: a number-use business system inquires of 機構, by 個人番号 and by the four items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clients.number_use_system import NumberUseSystem
from gateway.cli.demo_channel import recorded_channel
from gateway.cli.demo_steps import Exchange, Flow, FlowFailed, Step
from gateway.cli.demo_terminal import somebody
from gateway.cli.demo_traffic import Shown, asked_onward, system
from gateway.domain.basic_four import BasicFour
from gateway.domain.codes import Purpose, Sex
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.inquiry import Inquiry, InquiryResult, LegalBasis
from gateway.domain.register_date_text import read_written
from gateway.domain.register_text import RegisterText
from gateway.domain.values import read_code


def _run(network: dict[str, Any]) -> Iterator[Step]:
    asking, gateway = system(network, "number_use_system"), system(network, "municipal_cs")
    jlis = system(network, "jlis")
    person = somebody(network, municipality="141003", card_state="active")
    items = BasicFour(
        RegisterText(person["name"]),
        read_written(person["birth_date"]),
        read_code(Sex, person["sex"]),
        RegisterText(person["address"]),
    )
    keys = IndividualNumber(person["individual_number"]), items
    channel, caller, recorder = recorded_channel(
        network, "number_use_system", NumberUseSystem.SERVICE, Purpose.NUMBER_USE
    )
    client = NumberUseSystem(channel)
    try:
        answers = [client.inquire(Inquiry(caller, LegalBasis.NUMBER_USE, key)) for key in keys]
    finally:
        client.close()
    onward = [call for asked in recorder.calls for call in asked_onward(gateway, asked.message_id)]
    if len(onward) != len(keys):
        raise FlowFailed("the gateway did not ask 機構 for each inquiry")
    requests, responses = list[Shown](), list[Shown]()
    for asked, passed in zip(recorder.calls, onward, strict=True):
        requests += (Shown(asked, "request"), Shown(passed, "request"))
        responses += (Shown(passed, "answer"), Shown(asked, "answer"))
    first = onward[0]
    yield Step(
        "5-①",
        "機構に対し、個人番号又は基本4情報をキーワードとした本人確認情報の照会を行う。",
        "A number-use business system inquires of 機構 through the municipal CS, by 個人番号 and by the four "
        "items.",
        gateway["id"],
        jlis["id"],
        first.outcome,
        "InquirePerson",
        Exchange(gateway["id"], True, first.message_id, first.milliseconds),
        tuple(requests),
    )
    for answer in answers:
        if answer.result is not InquiryResult.FOUND or answer.record is None:
            raise FlowFailed(f"機構 said {answer.result.value}")
        if answer.record.code.digits != person["resident_record_code"]:
            raise FlowFailed("機構 gave somebody else")
    yield Step(
        "5-②",
        "機構より、当該個人の本人確認情報を受領する。",
        "The person's identity record comes back from 機構.",
        jlis["id"],
        asking["id"],
        answers[0].result.value,
        "InquirePersonResponse",
        Exchange(jlis["id"], first.verified, str(first.answer_message_id), first.milliseconds),
        tuple(responses),
    )


PERSON_INQUIRY = Flow("5", "機構への情報照会に係る事務", "Inquiry to J-LIS", _run)
