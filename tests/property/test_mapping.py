"""The compiled mapping and spyne's own come to the same, for every message of the contract."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.contract import FAULTS, SERVICES, TYPES, mapping
from gateway.contract.body import codec_of
from gateway.contract.faults import CODES, Refusal
from gateway.contract.types import element_of, optional, record, text
from gateway.domain.card_update import CardActor
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.inquiry import ProvidedAnswer
from gateway.domain.kana import Kana
from gateway.domain.search import (
    Match,
    Place,
    RegisterAnswer,
    SearchAnswer,
    SearchQuestion,
    SearchResult,
    SearchTerms,
)
from gateway.domain.verification import NationalAnswer
from tests.kit.addressee_strategies import PIECES, SENDING_QUESTIONS, SENDINGS, TARGET_QUESTIONS, TARGETS
from tests.kit.addressee_strategies import RECEIPTS as ADDRESSEE_RECEIPTS
from tests.kit.card_strategies import (
    card_answers,
    card_histories,
    card_questions,
    card_receipts,
    card_updates,
)
from tests.kit.consistency_strategies import (
    DIGEST_ANSWERS,
    DIGEST_QUESTIONS,
    NOTICES,
    NOTICES_TAKEN,
    PIECES_TAKEN,
)
from tests.kit.consistency_strategies import PIECES as CONSISTENCY_PIECES
from tests.kit.examples import examples
from tests.kit.inquiry_strategies import (
    CODE_BLOCKS,
    CODE_REQUESTS,
    FILE_PIECES,
    FILE_QUESTIONS,
    FILE_STATUSES,
    INQUIRIES,
    INQUIRY_ANSWERS,
    INQUIRY_KEYS,
    ISSUED_NUMBERS,
    MANY_ANSWERS,
    MANY_INQUIRIES,
    NUMBER_REQUESTS,
    PIECE_RECEIPTS,
    RESULTS_PARTS,
    RESULTS_QUESTIONS,
)
from tests.kit.move_strategies import (
    completions,
    confirmations,
    fetched,
    move_questions,
    move_receipts,
    moves,
    notices,
    registrations,
    sendings,
    steps,
    transfer_questions,
    transfer_requests,
)
from tests.kit.strategies import (
    answers,
    callers,
    cancellations,
    change_questions,
    change_reports,
    dates,
    keys,
    questions,
    receipts,
    register_texts,
    resends,
    statuses,
)
from tests.kit.strategies import identity_records as records

# isort: split
from spyne import Array, ComplexModel, Decimal, Integer, Unicode, XmlAttribute, XmlData
from spyne.protocol.xml import XmlDocument


class _Spyne(XmlDocument):  # type: ignore[misc] # spyne carries no types
    def xmldata_to_parent(
        self, ctx: Any, cls: Any, inst: Any, parent: etree._Element, *_: Any, **__: Any
    ) -> None:
        """As spyne's own, but with text: spyne hands lxml UTF-8 bytes, which it takes only when ASCII."""
        parent.text = self.to_unicode(cls.type, inst)


SPYNE = _Spyne(parse_xsi_type=False)
EXAMPLES = int(os.environ.get("MAPPING_EXAMPLES") or examples(60))
"""Of each operation, a question and an answer each; 500 take minutes."""
PREFIXES = {"t": TYPES, "f": FAULTS}


def spyne_object(model: Any, message: Any) -> Any:
    """The same as an object of spyne's own class."""
    members = {}
    for name, kind in model.get_flat_type_info(model).items():
        value = getattr(message, name)
        if issubclass(kind, ComplexModel) and value is not None:
            many = kind.Attributes.max_occurs > 1
            value = [spyne_object(kind, one) for one in value] if many else spyne_object(kind, value)
        members[name] = value
    return (model.__orig__ or model)(**members)


def written_by_spyne(model: Any, message: Any, tag: str) -> bytes:
    name = etree.QName(tag)
    others = {} if name.namespace in PREFIXES.values() else {"s": str(name.namespace)}
    holder = etree.Element("holder", nsmap={**PREFIXES, **others})
    SPYNE.to_parent(None, model, spyne_object(model, message), holder, name.namespace, name.localname)
    return etree.tostring(holder[0], method="c14n", exclusive=True)


def members_of(model: Any, message: Any) -> Any:
    """Everything in a message object, of either kind."""
    if message is None:
        return None
    found = {}
    for name, kind in model.get_flat_type_info(model).items():
        value = getattr(message, name)
        if issubclass(kind, ComplexModel):
            many = kind.Attributes.max_occurs > 1
            value = [members_of(kind, one) for one in value or ()] if many else members_of(kind, value)
        found[name] = value
    return found


def same(model: Any, message: Any, tag: str) -> None:
    ours = mapping.write(model, message, tag)
    assert ours == written_by_spyne(model, message, tag)
    element = etree.fromstring(ours)
    read = members_of(model, mapping.read(model, element))
    assert read == members_of(model, SPYNE.from_element(None, model, element))
    assert read == members_of(model, message)


