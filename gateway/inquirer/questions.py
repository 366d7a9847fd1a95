"""Asks 機構 some lines of a file in one message, whose MessageID follows from the file and the lines.

So the question that a killed process had sent is asked again under the same MessageID, and answered from the
duplicate guard of 機構. What travelled becomes evidence, committed with the answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clients._soap import Channel, Exchange
from gateway.clock import Clock
from gateway.contract import SERVICES, read_answer, write_body
from gateway.delivery import exchange_evidence
from gateway.domain.inquiry_file import InquiryLine, LineAnswer, ManyAnswers, ManyInquiries
from gateway.domain.inquiry_file_keeping import KnownFile
from gateway.errors import CounterpartAnswerInvalid
from gateway.evidence import Entry
from gateway.flows.inquiry import for_basis, is_about
from gateway.refusals import Refused

_SERVICE = SERVICES["jlis"]
_OPERATION = _SERVICE.operation("InquirePeople")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its answer, and what is kept of both."""

    question: ManyInquiries
    answer: ManyAnswers
    message_id: str
    evidence: tuple[Entry, ...]


class Questions:
    """Asks over one channel; for one thread."""

    def __init__(self, channel: Channel, destination: str, clock: Clock) -> None:
        self._channel = channel
        self._destination = destination
        self._clock = clock

    def ask(self, file: KnownFile, lines: Sequence[InquiryLine]) -> Asked:
        """The answers to these lines. Raises CounterpartError when there are none that can be believed."""
        question = ManyInquiries(file.caller, file.basis, tuple(lines))
        message_id = f"urn:uuid:{uuid.uuid5(file.run, f'{lines[0].number}-{lines[-1].number}')}"
        seen: list[Exchange] = []
        body = write_body(_SERVICE, _OPERATION, question)
        delivered = self._channel.deliver(body, _OPERATION.action, message_id, observe=seen.append)
        try:
            answer: ManyAnswers = read_answer(_SERVICE, _OPERATION, delivered.content)
        except Refused as refusal:
            raise CounterpartAnswerInvalid(f"the answer was refused: {refusal}") from None
        _check(question, answer)
        told = tuple(_for_basis(one, question) for one in answer.answers)
        evidence = exchange_evidence(self._destination, seen[0], self._clock.now())
        return Asked(question, replace(answer, answers=told), message_id, evidence)

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()


def _check(question: ManyInquiries, answer: ManyAnswers) -> None:
    about = tuple(one.line for one in answer.answers)
    records_fit = all(one.record is None or is_about(one.record, one.line.key) for one in answer.answers)
    if about != question.lines or not records_fit:
        # Signed and bound, and still an answer about somebody else: never hand that on.
        raise CounterpartAnswerInvalid("the answer is about other lines than were asked")


def _for_basis(one: LineAnswer, question: ManyInquiries) -> LineAnswer:
    return replace(one, record=for_basis(one.record, question.basis))
