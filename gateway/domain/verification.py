"""Identity verification (本人確認, flow 2 of the source document): the question and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller
from gateway.domain.codes import DocumentKind, VerificationResult
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue, Masked

_REFERENCE = re.compile("[0-9A-Za-z-]{8,64}")


@dataclass(frozen=True, slots=True, repr=False)
class PresentedDocument(Masked):
    """The four items as read from a document that the law allows (法令で定めた書類)."""

    kind: DocumentKind
    items: BasicFour


@dataclass(frozen=True, slots=True)
class IdentityQuestion:
    """Is this person on record? Asked by the 住民票コード read from the card, or by a document."""

    caller: Caller
    key: ResidentRecordCode | PresentedDocument


@dataclass(frozen=True, slots=True)
class IdentityAnswer:
    """The result, when it was found (UTC), and the answering system's reference for it.

    ``reference`` is drawn by who answers, 8 to 64 ASCII letters, digits and hyphens; it says nothing of
    the person. Raises InvalidValue ``reference`` or ``not-utc``.
    """

    result: VerificationResult
    checked_at: datetime
    reference: str

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("identity-answer", "reference")


@dataclass(frozen=True, slots=True)
class NationalAnswer:
    """The national server's answer, with the key that it is about, as that server understood it.

    Whoever asked compares ``about`` with what it asked: an answer about somebody else is no answer.
    """

    answer: IdentityAnswer
    about: ResidentRecordCode | PresentedDocument
