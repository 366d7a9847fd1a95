"""What the access log keeps of special move-ins: who was seen, changed or only asked for, and numbers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.accesses import Effect
from gateway.domain.identifiers import IndividualNumber
from gateway.domain.move import MoveState
from gateway.domain.move_messages import (
    Arrival,
    CertificateRegistration,
    Completion,
    Dispatch,
    FetchedMove,
    MoveInNotice,
    MoveOutConfirmation,
    MoveQuestion,
    MoveReceipt,
    MoveResult,
    Moves,
    MoveStep,
    MoveView,
    TransferQuestion,
    TransferSending,
)
from gateway.flows.accesses import describe
from tests.kit.moves import (
    NEW_TOWN,
    OLD_TOWN,
    PLANNED,
    certificate,
    clerk,
    leaving,
    person_code,
    record_of,
    serial_of,
)
from tests.kit.two_towns import NEW_ADDRESS, entering

AT = datetime(2026, 11, 26, tzinfo=UTC)
NUMBER = IndividualNumber.from_base("12345678901")
NUMBERED = certificate(leaving(1, record=record_of(1, individual_number=NUMBER)), leaving(2, card=False))
ARRIVAL = Arrival("R-00000001", PLANNED, NEW_ADDRESS, (person_code(1), person_code(2)))
NEW, OLD = clerk(NEW_TOWN), clerk(OLD_TOWN)


def receipt(result: MoveResult, *about: int) -> MoveReceipt:
    return MoveReceipt(AT, "ref-00000001", result, about=tuple(map(person_code, about)))


@pytest.mark.parametrize(
    ("service", "operation", "request_", "people", "number"),
    [
        (
            "terminal",
            "RequestTransferCertificate",
            TransferQuestion(NEW, person_code(1), serial_of(1), OLD_TOWN, PLANNED, PLANNED),
            1,
            False,
        ),
        ("municipal", "SendTransferCertificate", TransferSending(OLD, None, NUMBERED), 2, True),
        (
            "resident_record",
            "RegisterTransferCertificate",
            CertificateRegistration(OLD, Dispatch.AHEAD, certificate()),
            1,
            False,
        ),
        ("municipal", "NotifyMoveIn", MoveInNotice(NEW, ARRIVAL), 2, False),
        (
            "resident_record",
            "CompleteMoveIn",
            Completion(NEW, "M-00000001", (entering(1, individual_number=NUMBER),)),
            1,
            True,
        ),
        (
            "prefectural",
            "ConfirmMoveOut",
            MoveOutConfirmation(OLD, "M-00000001", person_code(1), NEW_TOWN, PLANNED),
            1,
            False,
        ),
    ],
)
def test_what_is_told(service: str, operation: str, request_: Any, people: int, number: bool) -> None:
    for answer, result, effect in (
        (receipt(MoveResult.ACCEPTED), "accepted", Effect.CHANGED),
        (receipt(MoveResult.NO_CERTIFICATE), "no_certificate", Effect.ASKED),
        (None, "not_answered", Effect.ASKED),
    ):
        found = describe(service, operation, request_, answer)
        assert (found.result, found.with_number) == (result, number and service != "terminal")
        assert [one.effect for one in found.people] == [effect] * people
        assert found.people[0].text == person_code(1).digits
    assert (describe(service, operation, request_).passed_to == "municipal_cs") is (service == "terminal")


@pytest.mark.parametrize("operation", ["AcknowledgeMove", "CancelMoveIn", "CancelTransferCertificate"])
def test_whose_move_it_is_the_answer_knows(operation: str) -> None:
    step = MoveStep(NEW, "M-00000001")
    found = describe("resident_record", operation, step, receipt(MoveResult.ACCEPTED, 1, 2))
    assert [one.effect for one in found.people] == [Effect.CHANGED] * 2
    assert describe("resident_record", operation, step, receipt(MoveResult.NO_SUCH_MOVE)).people == ()


def test_what_is_fetched_is_seen() -> None:
    step = MoveStep(NEW, "M-00000001")
    fetched = FetchedMove(AT, "ref-00000001", MoveResult.ACCEPTED, NUMBERED)
    found = describe("resident_record", "FetchMove", step, fetched)
    assert ([one.effect for one in found.people], found.with_number) == ([Effect.SEEN] * 2, True)
    noticed = FetchedMove(AT, "ref-00000001", MoveResult.ACCEPTED, arrival=ARRIVAL)
    assert len(describe("resident_record", "FetchMove", step, noticed).people) == 2
    nothing = FetchedMove(AT, "ref-00000001", MoveResult.NO_SUCH_MOVE)
    assert describe("resident_record", "FetchMove", step, nothing).people == ()
    assert describe("resident_record", "FetchMove", step).result == "not_answered"


def test_lists() -> None:
    view = MoveView("M-00000001", MoveState.RECEIVED, person_code(1), OLD_TOWN, None, None, None, None)
    asked = MoveQuestion(NEW, person_code(2))
    some, none = Moves(AT, "ref-00000001", (view,)), Moves(AT, "ref-00000001", ())
    found = describe("terminal", "QueryMoves", asked, some)
    assert [one.effect for one in found.people] == [Effect.SEEN] * 2
    assert [one.effect for one in describe("terminal", "QueryMoves", asked, none).people] == [Effect.ASKED]
    assert describe("resident_record", "ListMoves", MoveQuestion(NEW), none).people == ()
    assert describe("resident_record", "ListMoves", MoveQuestion(NEW)).result == "not_answered"
