"""Flow 2, identity verification (本人確認): 2-②③ the terminal's question goes to the national server, 2-④ its
result comes back. The gateway decides nothing about the person; it makes sure that the answer is one to
this question.
"""

from __future__ import annotations

from gateway import telemetry
from gateway.domain.accesses import items_text
from gateway.domain.codes import VerificationResult
from gateway.domain.faults import operation_fault
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.verification import IdentityAnswer, IdentityQuestion
from gateway.flows.asking import asking
from gateway.flows.ports import NationalRegister


class IdentityVerification:
    """The use case behind the terminal's VerifyIdentity."""

    def __init__(self, national: NationalRegister, destination: str) -> None:
        self._national = national
        self._destination = destination

    def __call__(self, question: IdentityQuestion) -> IdentityAnswer:
        """The national server's result. Raises OperationFault when there is none that can be believed."""
        with asking(self._destination):
            found = self._national.verify_identity(question)
        if found.about != question.key:
            # Signed and bound, and still an answer about somebody else: never hand that to a counter.
            telemetry.warning(
                "counterpart-failed", destination=self._destination, code="answer-about-another"
            )
            raise operation_fault("CounterpartAnswerInvalid")
        return found.answer


_NEGATIVE = frozenset(
    {VerificationResult.MISMATCH, VerificationResult.NO_RECORD, VerificationResult.SEVERAL_RECORDS}
)


def subject_of_verification(question: IdentityQuestion) -> str:
    """Whom a verification is about, for the budget: the code, or the four items without their spaces."""
    key = question.key
    if isinstance(key, ResidentRecordCode):
        return key.digits
    return items_text(key.items.name, key.items.birth_date, key.items.address)


def is_negative_verification(answer: IdentityAnswer) -> bool:
    """Whether a verification failed or was ambiguous."""
    return answer.result in _NEGATIVE
