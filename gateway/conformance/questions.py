"""The good question that a service's cases are made from: one for each service, which changes nothing.

Where a service has no question, it is a message about what there is not, which the server answers so.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.conformance.asking import NOWHERE, Circumstances, Question
from gateway.domain.card_query import CardQuestion
from gateway.domain.change_report import ChangeQuestion
from gateway.domain.codes import Purpose
from gateway.domain.consistency import ConsistencyNotice, DigestQuestion, Span, SpanTotal, Total
from gateway.domain.inquiry import Inquiry, LegalBasis
from gateway.domain.inquiry_file import FileName, FileQuestion
from gateway.domain.move_messages import MoveStep
from gateway.domain.search import Match, SearchQuestion, SearchTerms
from gateway.domain.verification import IdentityQuestion


def _search(known: Circumstances) -> Any:
    record = known.record
    terms = SearchTerms(name=(record.name, Match.EXACT), address=(record.address, Match.PREFIX))
    return SearchQuestion(known.caller, terms)


def _inquiry(known: Circumstances) -> Any:
    number = known.record.individual_number
    return None if number is None else Inquiry(known.caller, LegalBasis.NUMBER_USE, number)


_VERIFY: Final = Question("VerifyIdentity", lambda one: IdentityQuestion(one.caller, one.record.code))

QUESTIONS: Final[Mapping[str, Question]] = MappingProxyType(
    {
        "terminal": _VERIFY,
        "resident_record": Question("QueryChange", lambda one: ChangeQuestion(one.caller, one.record.code)),
        "municipal": Question("WithdrawRequest", lambda one: MoveStep(one.caller, NOWHERE)),
        "number_use": Question("InquirePerson", _inquiry, Purpose.NUMBER_USE),
        "addressee_terminal": Question(
            "QueryInquiryFile",
            lambda one: FileQuestion(one.caller, FileName(NOWHERE, NOWHERE)),
            Purpose.NUMBER_USE,
        ),
        "national": _VERIFY,
        "prefectural": Question("SearchPerson", _search),
        "jlis": Question("InquirePerson", _inquiry, Purpose.NUMBER_USE),
        "card_management": Question("QueryCards", lambda one: CardQuestion(one.caller, one.record.code)),
        "consistency": Question(
            "CompareDigests",
            lambda one: DigestQuestion(one.caller, (SpanTotal(Span(None, None), Total()),)),
            Purpose.OFFICIAL_CORRECTION,
        ),
        "consistency_result": Question(
            "NotifyConsistency",
            lambda one: ConsistencyNotice(one.caller, NOWHERE, 1, 1, Total(), ()),
            Purpose.OFFICIAL_CORRECTION,
            fault="ConsistencyRefused",
        ),
    }
)
"""By the service's name: every service of the contract."""
