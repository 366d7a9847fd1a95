"""VerifyIdentity (本人確認) from the asking side: the same operation in two services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clients._soap import Channel
from clients._values import basic_four_values, caller_values, read_basic_four
from gateway.domain.codes import DocumentKind, VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import read_instant
from gateway.domain.values import InvalidValue, read_code
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, PresentedDocument
from gateway.errors import CounterpartAnswerInvalid


def ask_identity(
    channel: Channel, question: IdentityQuestion, *, message_id: str | None, deadline_seconds: float | None
) -> Any:
    """Ask; the answer as zeep read it, verified. Raises CounterpartError."""
    return channel.call(
        "VerifyIdentity",
        message_id=message_id,
        deadline_seconds=deadline_seconds,
        caller=caller_values(question.caller),
        **_key_values(question.key),
    )


@contextmanager
def contract_values() -> Iterator[None]:
    """Within: values of an answer become domain values. One that cannot makes the answer invalid."""
    try:
        yield
    except InvalidValue as error:
        raise CounterpartAnswerInvalid(f"a value that the contract does not allow: {error}") from None


def read_verification(verification: Any) -> IdentityAnswer:
    """The ``verification`` element. Raises InvalidValue."""
    return IdentityAnswer(
        read_code(VerificationResult, verification.result),
        read_instant(verification.checkedAt),
        verification.reference,
    )


def read_key(answer: Any) -> ResidentRecordCode | PresentedDocument:
    """The key that an answer repeats. Raises InvalidValue."""
    if answer.residentRecordCode is not None:
        return ResidentRecordCode(answer.residentRecordCode)
    document = answer.presentedDocument
    return PresentedDocument(read_code(DocumentKind, document.kind), read_basic_four(document["items"]))


def _key_values(key: ResidentRecordCode | PresentedDocument) -> dict[str, Any]:
    if isinstance(key, ResidentRecordCode):
        return {"residentRecordCode": key.digits}
    return {"presentedDocument": {"kind": key.kind.value, "items": basic_four_values(key.items)}}
