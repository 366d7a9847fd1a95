"""What each operation shows or changes of whom, as the access log is told."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.access.policy import CALLERS
from gateway.domain.accesses import Concerned, Effect, Subject
from gateway.domain.addressee_delivery import (
    AddresseeOutcome,
    AddresseeReceipt,
    Sending,
    SendingHistory,
    SendingQuestion,
    Target,
    TargetList,
    TargetQuestion,
)
from gateway.domain.addressee_rules import AddresseeResult
from gateway.domain.card import CardEvent
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardReceipt, CardResult
from gateway.domain.change import ChangeResult
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import (
    Cancellation,
    ChangeOutcome,
    ChangeQuestion,
    ChangeReceipt,
    ChangeStatus,
    Delivery,
    Resend,
)
from gateway.domain.codes import VerificationResult
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.inquiry import InquiryAnswer, ProvidedAnswer
from gateway.domain.register_text import RegisterText
from gateway.domain.search import (
    Match,
    Place,
    RegisterAnswer,
    SearchAnswer,
    SearchQuestion,
    SearchResult,
    SearchTerms,
)
from gateway.domain.verification import IdentityAnswer, NationalAnswer
from gateway.flows.accesses import ACCESSES, describe, require_rows
from tests.kit import addressees, card_office
from tests.kit.changes import DAY, clerk, code, entry, move, recode, record, report
from tests.kit.inquiries import BY_ITEMS, BY_NUMBER, FOUND, LISTED, NOBODY
from tests.kit.inquiries import RECORD as PROVIDED
from tests.kit.questions import BY_CODE, BY_DOCUMENT, CALLER, PERSON

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TERMS = SearchTerms(name=(PERSON.name, Match.EXACT), birth_date=PERSON.birth_date)
ASKED, SEEN, CHANGED = Effect.ASKED, Effect.SEEN, Effect.CHANGED


def effects(found: Concerned) -> list[tuple[Subject, Effect]]:
    return [(one.subject, one.effect) for one in found.people]


def test_every_operation_that_may_be_called_has_a_row() -> None:
    assert set(ACCESSES) == set(CALLERS)


def test_an_operation_without_a_row_is_not_served() -> None:
    require_rows("terminal", ["VerifyIdentity"])
    with pytest.raises(LookupError, match=r"no row for terminal\.LookAround"):
        require_rows("terminal", ["VerifyIdentity", "LookAround"])


@pytest.mark.parametrize("result", list(VerificationResult))
@pytest.mark.parametrize("service", ["terminal", "national"])
@pytest.mark.parametrize(("question", "subject"), [(BY_CODE, Subject.CODE), (BY_DOCUMENT, Subject.ITEMS)])
def test_verification(result: VerificationResult, service: str, question: Any, subject: Subject) -> None:
    answer: Any = IdentityAnswer(result, AT, "ref-00000001")
    if service == "national":
        answer = NationalAnswer(answer, question.key)
    found = describe(service, "VerifyIdentity", question, answer)
    seen = result.value in {"match", "card_lapsed", "card_suspended"}
    assert (found.result, effects(found)) == (result.value, [(subject, SEEN if seen else ASKED)])
    assert found.with_number is False
    assert found.passed_to == ("national_server" if service == "terminal" else None)


def test_verification_without_an_answer() -> None:
    found = describe("terminal", "VerifyIdentity", BY_CODE)
    assert (found.result, effects(found)) == ("not_answered", [(Subject.CODE, ASKED)])


@pytest.mark.parametrize(
    ("place", "passed_to"),
    [(Place.HERE, None), (Place.PREFECTURE, "prefectural_server"), (Place.NATION, "national_server")],
)
@pytest.mark.parametrize("result", [SearchResult.NO_RECORD, SearchResult.TOO_MANY])
def test_a_search_in_vain(place: Place, passed_to: str | None, result: SearchResult) -> None:
    answer = SearchAnswer(result, place, AT, "ref-00000001")
    found = describe("terminal", "SearchPerson", SearchQuestion(CALLER, TERMS), answer)
    assert (found.result, found.passed_to) == (result.value, passed_to)
    assert effects(found) == [(Subject.TERMS, ASKED)]


@pytest.mark.parametrize("service", ["terminal", "prefectural", "national"])
def test_a_search_that_finds(service: str) -> None:
    answer: Any = SearchAnswer(SearchResult.FOUND, Place.HERE, AT, "ref-00000001", (record(1), record(2)))
    if service != "terminal":
        answer = RegisterAnswer(answer, TERMS)
    found = describe(service, "SearchPerson", SearchQuestion(CALLER, TERMS), answer)
    assert [one.text for one in found.people] == [code(1).digits, code(2).digits]
    assert effects(found) == [(Subject.CODE, SEEN)] * 2
    assert found.with_number is False  # no answer of the contract has it


@pytest.mark.parametrize(
    ("residence", "passed_to"),
    [
        ("131016", None),
        ("131041", "prefectural_server"),
        ("141003", "national_server"),
        (None, "national_server"),
    ],
)
def test_a_search_without_an_answer_may_have_gone_all_its_way(
    residence: str | None, passed_to: str | None
) -> None:
    where = None if residence is None else MunicipalityCode(residence)
    assert describe("terminal", "SearchPerson", SearchQuestion(CALLER, TERMS, where)).passed_to == passed_to


def receipt(*results: ChangeResult) -> ChangeReceipt:
    outcomes = tuple(ChangeOutcome(code(1), number, result) for number, result in enumerate(results, 1))
    return ChangeReceipt(AT, "ref-00000001", outcomes)


@pytest.mark.parametrize(
    ("results", "result"),
    [
        ((ChangeResult.ACCEPTED, ChangeResult.ACCEPTED), "accepted"),
        ((ChangeResult.ACCEPTED, ChangeResult.NUMBER_GAP), "partly_accepted"),
        ((ChangeResult.ALREADY_ACCEPTED, ChangeResult.NUMBER_GAP), "not_accepted"),
    ],
)
def test_changes(results: tuple[ChangeResult, ChangeResult], result: str) -> None:
    asked = report(entry(1), move(2, 1, "東京都千代田区三番町9番"))
    found = describe("resident_record", "ReportChanges", asked, receipt(*results))
    assert found.result == result
    wanted = [CHANGED if one is ChangeResult.ACCEPTED else ASKED for one in results]
    assert [one.effect for one in found.people] == wanted
    assert found.with_number is True


def test_a_new_code_is_told_with_the_old_one() -> None:
    asked = report(recode(1, 2, 9, individual_number=None))
    found = describe("resident_record", "ReportChanges", asked, receipt(ChangeResult.ACCEPTED))
    assert [one.text for one in found.people] == [code(9).digits, code(1).digits]
    assert found.with_number is False
    assert [one.effect for one in describe("national", "NotifyChanges", asked).people] == [ASKED] * 2


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("ResendChange", Resend(clerk(), code(1), 1, ChangeReason.BIRTH)),
        ("CancelChange", Cancellation(clerk(), code(1), 1, 2, DAY)),
    ],
)
def test_one_change(operation: str, asked: Any) -> None:
    for answer, result, effect in (
        (receipt(ChangeResult.ACCEPTED), "accepted", CHANGED),
        (receipt(ChangeResult.NO_SUCH_CHANGE), "not_accepted", ASKED),
        (None, "not_answered", ASKED),
    ):
        found = describe("resident_record", operation, asked, answer)
        assert (found.result, effects(found)) == (result, [(Subject.CODE, effect)])


def test_what_became_of_a_change() -> None:
    asked = ChangeQuestion(clerk(), code(1))
    for last, result, effect in ((3, "found", SEEN), (0, "no_record", ASKED)):
        found = describe(
            "resident_record", "QueryChange", asked, ChangeStatus(AT, "ref-00000001", last, None)
        )
        assert (found.result, effects(found)) == (result, [(Subject.CODE, effect)])
    assert describe("resident_record", "QueryChange", asked).result == "not_answered"


def test_cards() -> None:
    asked, nothing = CardQuestion(clerk(), code(1)), CardAnswer(AT, "ref-00000001", code(1), ())
    found = describe("terminal", "QueryCards", asked, nothing)
    assert (found.result, found.passed_to) == ("no_record", "card_management_system")
    assert effects(found) == [(Subject.CODE, ASKED)]
    card = type("Card", (), {"code": code(1)})()
    some = describe("card_management", "QueryCards", asked, CardAnswer(AT, "ref-00000001", code(1), (card,)))
    assert (some.result, some.passed_to, effects(some)) == ("found", None, [(Subject.CODE, SEEN)])
    assert describe("terminal", "QueryCards", asked).result == "not_answered"


@pytest.mark.parametrize(
    ("result", "cards", "effect"),
    [
        (CardResult.ACCEPTED, 1, CHANGED),
        (CardResult.NOT_ALLOWED, 1, SEEN),
        (CardResult.NO_SUCH_CARD, 0, ASKED),
    ],
)
def test_a_card_that_is_updated(result: CardResult, cards: int, effect: Effect) -> None:
    asked = card_office.update(CardEvent.ISSUE)
    answer = CardReceipt(AT, "ref-00000001", asked.code, result, (card_office.card_of(),) * cards)
    for service in ("terminal", "card_management"):
        found = describe(service, "UpdateCard", asked, answer)
        assert (found.result, effects(found)) == (result.value, [(Subject.CODE, effect)])
    assert effects(describe("resident_record", "RevokeCards", asked)) == [(Subject.CODE, ASKED)]


def test_what_was_done_to_cards() -> None:
    asked = CardQuestion(clerk(), code(1))
    assert describe("terminal", "QueryCardHistory", asked).result == "not_answered"
    assert (
        describe("terminal", "QueryCardHistory", asked, type("H", (), {"lines": ()})()).result == "no_record"
    )
    assert describe("terminal", "QueryCardHistory", asked, type("H", (), {"lines": (1,)})()).result == "found"


def test_addressees() -> None:
    asked = addressees.piece(
        addressees.addressee("1", addressees.somebody(1)), addressees.addressee("2", addressees.somebody(2))
    )
    outcomes = (
        AddresseeOutcome(1, AddresseeResult.ACCEPTED),
        AddresseeOutcome(2, AddresseeResult.OTHER_MUNICIPALITY),
    )
    answer = AddresseeReceipt(AT, "ref-00000001", outcomes)
    for service, operation, effect in (
        ("resident_record", "DeliverAddressees", SEEN),
        ("card_management", "NotifyAddressees", CHANGED),
    ):
        found = describe(service, operation, asked, answer)
        assert (found.result, found.with_number) == ("partly_accepted", True)
        assert [one.effect for one in found.people] == [effect, ASKED]
        assert [one.effect for one in describe(service, operation, asked).people] == [ASKED] * 2


def test_whom_to_extract_and_what_was_sent() -> None:
    asked = TargetQuestion(clerk())
    some = TargetList(AT, "ref-00000001", (Target(code(1), ChangeReason.BIRTH, AT),))
    found = describe("resident_record", "ListAddresseeTargets", asked, some)
    assert (found.result, effects(found)) == ("found", [(Subject.CODE, SEEN)])
    none = describe("resident_record", "ListAddresseeTargets", asked, TargetList(AT, "ref-00000001", ()))
    assert (none.result, none.people) == ("empty", ())
    assert describe("resident_record", "ListAddresseeTargets", asked).result == "not_answered"
    history = SendingHistory(AT, "ref-00000001", (Sending(AT, Delivery.WAITING),))
    sent = describe("resident_record", "QueryAddresseeSendings", SendingQuestion(clerk(), code(1)), history)
    assert (sent.result, effects(sent)) == ("found", [(Subject.CODE, SEEN)])


def test_nothing_of_a_person_is_shown_by_accident() -> None:
    assert RegisterText("試験").inline not in repr(describe("terminal", "VerifyIdentity", BY_DOCUMENT))
    assert "12345678903" not in repr(describe("terminal", "VerifyIdentity", BY_CODE))


@pytest.mark.parametrize(
    ("inquiry", "answer", "expected", "with_number"),
    [
        (BY_NUMBER, FOUND, ("found", Subject.CODE, SEEN), True),
        (BY_ITEMS, FOUND, ("found", Subject.CODE, SEEN), True),
        (BY_ITEMS, NOBODY, ("no_record", Subject.ITEMS, ASKED), False),
        (BY_NUMBER, NOBODY, ("no_record", Subject.NUMBER, ASKED), True),  # it was brought
        (BY_ITEMS, None, ("not_answered", Subject.ITEMS, ASKED), False),
    ],
)
def test_an_inquiry(
    inquiry: Any, answer: InquiryAnswer | None, expected: tuple[str, Subject, Effect], with_number: bool
) -> None:
    result, subject, effect = expected
    here = None if answer is None else ProvidedAnswer(answer, inquiry.key)
    for service, told, passed_to in (
        ("terminal", answer, "jlis"),
        ("number_use", answer, "jlis"),
        ("jlis", here, None),
    ):
        found = describe(service, "InquirePerson", inquiry, told)
        assert (found.result, effects(found)) == (result, [(subject, effect)])
        assert (found.with_number, found.passed_to) == (with_number, passed_to)


def test_an_inquiry_that_is_answered_without_the_number() -> None:
    shown = dataclasses.replace(FOUND, record=dataclasses.replace(PROVIDED, individual_number=None))
    assert not describe("terminal", "InquirePerson", LISTED, shown).with_number
