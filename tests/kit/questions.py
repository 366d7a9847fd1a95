"""Good questions and answers of the contract, as elements that a test can change. People are invented."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml import etree

from gateway.contract import SERVICES, TYPES, Operation, Service, write_request
from gateway.domain.basic_four import BasicFour
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import DocumentKind, Purpose, Sex, VerificationResult
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.register_date import Certainty, RegisterDate
from gateway.domain.register_text import RegisterText
from gateway.domain.verification import IdentityAnswer, IdentityQuestion, PresentedDocument

TERMINAL: Service = SERVICES["terminal"]
NATIONAL: Service = SERVICES["national"]
VERIFY: Operation = TERMINAL.operation("VerifyIdentity")

CALLER = Caller(
    MunicipalityCode("131016"),
    "131016-terminal-1",
    Operator("V-0001", "O-01"),
    Purpose.RECORD_COPY,
)
PERSON = BasicFour(
    name=RegisterText("試験\u3000{J+AD00}太\U000e0100郎"),
    birth_date=RegisterDate.exact(Calendar.SHOWA, 1989, 1, 7),
    sex=Sex.MALE,
    address=RegisterText("東京都千代田区丸の内一丁目1番"),
)
SEASON = RegisterDate(Calendar.SHOWA, "19450000", Certainty.SEASON, RegisterText("昭和20年春"))
BY_CODE = IdentityQuestion(CALLER, ResidentRecordCode("12345678903"))
BY_DOCUMENT = IdentityQuestion(CALLER, PresentedDocument(DocumentKind.PASSPORT, PERSON))
ANSWER = IdentityAnswer(
    VerificationResult.MATCH, datetime(2026, 11, 25, 1, 2, 3, 4, tzinfo=UTC), "ref-00000001"
)


def element(question: IdentityQuestion = BY_DOCUMENT, service: Service = TERMINAL) -> etree._Element:
    """The Body's child of a question, parsed from bytes like one that was received."""
    made = write_request(service, service.operation("VerifyIdentity"), question)
    return etree.fromstring(etree.tostring(made, encoding="utf-8"))


def find(root: etree._Element, path: str) -> etree._Element:
    """The element at a path of local names below the root, all in the namespace of the shared types."""
    found = root.find("/".join(f"{{{TYPES}}}{name}" for name in path.split("/")))
    if found is None:
        raise LookupError(path)
    return found
