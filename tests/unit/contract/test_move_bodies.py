"""Messages about moves as they are written: within their bounds, and read back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.contract import SERVICES, read_answer, read_request, write_answer, write_body
from gateway.contract.certificates import Papers
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.eras import Calendar
from gateway.domain.kana import Kana
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_certificate import MOST_PEOPLE, Entitlement, FamilyRegister
from gateway.domain.move_messages import (
    MOST_LINES,
    MOST_MOVES,
    Arrival,
    Completion,
    FetchedMove,
    MoveActor,
    MoveLine,
    MoveReceipt,
    MoveResult,
    Moves,
    MoveView,
    TransferSending,
)
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.values import InvalidValue
from gateway.refusals import Refused
from tests.kit.moves import NEW_TOWN, OLD_TOWN, PLANNED, certificate, clerk, leaving, person_code, record_of

NOW = datetime(2026, 11, 26, 3, 0, 0, 123_456, tzinfo=UTC)
LONGEST = 256 * 1024 - 16_384  # beside the headers
RECORDS, PEER = SERVICES["resident_record"], SERVICES["municipal"]
LINE = MoveLine(
    MoveEvent.NOTICE_DENIED,
    MoveState.NOTICE_REFUSED,
    MoveActor.REGISTRY,
    NOW,
    MoveResult.UNKNOWN_MUNICIPALITY,
)
VIEW = MoveView(
    "x" * 64,
    MoveState.NOTICE_REFUSED,
    person_code(1),
    OLD_TOWN,
    PLANNED,
    PLANNED,
    PLANNED,
    MoveResult.UNKNOWN_MUNICIPALITY,
    (LINE,) * MOST_LINES,
)


def test_the_longest_list_fits() -> None:
    answer = Moves(NOW, "x" * 64, (VIEW,) * MOST_MOVES)
    operation = SERVICES["terminal"].operation("QueryMoves")
    body = write_answer(SERVICES["terminal"], operation, answer)
    assert len(body) < LONGEST
    assert read_answer(SERVICES["terminal"], operation, etree.fromstring(body)) == answer


def test_the_longest_certificate_fits() -> None:
    name, address = RegisterText("𠮷" * 200), RegisterText("𠮷" * 400)
    people = [
        leaving(
            number,
            record=record_of(
                number,
                name=name,
                kana=Kana("ア" * 200),
                latin_name=name,
                common_name=name,
                former_surname=name,
                address=address,
            ),
            householder=name,
            register=FamilyRegister(address, name),
            entitlements=tuple(Entitlement),
        )
        for number in range(1, MOST_PEOPLE + 1)
    ]
    sent = TransferSending(clerk(OLD_TOWN), "x" * 64, certificate(*people, address=address))
    operation = PEER.operation("SendTransferCertificate")
    body = write_body(PEER, operation, sent)
    assert len(body) < LONGEST
    assert read_request(PEER, operation, etree.fromstring(body)) == sent


def test_a_certificate_is_kept_and_read_back() -> None:
    token = RegisterText("{J+AD01}野 千代")
    kept = certificate(leaving(1, record=record_of(1, name=token)), leaving(2, card=False))
    arrival = Arrival("R-00000001", PLANNED, token, kept.codes)
    papers = Papers()
    assert papers.certificate(papers.keep(kept)) == kept
    assert papers.arrival(papers.keep(arrival)) == arrival


def test_a_town_sends_its_own_certificates_only() -> None:
    operation = PEER.operation("SendTransferCertificate")
    body = write_body(PEER, operation, TransferSending(clerk(OLD_TOWN), None, certificate()))
    other = body.replace(b"<t:municipality>141003", b"<t:municipality>131016", 1)
    with pytest.raises(Refused) as caught:
        read_request(PEER, operation, etree.fromstring(other))
    assert (caught.value.rule.name, caught.value.found) == ("value", "municipality")


def test_what_is_no_answer() -> None:
    for make, code in (
        (lambda: Moves(NOW, "x" * 8, (VIEW,) * (MOST_MOVES + 1)), "count"),
        (lambda: Moves(NOW, "short", ()), "reference"),
        (lambda: Moves(NOW.replace(tzinfo=None), "x" * 8, ()), "not-utc"),
        (lambda: MoveReceipt(NOW, "short", MoveResult.ACCEPTED), "reference"),
        (lambda: MoveReceipt(NOW, "x" * 8, MoveResult.ACCEPTED, "short"), "reference"),
        (lambda: FetchedMove(NOW, "short", MoveResult.ACCEPTED), "reference"),
    ):
        with pytest.raises(InvalidValue) as caught:
            make()
        assert caught.value.code == code


def test_a_completion_takes_no_revision() -> None:
    operation = RECORDS.operation("CompleteMoveIn")
    day = RegisterDate(Calendar.REIWA, "20261125", Certainty.EXACT, None)
    for revision in (0, 1):
        change = Change(1, ChangeReason.MOVE_IN, day, record_of(1, NEW_TOWN), revision=revision)
        told = Completion(clerk(NEW_TOWN), "M-00000001", (change,))
        element = etree.fromstring(write_body(RECORDS, operation, told))
        if not revision:
            assert read_request(RECORDS, operation, element) == told
            continue
        with pytest.raises(Refused) as caught:
            read_request(RECORDS, operation, element)
        assert (caught.value.rule.name, caught.value.found) == ("value", "revision")
