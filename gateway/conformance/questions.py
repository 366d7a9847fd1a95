"""The good question that a service's cases are made from: one for each service, which changes nothing.

Where a service has no question, it is a message about what there is not, which the server answers so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from gateway.contract import Service, write_request
from gateway.domain.caller import Caller
from gateway.domain.card_query import CardQuestion
from gateway.domain.change_report import ChangeQuestion
from gateway.domain.codes import Purpose
from gateway.domain.consistency import ConsistencyNotice, DigestQuestion, Span, SpanTotal, Total
from gateway.domain.identifiers import IndividualNumber, ResidentRecordCode
from gateway.domain.inquiry import Inquiry, LegalBasis
from gateway.domain.inquiry_file import FileName, FileQuestion
from gateway.domain.move_messages import MoveStep
from gateway.domain.register_text import RegisterText
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.domain.verification import IdentityQuestion

_NOBODY: Final = "conformance-run"
"""A reference that no run, move or file has."""

Person = Mapping[str, str]
"""A row of the sample's people.csv."""


@dataclass(frozen=True, slots=True)
class Question:
    """An operation, its good request, and the operation's own fault that answers it (None: an answer)."""

    operation: str
    request: Callable[[Caller, Person], Any]
    purpose: Purpose = Purpose.RECORD_COPY
    fault: str | None = None

    def content(self, service: Service, caller: Caller, person: Person) -> etree._Element:
        """The Body's child, as ``caller`` asks it about ``person``."""
        request = self.request(replace(caller, purpose=self.purpose), person)
        return write_request(service, service.operation(self.operation), request)


def _code(person: Person) -> ResidentRecordCode:
    return ResidentRecordCode(person["resident_record_code"])


def _search(caller: Caller, person: Person) -> SearchQuestion:
    name, address = RegisterText(person["name"]), RegisterText(person["address"])
    return SearchQuestion(caller, SearchTerms(name=(name, Match.EXACT), address=(address, Match.PREFIX)))


def _inquiry(caller: Caller, person: Person) -> Inquiry:
    return Inquiry(caller, LegalBasis.NUMBER_USE, IndividualNumber(person["individual_number"]))


_VERIFY: Final = Question("VerifyIdentity", lambda caller, person: IdentityQuestion(caller, _code(person)))

QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType(
    {
        "terminal": _VERIFY,
        "resident_record": Question(
            "QueryChange", lambda caller, person: ChangeQuestion(caller, _code(person))
        ),
        "municipal": Question("WithdrawRequest", lambda caller, _: MoveStep(caller, _NOBODY)),
        "number_use": Question("InquirePerson", _inquiry, Purpose.NUMBER_USE),
        "addressee_terminal": Question(
            "QueryInquiryFile",
            lambda caller, _: FileQuestion(caller, FileName(_NOBODY, _NOBODY)),
            Purpose.NUMBER_USE,
        ),
        "national": _VERIFY,
        "prefectural": Question("SearchPerson", _search),
        "jlis": Question("InquirePerson", _inquiry, Purpose.NUMBER_USE),
        "card_management": Question("QueryCards", lambda caller, person: CardQuestion(caller, _code(person))),
        "consistency": Question(
            "CompareDigests",
            lambda caller, _: DigestQuestion(caller, (SpanTotal(Span(None, None), Total()),)),
            Purpose.OFFICIAL_CORRECTION,
        ),
        "consistency_result": Question(
            "NotifyConsistency",
            lambda caller, _: ConsistencyNotice(caller, _NOBODY, 1, 1, Total(), ()),
            Purpose.OFFICIAL_CORRECTION,
            fault="ConsistencyRefused",
        ),
    }
)
"""By the service's name: every service of the contract."""