_TERMS = st.builds(
    SearchTerms,
    name=st.none() | st.tuples(register_texts(), st.sampled_from(Match)),
    kana=st.none() | st.tuples(st.just(Kana("カナ タロウ")), st.sampled_from(Match)),
    birth_date=dates(),
    sex=st.none(),
    address=st.tuples(register_texts(20), st.sampled_from(Match)),
)
_SEARCHES = st.builds(SearchQuestion, callers, _TERMS, st.none() | callers.map(lambda one: one.municipality))
_INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def found(draw: st.DrawFn) -> SearchAnswer:
    people: list[IdentityRecord] = draw(st.lists(records, max_size=4))
    result = (
        SearchResult.FOUND
        if people
        else draw(st.sampled_from([SearchResult.NO_RECORD, SearchResult.TOO_MANY]))
    )
    return SearchAnswer(result, draw(st.sampled_from(Place)), draw(_INSTANTS), "ref-00000001", tuple(people))


VALUES: dict[tuple[str, str], tuple[st.SearchStrategy[Any], st.SearchStrategy[Any]]] = {
    ("terminal", "VerifyIdentity"): (questions, answers),
    ("national", "VerifyIdentity"): (questions, st.builds(NationalAnswer, answers, keys)),
    ("terminal", "SearchPerson"): (_SEARCHES, found()),
    ("prefectural", "SearchPerson"): (_SEARCHES, st.builds(RegisterAnswer, found(), _TERMS)),
    ("national", "SearchPerson"): (_SEARCHES, st.builds(RegisterAnswer, found(), _TERMS)),
    ("terminal", "InquirePerson"): (INQUIRIES, INQUIRY_ANSWERS),
    ("number_use", "InquirePerson"): (INQUIRIES, INQUIRY_ANSWERS),
    ("jlis", "InquirePerson"): (INQUIRIES, st.builds(ProvidedAnswer, INQUIRY_ANSWERS, INQUIRY_KEYS)),
    ("jlis", "InquirePeople"): (MANY_INQUIRIES, MANY_ANSWERS),
    ("addressee_terminal", "DeliverInquiryPiece"): (FILE_PIECES, PIECE_RECEIPTS),
    ("addressee_terminal", "QueryInquiryFile"): (FILE_QUESTIONS, FILE_STATUSES),
    ("addressee_terminal", "FetchInquiryResults"): (RESULTS_QUESTIONS, RESULTS_PARTS),
    ("consistency", "CompareRecords"): (CONSISTENCY_PIECES, PIECES_TAKEN),
    ("consistency", "CompareDigests"): (DIGEST_QUESTIONS, DIGEST_ANSWERS),
    ("consistency_result", "NotifyConsistency"): (NOTICES, NOTICES_TAKEN),
    ("jlis", "AllocateCodes"): (CODE_REQUESTS, CODE_BLOCKS),
    ("resident_record", "AllocateCodes"): (CODE_REQUESTS, CODE_BLOCKS),
    ("jlis", "RequestNumber"): (NUMBER_REQUESTS, ISSUED_NUMBERS),
    ("resident_record", "RequestNumber"): (NUMBER_REQUESTS, ISSUED_NUMBERS),
    ("resident_record", "ReportChanges"): (change_reports(), receipts),
    ("resident_record", "ResendChange"): (resends, receipts),
    ("resident_record", "CancelChange"): (cancellations, receipts),
    ("resident_record", "QueryChange"): (change_questions, statuses),
    ("prefectural", "NotifyChanges"): (change_reports(revisions=True), receipts),
    ("national", "NotifyChanges"): (change_reports(revisions=True), receipts),
    ("terminal", "QueryCards"): (card_questions, card_answers()),
    ("card_management", "QueryCards"): (card_questions, card_answers()),
    ("terminal", "QueryCardHistory"): (card_questions, card_histories),
    ("terminal", "UpdateCard"): (card_updates(CardActor.TERMINAL), card_receipts()),
    ("resident_record", "RevokeCards"): (card_updates(CardActor.REGISTRY), card_receipts()),
    ("card_management", "UpdateCard"): (
        card_updates(CardActor.TERMINAL, CardActor.REGISTRY, CardActor.GATEWAY, referred=True),
        card_receipts(),
    ),
    ("resident_record", "DeliverAddressees"): (PIECES, ADDRESSEE_RECEIPTS),
    ("card_management", "NotifyAddressees"): (PIECES, ADDRESSEE_RECEIPTS),
    ("resident_record", "ListAddresseeTargets"): (TARGET_QUESTIONS, TARGETS),
    ("resident_record", "QueryAddresseeSendings"): (SENDING_QUESTIONS, SENDINGS),
    ("terminal", "RequestTransferCertificate"): (transfer_questions, move_receipts),
    ("terminal", "CancelMoveIn"): (steps, move_receipts),
    ("terminal", "QueryMoves"): (move_questions(), moves),
    ("resident_record", "RegisterTransferCertificate"): (registrations(), move_receipts),
    ("resident_record", "CancelTransferCertificate"): (steps, move_receipts),
    ("resident_record", "ListMoves"): (move_questions(coded=False), moves),
    ("resident_record", "FetchMove"): (steps, fetched),
    ("resident_record", "AcknowledgeMove"): (steps, move_receipts),
    ("resident_record", "CompleteMoveIn"): (completions, move_receipts),
    ("resident_record", "CancelMoveIn"): (steps, move_receipts),
    ("municipal", "RequestTransferCertificate"): (transfer_requests, move_receipts),
    ("municipal", "SendTransferCertificate"): (sendings(), move_receipts),
    ("municipal", "WithdrawRequest"): (steps, move_receipts),
    ("municipal", "NotifyMoveIn"): (notices, move_receipts),
    ("prefectural", "ConfirmMoveOut"): (confirmations, move_receipts),
}


