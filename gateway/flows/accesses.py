"""What each operation shows or changes of whom, for the access log: a table, beside the policy's of callers.

A flow adds a row for each of its operations, and nothing else: the way of a message (transport) and the
dispatcher (delivery) ask the table, and a service with an operation that is not in it is not served. A row is
a function of the request and its answer; the answer is None where there is none, as with a fault, a refusal,
or a message that is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from gateway.domain.accesses import Concern, Concerned, Effect, Subject
from gateway.domain.addressee_delivery import (
    AddresseePiece,
    AddresseeReceipt,
    SendingHistory,
    SendingQuestion,
    TargetList,
    TargetQuestion,
)
from gateway.domain.card_history import CardHistory
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardReceipt, CardUpdate
from gateway.domain.change import Change
from gateway.domain.change_report import (
    Cancellation,
    ChangeQuestion,
    ChangeReceipt,
    ChangeReport,
    ChangeStatus,
    Resend,
)
from gateway.domain.codes import VerificationResult
from gateway.domain.consistency import (
    ConsistencyNotice,
    ConsistencyPiece,
    DigestAnswer,
    DigestQuestion,
    NoticeTaken,
    PieceTaken,
)
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.inquiry import Inquiry, InquiryAnswer, InquiryKey, ProvidedAnswer
from gateway.domain.inquiry_file import (
    FilePiece,
    FileQuestion,
    FileStatus,
    ManyAnswers,
    ManyInquiries,
    PieceReceipt,
    ResultsPart,
    ResultsQuestion,
)
from gateway.domain.issuing import CodeBlock, CodeRequest, IssuedNumber, NumberRequest
from gateway.domain.search import Place, RegisterAnswer, SearchAnswer, SearchQuestion, SearchResult
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer
from gateway.flows import move_accesses
from gateway.flows.identity_verification import subject_of_verification
from gateway.flows.inquiry import text_of_key
from gateway.flows.person_search import route, subject_of_search

Describe = Callable[[Any, Any], Concerned]

NOT_ANSWERED: Final = "not_answered"
"""The result of what has no answer; whoever logs it knows the reason."""

_MATCHES: Final = frozenset(
    {VerificationResult.MATCH, VerificationResult.CARD_LAPSED, VerificationResult.CARD_SUSPENDED}
)
_SERVERS: Final = {Place.PREFECTURE: "prefectural_server", Place.NATION: "national_server"}


def _verified(question: IdentityQuestion, answer: IdentityAnswer | None) -> Concerned:
    key = question.key
    effect = Effect.SEEN if answer is not None and answer.result in _MATCHES else Effect.ASKED
    if isinstance(key, ResidentRecordCode):
        person = Concern.of(key, effect)
    else:
        person = Concern(Subject.ITEMS, subject_of_verification(question), effect)
    return Concerned(NOT_ANSWERED if answer is None else answer.result.value, (person,))


def _verified_for_terminal(question: IdentityQuestion, answer: IdentityAnswer | None) -> Concerned:
    found = _verified(question, answer)
    return Concerned(found.result, found.people, passed_to="national_server")


def _verified_here(question: IdentityQuestion, answer: NationalAnswer | None) -> Concerned:
    return _verified(question, None if answer is None else answer.answer)


def _searched(question: SearchQuestion, answer: SearchAnswer | None) -> Concerned:
    if answer is None or answer.result is not SearchResult.FOUND:
        result = NOT_ANSWERED if answer is None else answer.result.value
        return Concerned(result, (Concern(Subject.TERMS, subject_of_search(question), Effect.ASKED),))
    # The contract's answer to a search has no 個人番号, whatever the register knows.
    people = tuple(Concern.of(record.code, Effect.SEEN) for record in answer.records)
    return Concerned(answer.result.value, people)


def _searched_for_terminal(question: SearchQuestion, answer: SearchAnswer | None) -> Concerned:
    found = _searched(question, answer)
    # Without an answer it may have gone as far as the last place on its way.
    last = route(question.caller.municipality, question.residence)[-1]
    asked = last if answer is None else answer.answered_by
    return Concerned(found.result, found.people, passed_to=_SERVERS.get(asked))


def _searched_here(question: SearchQuestion, answer: RegisterAnswer | None) -> Concerned:
    return _searched(question, None if answer is None else answer.answer)


def _inquired(inquiry: Inquiry, answer: InquiryAnswer | None) -> Concerned:
    asked_by_number = isinstance(inquiry.key, IndividualNumber)
    result = NOT_ANSWERED if answer is None else answer.result.value
    if answer is None or answer.record is None:
        return Concerned(result, (_asked_for(inquiry.key),), asked_by_number)
    with_number = asked_by_number or answer.record.individual_number is not None
    return Concerned(result, (Concern.of(answer.record.code, Effect.SEEN),), with_number)


def _inquired_for_caller(inquiry: Inquiry, answer: InquiryAnswer | None) -> Concerned:
    found = _inquired(inquiry, answer)
    return Concerned(found.result, found.people, found.with_number, "jlis")


def _inquired_here(inquiry: Inquiry, answer: ProvidedAnswer | None) -> Concerned:
    return _inquired(inquiry, None if answer is None else answer.answer)


def inquired_by_file(asked: ManyInquiries, found: ManyAnswers | None) -> Concerned:
    """Some lines of a file of inquiries: whoever has the file sees what is answered."""
    if found is None:
        people = tuple(_asked_for(line.key) for line in asked.lines)
        return Concerned(NOT_ANSWERED, people, asked.basis.has_number)
    people = tuple(
        _asked_for(one.line.key) if one.record is None else Concern.of(one.record.code, Effect.SEEN)
        for one in found.answers
    )
    with_number = any(
        isinstance(one.line.key, IndividualNumber)
        or (one.record is not None and one.record.individual_number is not None)
        for one in found.answers
    )
    return Concerned("answered", people, with_number)


def _asked_for(key: InquiryKey) -> Concern:
    subject = Subject.NUMBER if isinstance(key, IndividualNumber) else Subject.ITEMS
    return Concern(subject, text_of_key(key), Effect.ASKED)


def _piece_of_inquiries(piece: FilePiece, receipt: PieceReceipt | None) -> Concerned:
    # Whom its lines are about is logged as they are answered, under InquirePeople.
    return Concerned(NOT_ANSWERED if receipt is None else receipt.result.value, (), piece.basis.has_number)


def _file_of_inquiries(_asked: FileQuestion, status: FileStatus | None) -> Concerned:
    if status is None:
        return Concerned(NOT_ANSWERED, ())
    return Concerned("no_file" if status.progress is None else status.progress.state.value, ())


def _results_of_inquiries(_asked: ResultsQuestion, part: ResultsPart | None) -> Concerned:
    if part is None:
        return Concerned(NOT_ANSWERED, ())
    return Concerned("empty" if part.text is None else "found", ())


def _compared(piece: ConsistencyPiece, taken: PieceTaken | None) -> Concerned:
    # A run is about everybody: its messages are logged, and not each person of each run.
    return Concerned(NOT_ANSWERED if taken is None else "compared", (), bool(piece.records))


def _digests_compared(_asked: DigestQuestion, answer: DigestAnswer | None) -> Concerned:
    return Concerned(NOT_ANSWERED if answer is None else "compared", ())


def _found_differing(notice: ConsistencyNotice, taken: NoticeTaken | None) -> Concerned:
    effect = Effect.ASKED if taken is None else Effect.SEEN
    people = tuple(Concern.of(finding.code, effect) for finding in notice.findings)
    return Concerned(NOT_ANSWERED if taken is None else "noted", people)


def _codes_allocated(_asked: CodeRequest, block: CodeBlock | None) -> Concerned:
    return Concerned(NOT_ANSWERED if block is None else "issued", ())  # nobody has them yet


def _number_issued(asked: NumberRequest, issued: IssuedNumber | None) -> Concerned:
    effect = Effect.ASKED if issued is None else Effect.SEEN
    result = NOT_ANSWERED if issued is None else "issued"
    return Concerned(result, (Concern.of(asked.code, effect),), issued is not None)


def _number_issued_elsewhere(asked: NumberRequest, issued: IssuedNumber | None) -> Concerned:
    found = _number_issued(asked, issued)
    return Concerned(found.result, found.people, found.with_number, "jlis")


def _changed(report: ChangeReport, receipt: ChangeReceipt | None) -> Concerned:
    if receipt is None:
        people = tuple(found for change in report.changes for found in _of_change(change, Effect.ASKED))
        return Concerned(NOT_ANSWERED, people, _has_number(report.changes))
    people = tuple(
        found
        for change, outcome in zip(report.changes, receipt.outcomes, strict=True)
        for found in _of_change(change, Effect.CHANGED if outcome.result.is_accepted else Effect.ASKED)
    )
    return Concerned(_how_many(receipt), people, _has_number(report.changes))


def _of_change(change: Change, effect: Effect) -> Iterable[Concern]:
    """The person, who with a changed 住民票コード may be looked for by either."""
    yield Concern.of(change.record.code, effect)
    if change.former_code is not None:
        yield Concern.of(change.former_code, effect)


def _has_number(changes: Iterable[Change]) -> bool:
    return any(change.record.individual_number is not None for change in changes)


def _changed_one(asked: Resend | Cancellation, receipt: ChangeReceipt | None) -> Concerned:
    taken = receipt is not None and any(outcome.result.is_accepted for outcome in receipt.outcomes)
    person = Concern.of(asked.code, Effect.CHANGED if taken else Effect.ASKED)
    return Concerned(NOT_ANSWERED if receipt is None else _how_many(receipt), (person,))


def _how_many(receipt: ChangeReceipt) -> str:
    return _share([outcome.result.is_accepted for outcome in receipt.outcomes])


def _share(taken: Sequence[bool]) -> str:
    return "accepted" if all(taken) else "partly_accepted" if any(taken) else "not_accepted"


def _followed(asked: ChangeQuestion, status: ChangeStatus | None) -> Concerned:
    return _of_one(asked.code, status, status is not None and (status.track is not None or status.last > 0))


def _cards(question: CardQuestion, answer: CardAnswer | None) -> Concerned:
    return _of_one(question.code, answer, answer is not None and bool(answer.cards))


def _cards_for_terminal(question: CardQuestion, answer: CardAnswer | None) -> Concerned:
    found = _cards(question, answer)
    return Concerned(found.result, found.people, passed_to="card_management_system")


def _card_updated(update: CardUpdate, receipt: CardReceipt | None) -> Concerned:
    if receipt is None:
        return Concerned(NOT_ANSWERED, (Concern.of(update.code, Effect.ASKED),))
    seen = Effect.SEEN if receipt.cards else Effect.ASKED
    effect = Effect.CHANGED if receipt.result.is_accepted else seen
    return Concerned(receipt.result.value, (Concern.of(update.code, effect),))


def _card_history(question: CardQuestion, history: CardHistory | None) -> Concerned:
    return _of_one(question.code, history, history is not None and bool(history.lines))


def _addressees(piece: AddresseePiece, receipt: AddresseeReceipt | None, taken: Effect) -> Concerned:
    results = [None] * len(piece.addressees) if receipt is None else [one.result for one in receipt.outcomes]
    took = [result is not None and result.is_taken for result in results]
    people = tuple(
        Concern.of(person.code, taken if one_took else Effect.ASKED)
        for addressee, one_took in zip(piece.addressees, took, strict=True)
        for person in addressee.people
    )
    return Concerned(NOT_ANSWERED if receipt is None else _share(took), people, with_number=True)


def _addressees_delivered(piece: AddresseePiece, receipt: AddresseeReceipt | None) -> Concerned:
    # The answer tells that somebody is on record as was said; the record stays as it is.
    return _addressees(piece, receipt, Effect.SEEN)


def _addressees_handed_over(piece: AddresseePiece, receipt: AddresseeReceipt | None) -> Concerned:
    return _addressees(piece, receipt, Effect.CHANGED)


def _targets(_question: TargetQuestion, found: TargetList | None) -> Concerned:
    if found is None:
        return Concerned(NOT_ANSWERED, ())
    people = tuple(Concern.of(target.code, Effect.SEEN) for target in found.targets)
    return Concerned("found" if people else "empty", people)


def _sendings(question: SendingQuestion, history: SendingHistory | None) -> Concerned:
    return _of_one(question.code, history, history is not None and bool(history.sendings))


def _of_one(code: ResidentRecordCode, answer: object, seen: bool) -> Concerned:
    result = NOT_ANSWERED if answer is None else "found" if seen else "no_record"
    return Concerned(result, (Concern.of(code, Effect.SEEN if seen else Effect.ASKED),))


ACCESSES: Final[Mapping[tuple[str, str], Describe]] = {
    ("terminal", "VerifyIdentity"): _verified_for_terminal,
    ("terminal", "SearchPerson"): _searched_for_terminal,
    ("terminal", "QueryCards"): _cards_for_terminal,
    ("terminal", "QueryCardHistory"): _card_history,
    ("terminal", "UpdateCard"): _card_updated,
    ("terminal", "InquirePerson"): _inquired_for_caller,
    ("number_use", "InquirePerson"): _inquired_for_caller,
    ("resident_record", "ReportChanges"): _changed,
    ("resident_record", "ResendChange"): _changed_one,
    ("resident_record", "CancelChange"): _changed_one,
    ("resident_record", "QueryChange"): _followed,
    ("resident_record", "AllocateCodes"): _codes_allocated,
    ("resident_record", "RequestNumber"): _number_issued_elsewhere,
    ("resident_record", "RevokeCards"): _card_updated,
    ("resident_record", "DeliverAddressees"): _addressees_delivered,
    ("resident_record", "ListAddresseeTargets"): _targets,
    ("resident_record", "QueryAddresseeSendings"): _sendings,
    ("addressee_terminal", "DeliverInquiryPiece"): _piece_of_inquiries,
    ("addressee_terminal", "QueryInquiryFile"): _file_of_inquiries,
    ("addressee_terminal", "FetchInquiryResults"): _results_of_inquiries,
    ("terminal", "RequestTransferCertificate"): move_accesses.asked_for_terminal,
    ("terminal", "CancelMoveIn"): move_accesses.stepped,
    ("terminal", "QueryMoves"): move_accesses.listed,
    ("resident_record", "RegisterTransferCertificate"): move_accesses.certified,
    ("resident_record", "CancelTransferCertificate"): move_accesses.stepped,
    ("resident_record", "ListMoves"): move_accesses.listed,
    ("resident_record", "FetchMove"): move_accesses.fetched,
    ("resident_record", "AcknowledgeMove"): move_accesses.stepped,
    ("resident_record", "CompleteMoveIn"): move_accesses.completed,
    ("resident_record", "CancelMoveIn"): move_accesses.stepped,
    ("municipal", "RequestTransferCertificate"): move_accesses.asked,
    ("municipal", "SendTransferCertificate"): move_accesses.certified,
    ("municipal", "WithdrawRequest"): move_accesses.stepped,
    ("municipal", "NotifyMoveIn"): move_accesses.notified,
    ("prefectural", "ConfirmMoveOut"): move_accesses.confirmed,
    ("prefectural", "SearchPerson"): _searched_here,
    ("prefectural", "NotifyChanges"): _changed,
    ("national", "VerifyIdentity"): _verified_here,
    ("national", "SearchPerson"): _searched_here,
    ("national", "NotifyChanges"): _changed,
    ("consistency", "CompareRecords"): _compared,
    ("consistency", "CompareDigests"): _digests_compared,
    ("consistency_result", "NotifyConsistency"): _found_differing,
    ("jlis", "InquirePerson"): _inquired_here,
    ("jlis", "InquirePeople"): inquired_by_file,
    ("jlis", "AllocateCodes"): _codes_allocated,
    ("jlis", "RequestNumber"): _number_issued,
    ("card_management", "QueryCards"): _cards,
    ("card_management", "UpdateCard"): _card_updated,
    ("card_management", "NotifyAddressees"): _addressees_handed_over,
}
"""(service, operation) to what it shows or changes of whom."""


def require_rows(service: str, operations: Iterable[str]) -> None:
    """Raise LookupError for an operation that the table does not have: it must not be served."""
    for operation in operations:
        if (service, operation) not in ACCESSES:
            raise LookupError(f"the access log has no row for {service}.{operation}: flows/accesses.py")


def describe(service: str, operation: str, request: Any, answer: Any = None) -> Concerned:
    """What an operation did to whom; KeyError for one that the table does not have."""
    return ACCESSES[service, operation](request, answer)
