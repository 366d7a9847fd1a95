"""Special move-ins (flow 3): what terminals, resident record systems and municipalities tell and ask.

A request is a caller and one or two more elements; most are answered by a receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.contract import change_types, move_types, types
from gateway.contract.cards import read_day_at
from gateway.contract.certificates import (
    read_arrival,
    read_certificate,
    write_arrival,
    write_certificate,
)
from gateway.contract.changes import read_change, write_change
from gateway.contract.codec import Codec
from gateway.contract.mapping import message_class
from gateway.contract.move_answers import (
    read_fetched,
    read_moves,
    read_receipt,
    write_fetched,
    write_moves,
    write_receipt,
)
from gateway.contract.service import TYPES
from gateway.contract.values import read_caller, value, write_caller
from gateway.domain.card import CardSerial
from gateway.domain.day import write_day
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move_certificate import MOST_PEOPLE
from gateway.domain.move_messages import (
    CertificateRegistration,
    Completion,
    Dispatch,
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
from gateway.domain.values import read_code

Member = tuple[str, Any]


def _member(name: str, kind: Any) -> Member:
    return name, types.element_of(TYPES, kind)


_CALLER = _member("caller", types.Caller)
_CODE = _member("residentRecordCode", types.ResidentRecordCode)
_MOVE = _member("moveReference", types.Reference)
_CERTIFICATE = _member("transferCertificate", move_types.TransferCertificate)
_Question = message_class(move_types.TransferQuestion)
_Request = message_class(move_types.TransferRequest)
_Confirmation = message_class(move_types.MoveOutConfirmation)


def _codec(
    namespace: str,
    name: str,
    members: list[Member],
    answer: tuple[str, Any, Callable[[Any, str], Any], Callable[[Any], Any]],
    read: Callable[[Any, str], Any],
    write: Callable[[Any], dict[str, Any]],
) -> Codec[Any, Any]:
    """An operation whose answer is one element; ``read`` and ``write`` are those of its request."""
    element, kind, read_answer, write_answer = answer
    request = types.record(namespace, name, [_CALLER, *members])
    response = types.record(namespace, f"{name}Response", [_member(element, kind)])
    asks, answers = message_class(request), message_class(response)
    return Codec(
        request=request,
        response=response,
        read_request=read,
        write_request=lambda asked: asks(caller=write_caller(asked.caller), **write(asked)),
        read_answer=lambda message, at: read_answer(getattr(message, element), f"{at}/{element}"),
        write_answer=lambda given: answers(**{element: write_answer(given)}),
    )


_RECEIPT = ("moveReceipt", move_types.MoveReceipt, read_receipt, write_receipt)
_MOVES = ("moves", move_types.Moves, read_moves, write_moves)
_FETCHED = ("fetchedMove", move_types.FetchedMove, read_fetched, write_fetched)


def question_codec(namespace: str) -> Codec[TransferQuestion, MoveReceipt]:
    """RequestTransferCertificate, as a terminal sends it."""

    def read(message: Any, at: str) -> TransferQuestion:
        asked, inside = message.transferQuestion, f"{at}/transferQuestion"
        return TransferQuestion(
            read_caller(message.caller, f"{at}/caller"),
            _read_code(asked.residentRecordCode, inside),
            value(f"{inside}/serial", CardSerial, asked.serial),
            value(f"{inside}/oldTown", MunicipalityCode, asked.oldTown),
            read_day_at(asked.movedOn, f"{inside}/movedOn"),
            read_day_at(asked.notifiedOn, f"{inside}/notifiedOn"),
        )

    def write(asked: TransferQuestion) -> dict[str, Any]:
        return {
            "transferQuestion": _Question(
                residentRecordCode=asked.code.digits,
                serial=asked.serial.text,
                oldTown=asked.old_town.digits,
                movedOn=write_day(asked.moved_on),
                notifiedOn=write_day(asked.notified_on),
            )
        }

    member = _member("transferQuestion", move_types.TransferQuestion)
    return _codec(namespace, "RequestTransferCertificate", [member], _RECEIPT, read, write)


def request_codec(namespace: str) -> Codec[TransferRequest, MoveReceipt]:
    """RequestTransferCertificate, from one municipality to another."""

    def read(message: Any, at: str) -> TransferRequest:
        asked, inside = message.transferRequest, f"{at}/transferRequest"
        return TransferRequest(
            read_caller(message.caller, f"{at}/caller"),
            asked.reference,
            _read_code(asked.residentRecordCode, inside),
            value(f"{inside}/serial", CardSerial, asked.serial),
            read_day_at(asked.movedOn, f"{inside}/movedOn"),
            read_day_at(asked.notifiedOn, f"{inside}/notifiedOn"),
        )

    def write(asked: TransferRequest) -> dict[str, Any]:
        return {
            "transferRequest": _Request(
                reference=asked.reference,
                residentRecordCode=asked.code.digits,
                serial=asked.serial.text,
                movedOn=write_day(asked.moved_on),
                notifiedOn=write_day(asked.notified_on),
            )
        }

    member = _member("transferRequest", move_types.TransferRequest)
    return _codec(namespace, "RequestTransferCertificate", [member], _RECEIPT, read, write)


def sending_codec(namespace: str) -> Codec[TransferSending, MoveReceipt]:
    """SendTransferCertificate."""

    def read(message: Any, at: str) -> TransferSending:
        return value(
            at,
            TransferSending,
            read_caller(message.caller, f"{at}/caller"),
            message.answers,
            read_certificate(message.transferCertificate, f"{at}/transferCertificate"),
        )

    def write(sent: TransferSending) -> dict[str, Any]:
        return {"answers": sent.answers, "transferCertificate": write_certificate(sent.certificate)}

    answers = ("answers", types.optional(types.element_of(TYPES, types.Reference)))
    return _codec(namespace, "SendTransferCertificate", [answers, _CERTIFICATE], _RECEIPT, read, write)


def registration_codec(namespace: str) -> Codec[CertificateRegistration, MoveReceipt]:
    """RegisterTransferCertificate."""

    def read(message: Any, at: str) -> CertificateRegistration:
        return value(
            at,
            CertificateRegistration,
            read_caller(message.caller, f"{at}/caller"),
            value(f"{at}/dispatch", read_code, Dispatch, message.dispatch),
            read_certificate(message.transferCertificate, f"{at}/transferCertificate"),
        )

    def write(told: CertificateRegistration) -> dict[str, Any]:
        return {
            "dispatch": told.dispatch.value,
            "transferCertificate": write_certificate(told.certificate),
        }

    members = [_member("dispatch", move_types.DispatchCode), _CERTIFICATE]
    return _codec(namespace, "RegisterTransferCertificate", members, _RECEIPT, read, write)


def completion_codec(namespace: str) -> Codec[Completion, MoveReceipt]:
    """CompleteMoveIn."""

    def read(message: Any, at: str) -> Completion:
        return value(
            at,
            Completion,
            read_caller(message.caller, f"{at}/caller"),
            message.moveReference,
            tuple(read_change(one, f"{at}/change", False) for one in message.change),
        )

    def write(told: Completion) -> dict[str, Any]:
        return {
            "moveReference": told.reference,
            "change": [write_change(change) for change in told.changes],
        }

    many = change_types.Change.customize(sub_ns=TYPES, min_occurs=1, max_occurs=MOST_PEOPLE, nillable=False)
    return _codec(namespace, "CompleteMoveIn", [_MOVE, ("change", many)], _RECEIPT, read, write)


def notice_codec(namespace: str) -> Codec[MoveInNotice, MoveReceipt]:
    """NotifyMoveIn."""

    def read(message: Any, at: str) -> MoveInNotice:
        arrival = read_arrival(message.moveInNotice, f"{at}/moveInNotice")
        return MoveInNotice(read_caller(message.caller, f"{at}/caller"), arrival)

    def write(told: MoveInNotice) -> dict[str, Any]:
        return {"moveInNotice": write_arrival(told.arrival)}

    member = _member("moveInNotice", move_types.MoveInNotice)
    return _codec(namespace, "NotifyMoveIn", [member], _RECEIPT, read, write)


def confirmation_codec(namespace: str) -> Codec[MoveOutConfirmation, MoveReceipt]:
    """ConfirmMoveOut."""

    def read(message: Any, at: str) -> MoveOutConfirmation:
        told, inside = message.moveOutConfirmation, f"{at}/moveOutConfirmation"
        return MoveOutConfirmation(
            read_caller(message.caller, f"{at}/caller"),
            told.reference,
            _read_code(told.residentRecordCode, inside),
            value(f"{inside}/destination", MunicipalityCode, told.destination),
            read_day_at(told.movedOn, f"{inside}/movedOn"),
        )

    def write(told: MoveOutConfirmation) -> dict[str, Any]:
        return {
            "moveOutConfirmation": _Confirmation(
                reference=told.reference,
                residentRecordCode=told.code.digits,
                destination=told.destination.digits,
                movedOn=write_day(told.moved_on),
            )
        }

    member = _member("moveOutConfirmation", move_types.MoveOutConfirmation)
    return _codec(namespace, "ConfirmMoveOut", [member], _RECEIPT, read, write)


def step_codec(namespace: str, name: str) -> Codec[MoveStep, MoveReceipt]:
    """An operation on one move by its reference: CancelMoveIn, AcknowledgeMove, WithdrawRequest …"""
    return _codec(namespace, name, [_MOVE], _RECEIPT, _read_step, _write_step)


def fetch_codec(namespace: str) -> Codec[MoveStep, FetchedMove]:
    """FetchMove."""
    return _codec(namespace, "FetchMove", [_MOVE], _FETCHED, _read_step, _write_step)


def query_codec(namespace: str) -> Codec[MoveQuestion, Moves]:
    """QueryMoves: the moves of one person."""

    def read(message: Any, at: str) -> MoveQuestion:
        code = _read_code(message.residentRecordCode, at)
        return MoveQuestion(read_caller(message.caller, f"{at}/caller"), code)

    def write(asked: MoveQuestion) -> dict[str, Any]:
        return {"residentRecordCode": asked.code and asked.code.digits}

    return _codec(namespace, "QueryMoves", [_CODE], _MOVES, read, write)


def list_codec(namespace: str) -> Codec[MoveQuestion, Moves]:
    """ListMoves: what waits for the resident record system."""

    def read(message: Any, at: str) -> MoveQuestion:
        return MoveQuestion(read_caller(message.caller, f"{at}/caller"))

    return _codec(namespace, "ListMoves", [], _MOVES, read, lambda _asked: {})


def _read_step(message: Any, at: str) -> MoveStep:
    return MoveStep(read_caller(message.caller, f"{at}/caller"), message.moveReference)


def _write_step(step: MoveStep) -> dict[str, Any]:
    return {"moveReference": step.reference}


def _read_code(digits: str, at: str) -> ResidentRecordCode:
    return value(f"{at}/residentRecordCode", ResidentRecordCode, digits)