def test_every_operation_is_compared() -> None:
    assert VALUES.keys() >= {
        (service.name, operation.name)
        for service in SERVICES.values()
        for operation in service.operations.values()
    }


@pytest.mark.parametrize(("service", "operation"), VALUES)
def test_bodies_are_written_and_read_as_spyne_does(service: str, operation: str) -> None:
    served = SERVICES[service]
    called = served.operation(operation)
    codec = codec_of(served, called)
    ask, answer = VALUES[service, operation]

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(ask, answer)
    def compare(question: Any, value: Any) -> None:
        same(codec.request, codec.write_request(question), called.request)
        same(codec.response, codec.write_answer(value), called.response)

    compare()


@given(
    st.sampled_from(sorted(CODES)),
    st.none() | st.integers(1, 13),
    st.lists(st.tuples(st.sampled_from(["ja", "en"]), register_texts(30)), max_size=2),
)
def test_the_fault_detail_is_written_as_spyne_does(
    code: str, step: int | None, reasons: list[tuple[str, Any]]
) -> None:
    reason = mapping.message_class(Refusal.get_flat_type_info(Refusal)["reason"])
    message = mapping.message_class(Refusal)(
        code=code,
        reference="0123456789abcdef0123",
        step=step,
        reason=[reason(lang=lang, value=value.inline) for lang, value in reasons],
    )
    # Read back by ours only: spyne forgets an attribute that is in a namespace.
    ours = mapping.write(Refusal, message, f"{{{FAULTS}}}Refusal")
    assert ours == written_by_spyne(Refusal, message, f"{{{FAULTS}}}Refusal")
    assert members_of(Refusal, mapping.read(Refusal, etree.fromstring(ours))) == members_of(Refusal, message)


@given(st.text(alphabet="&<>\"'\r\n\t ]a\x85\u2028𠮷\U000e0100", max_size=20))
def test_any_text_that_xml_can_carry_is_written_canonically(value: str) -> None:
    model = record(TYPES, "One", [("word", text("Word"))])
    written = mapping.write(model, mapping.message_class(model)(word=value), f"{{{TYPES}}}One")
    assert written == etree.tostring(etree.fromstring(written), method="c14n", exclusive=True)
    assert mapping.read(model, etree.fromstring(written)).word == value


@pytest.mark.parametrize("bad", ["\x00", "\x0b", "\ufffe", "\ud800"])
def test_text_that_xml_cannot_carry_is_not_written(bad: str) -> None:
    model = record(TYPES, "One", [("word", text("Word"))])
    with pytest.raises(ValueError, match="cannot carry"):
        mapping.write(model, mapping.message_class(model)(word=f"a{bad}"), f"{{{TYPES}}}One")


def test_a_missing_member_is_not_written() -> None:
    model = record(TYPES, "One", [("word", text("Word"))])
    with pytest.raises(ValueError, match="word is missing"):
        mapping.write(model, mapping.message_class(model)(), f"{{{TYPES}}}One")
    with pytest.raises(AttributeError):
        mapping.message_class(model)(wort="x")


@pytest.mark.parametrize(
    "kind",
    [
        Decimal(min_occurs=1, nillable=False),
        Unicode(min_occurs=1, nillable=True),
        optional(Unicode(default="x")),
        Array(Unicode),
        XmlAttribute(Unicode),
        XmlAttribute(Unicode, ns="urn:other"),
        XmlData(Integer),
        element_of("urn:one-service", ComplexModel.produce("urn:one-service", "Inner", [("x", Unicode)])),
    ],
)
def test_a_type_that_is_not_known_is_refused_at_start(kind: Any) -> None:
    model = ComplexModel.produce(TYPES, "Odd", [("odd", kind)])
    with pytest.raises(TypeError):
        mapping.compile_model(model, "{urn:another-service}Odd")


def test_a_message_shows_nothing_of_a_person() -> None:
    model = record(TYPES, "One", [("word", text("Word"))])
    assert repr(mapping.message_class(model)(word="髙橋")) == "One(***)"
