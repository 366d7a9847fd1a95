"""VerifyIdentity (本人確認): the same question in two services, from the terminal and to the national server.

The national server's answer also repeats the key, so that an answer about somebody else is noticed.
"""

from __future__ import annotations

from typing import Any

from gateway.contract import types
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.service import TYPES
from gateway.contract.values import read_basic_four, read_caller, value, write_basic_four, write_caller
from gateway.domain.codes import DocumentKind, VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import read_instant, write_instant
from gateway.domain.values import read_code
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, NationalAnswer, PresentedDocument

_PresentedDocument = message_class(types.PresentedDocument)
_Verification = message_class(types.Verification)

# The two keys are a choice in the schema, which spyne cannot say: optional here, one of two there.
_KEYS: list[tuple[str, Any]] = [
    ("residentRecordCode", types.optional(types.element_of(TYPES, types.ResidentRecordCode))),
    ("presentedDocument", types.optional(types.element_of(TYPES, types.PresentedDocument))),
]
_VERIFICATION: tuple[str, Any] = ("verification", types.element_of(TYPES, types.Verification))


def terminal_codec(namespace: str) -> Codec[IdentityQuestion, IdentityAnswer]:
    """Models and conversions as the terminal's service has them."""
    response = types.record(namespace, "VerifyIdentityResponse", [_VERIFICATION])
    made = message_class(response)
    return _codec(
        namespace,
        response,
        read_answer=_read_answer,
        write_answer=lambda answer: made(verification=_write_verification(answer)),
    )


def national_codec(namespace: str) -> Codec[IdentityQuestion, NationalAnswer]:
    """Models and conversions as the national server's service has them."""
    response = types.record(namespace, "VerifyIdentityResponse", [_VERIFICATION, *_KEYS])
    made = message_class(response)
    return _codec(
        namespace,
        response,
        read_answer=lambda message, at: NationalAnswer(_read_answer(message, at), _read_key(message, at)),
        write_answer=lambda found: made(
            verification=_write_verification(found.answer), **_write_key(found.about)
        ),
    )


def _codec(namespace: str, response: Any, *, read_answer: Any, write_answer: Any) -> Codec[Any, Any]:
    request = types.record(
        namespace,
        "VerifyIdentity",
        [("caller", types.element_of(TYPES, types.Caller)), *_KEYS],
    )
    made = message_class(request)
    return Codec(
        request=request,
        response=response,
        read_request=lambda message, at: IdentityQuestion(
            read_caller(message.caller, f"{at}/caller"), _read_key(message, at)
        ),
        write_request=lambda question: made(caller=write_caller(question.caller), **_write_key(question.key)),
        read_answer=read_answer,
        write_answer=write_answer,
    )


def _read_key(message: Any, at: str) -> ResidentRecordCode | PresentedDocument:
    if message.residentRecordCode is not None:
        return value(f"{at}/residentRecordCode", ResidentRecordCode, message.residentRecordCode)
    document, at = message.presentedDocument, f"{at}/presentedDocument"
    kind = value(f"{at}/kind", read_code, DocumentKind, document.kind)
    return PresentedDocument(kind, read_basic_four(document.items, f"{at}/items"))


def _write_key(key: ResidentRecordCode | PresentedDocument) -> dict[str, Any]:
    if isinstance(key, ResidentRecordCode):
        return {"residentRecordCode": key.digits}
    document = _PresentedDocument(kind=key.kind.value, items=write_basic_four(key.items))
    return {"presentedDocument": document}


def _read_answer(message: Any, at: str) -> IdentityAnswer:
    found, at = message.verification, f"{at}/verification"
    return value(
        at,
        IdentityAnswer,
        value(f"{at}/result", read_code, VerificationResult, found.result),
        value(f"{at}/checkedAt", read_instant, found.checkedAt),
        found.reference,
    )


def _write_verification(answer: IdentityAnswer) -> Any:
    return _Verification(
        result=answer.result.value,
        checkedAt=write_instant(answer.checked_at),
        reference=answer.reference,
    )
