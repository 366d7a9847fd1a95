"""Flow 2's use case: every failure of the counterpart becomes a fault by kind, and no wrong answer passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.codes import DocumentKind
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityQuestion, NationalAnswer, PresentedDocument
from gateway.errors import (
    CounterpartAnswerInvalid,
    CounterpartError,
    CounterpartFault,
    CounterpartTimeout,
    CounterpartUnavailable,
    OperationFault,
)
from gateway.flows.identity_verification import IdentityVerification
from tests.kit.questions import ANSWER, BY_CODE, BY_DOCUMENT, PERSON


class Register:
    """A national register that answers, or fails, as the test says."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[IdentityQuestion] = []

    def verify_identity(self, question: IdentityQuestion) -> NationalAnswer:
        self.asked.append(question)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return NationalAnswer(ANSWER, question.key if self.outcome is None else self.outcome)


@pytest.mark.parametrize("question", [BY_CODE, BY_DOCUMENT], ids=["code", "document"])
def test_the_registers_answer_is_handed_on(question: IdentityQuestion) -> None:
    register = Register(None)
    assert IdentityVerification(register, "national-server")(question) == ANSWER
    assert register.asked == [question]


@pytest.mark.parametrize(
    ("question", "about"),
    [
        (BY_CODE, ResidentRecordCode("05783086273")),
        (BY_CODE, BY_DOCUMENT.key),
        (BY_DOCUMENT, BY_CODE.key),
        (BY_DOCUMENT, PresentedDocument(DocumentKind.DRIVERS_LICENCE, PERSON)),
        (BY_DOCUMENT, PresentedDocument(DocumentKind.PASSPORT, replace(PERSON, address=PERSON.name))),
    ],
)
def test_an_answer_about_somebody_else_is_no_answer(question: IdentityQuestion, about: Any) -> None:
    with pytest.raises(OperationFault) as caught:
        IdentityVerification(Register(about), "national-server")(question)
    assert (caught.value.code, caught.value.temporary) == ("CounterpartAnswerInvalid", True)


def fault(standing: Any) -> CounterpartFault:
    return CounterpartFault("NotPermitted", "no", "0123456789abcdef0123", standing)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CounterpartTimeout("late"), "CounterpartTimeout"),
        (CounterpartUnavailable("gone"), "CounterpartUnavailable"),
        (CounterpartAnswerInvalid("bad"), "CounterpartAnswerInvalid"),
        (fault("bound"), "CounterpartRefused"),
        (fault("unbound"), "CounterpartAnswerInvalid"),
        (fault("unauthenticated"), "CounterpartAnswerInvalid"),
        (CounterpartError("other"), "CounterpartUnavailable"),
    ],
)
def test_every_failure_of_the_counterpart(error: CounterpartError, code: str) -> None:
    with pytest.raises(OperationFault) as caught:
        IdentityVerification(Register(error), "national-server")(BY_CODE)
    assert (caught.value.code, caught.value.temporary) == (code, True)


@pytest.mark.parametrize("standing", ["bound", "unbound", "unauthenticated"])
def test_what_a_counterpart_writes_into_a_fault_is_not_logged(
    standing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr("gateway.telemetry.warning", lambda event, **fields: lines.append(fields))
    wrong = CounterpartFault("山田 花子", "149709400944", "149709400944", standing)
    with pytest.raises(OperationFault) as caught:
        IdentityVerification(Register(wrong), "national-server")(BY_CODE)
    (line,) = lines
    assert "reference" not in line  # ours, which every line has, is not written over
    told = f"{line} {caught.value}"
    assert "山田" not in told
    assert "149709400944" not in told


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(KeyError):
        IdentityVerification(Register(KeyError("x")), "national-server")(BY_CODE)
