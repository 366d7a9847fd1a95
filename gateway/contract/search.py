"""SearchPerson (本人確認情報の検索): the same question in three services, by where it is asked.

The prefectural and the national server also repeat what was searched for, so that an answer to another
question is noticed.
"""

from __future__ import annotations

from typing import Any

from gateway.contract import types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.records import read_found, read_terms, write_found, write_terms
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.search import RegisterAnswer, SearchAnswer, SearchQuestion

_SEARCH: tuple[str, Any] = ("search", types.element_of(TYPES, types.SearchTerms))
_FOUND: tuple[str, Any] = ("found", types.element_of(TYPES, types.Found))


def terminal_codec(namespace: str) -> Codec[SearchQuestion, SearchAnswer]:
    """Models and conversions as the terminal's service has them."""
    response = types.record(namespace, "SearchPersonResponse", [_FOUND])
    made = message_class(response)
    return _codec(
        namespace,
        response,
        read_answer=lambda message, at: read_found(message.found, f"{at}/found"),
        write_answer=lambda answer: made(found=write_found(answer)),
    )


def register_codec(namespace: str) -> Codec[SearchQuestion, RegisterAnswer]:
    """Models and conversions as the prefectural and the national server have them."""
    response = types.record(namespace, "SearchPersonResponse", [_FOUND, _SEARCH])
    made = message_class(response)
    return _codec(
        namespace,
        response,
        read_answer=lambda message, at: RegisterAnswer(
            read_found(message.found, f"{at}/found"), read_terms(message.search, f"{at}/search")
        ),
        write_answer=lambda found: made(found=write_found(found.answer), search=write_terms(found.about)),
    )


def _codec(namespace: str, response: Any, *, read_answer: Any, write_answer: Any) -> Codec[Any, Any]:
    request = types.record(
        namespace,
        "SearchPerson",
        [
            ("caller", types.element_of(TYPES, types.Caller)),
            _SEARCH,
            ("residence", types.optional(types.element_of(TYPES, types.MunicipalityCode))),
        ],
    )
    made = message_class(request)
    return Codec(
        request=request,
        response=response,
        read_request=_read_question,
        write_request=lambda question: made(
            caller=write_caller(question.caller),
            search=write_terms(question.terms),
            residence=question.residence and question.residence.digits,
        ),
        read_answer=read_answer,
        write_answer=write_answer,
    )


def _read_question(message: Any, at: str) -> SearchQuestion:
    residence = message.residence
    return SearchQuestion(
        caller=read_caller(message.caller, f"{at}/caller"),
        terms=read_terms(message.search, f"{at}/search"),
        residence=None if residence is None else value(f"{at}/residence", MunicipalityCode, residence),
    )
