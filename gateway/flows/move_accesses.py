"""What the operations of a special move-in (flow 3) show or change of whom: rows of accesses.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.domain.accesses import Concern, Concerned, Effect
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.move_certificate import TransferCertificate
from gateway.domain.move_messages import (
    CertificateRegistration,
    Completion,
    FetchedMove,
    MoveInNotice,
    MoveOutConfirmation,
    MoveQuestion,
    MoveReceipt,
    Moves,
    MoveStep,
    TransferQuestion,
    TransferRequest,
    TransferSending,
)

_UNKNOWN: Final = "not_answered"


def asked(question: TransferQuestion | TransferRequest, receipt: MoveReceipt | None) -> Concerned:
    """The first 転入届: of whom the certificate is asked for."""
    return _told((question.code,), receipt)


def asked_for_terminal(question: TransferQuestion, receipt: MoveReceipt | None) -> Concerned:
    """The same; what it asks goes on to the other municipality."""
    found = asked(question, receipt)
    return Concerned(found.result, found.people, passed_to="municipal_cs")


def certified(told: TransferSending | CertificateRegistration, receipt: MoveReceipt | None) -> Concerned:
    """A certificate that comes, with every item of it."""
    return _told(told.certificate.codes, receipt, with_number=_has_number(told.certificate))


def completed(told: Completion, receipt: MoveReceipt | None) -> Concerned:
    """The changes that enter the people."""
    number = any(change.record.individual_number is not None for change in told.changes)
    return _told([change.record.code for change in told.changes], receipt, with_number=number)


def notified(told: MoveInNotice, receipt: MoveReceipt | None) -> Concerned:
    """A move-in notice."""
    return _told(told.arrival.people, receipt)


def confirmed(told: MoveOutConfirmation, receipt: MoveReceipt | None) -> Concerned:
    """A move-out that is definite."""
    return _told((told.code,), receipt)


def stepped(_step: MoveStep, receipt: MoveReceipt | None) -> Concerned:
    """Something done to a move by its reference: only the answer knows whose it is."""
    return _told(() if receipt is None else receipt.about, receipt)


def fetched(_step: MoveStep, found: FetchedMove | None) -> Concerned:
    """What waited for the resident record system."""
    if found is None:
        return Concerned(_UNKNOWN, ())
    certificate, arrival = found.certificate, found.arrival
    codes = certificate.codes if certificate else arrival.people if arrival else ()
    people = tuple(Concern.of(code, Effect.SEEN) for code in codes)
    return Concerned(found.result.value, people, certificate is not None and _has_number(certificate))


def listed(question: MoveQuestion, found: Moves | None) -> Concerned:
    """How far moves have come; of a person of whom there is none it was asked only."""
    asked_of = () if question.code is None else (question.code,)
    if found is None or not found.moves:
        people = tuple(Concern.of(code, Effect.ASKED) for code in asked_of)
        return Concerned(_UNKNOWN if found is None else "empty", people)
    seen = dict.fromkeys((*asked_of, *(move.code for move in found.moves)))
    return Concerned("found", tuple(Concern.of(code, Effect.SEEN) for code in seen))


def _told(
    codes: Sequence[ResidentRecordCode], receipt: MoveReceipt | None, *, with_number: bool = False
) -> Concerned:
    changed = receipt is not None and receipt.result.is_accepted
    effect = Effect.CHANGED if changed else Effect.ASKED
    people = tuple(Concern.of(code, effect) for code in codes)
    return Concerned(_UNKNOWN if receipt is None else receipt.result.value, people, with_number)


def _has_number(certificate: TransferCertificate) -> bool:
    return any(one.record.individual_number is not None for one in certificate.people)
