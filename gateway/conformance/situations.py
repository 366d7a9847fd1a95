"""Questions about states and deadlines that a server must answer with a no, and of which nothing stays.

Each is of one service, and of people or moves that there are not, or of days that cannot be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from gateway.conformance.asking import NOWHERE, Circumstances, Question
from gateway.domain.card import CardEvent, CardSerial
from gateway.domain.card_update import CardActor, CardUpdate
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import Cancellation, ChangeReport
from gateway.domain.codes import Purpose
from gateway.domain.consistency import ConsistencyPiece, Span
from gateway.domain.eras import Calendar
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.move_messages import MoveStep, TransferQuestion, TransferRequest
from gateway.domain.register_date import RegisterDate

NOBODY: Final = ResidentRecordCode.from_base("9990000001")
"""A 住民票コード that nobody has."""

_SERIAL: Final = CardSerial("CONFORMANCE1")
_ABSENT: Final = 7
"""A number that others must come before."""


def _change(known: Circumstances, number: int, reason: ChangeReason, days: int = 0, **record: Any) -> Any:
    day = known.day(days)
    dated = RegisterDate.exact(Calendar.REIWA, day.year, day.month, day.day)
    home = known.caller.municipality
    made = replace(
        known.record, **{"code": NOBODY, "individual_number": None, "municipality": home, **record}
    )
    return ChangeReport(known.caller, (Change(number, reason, dated, made),))


def _of_another_town(known: Circumstances) -> Any:
    town = MunicipalityCode("011002")
    other = town if town != known.caller.municipality else MunicipalityCode("131016")
    return _change(known, 1, ChangeReason.MOVE_IN, municipality=other)


def _certificate(known: Circumstances, moved: int, notified: int, code: ResidentRecordCode) -> Any:
    if known.other_town is None:
        return None
    days = known.day(moved), known.day(notified)
    return TransferQuestion(known.caller, code, _SERIAL, known.other_town, *days)


def _transfer(known: Circumstances, moved: int) -> Any:
    return TransferRequest(known.caller, NOWHERE, NOBODY, _SERIAL, known.day(moved), known.day())


def _card(known: Circumstances, reference: str | None) -> Any:
    event, actor = CardEvent.LIFT_SUSPENSION, CardActor.TERMINAL
    return CardUpdate(
        known.caller, known.record.code, _SERIAL, event, known.today, actor, reference=reference
    )


def _cancellation(known: Circumstances) -> Any:
    day = known.today
    dated = RegisterDate.exact(Calendar.REIWA, day.year, day.month, day.day)
    return Cancellation(known.caller, NOBODY, 1, 2, dated)


_R = ChangeReason
_corrected = partial(Question, purpose=Purpose.OFFICIAL_CORRECTION)

SITUATIONS: Final[Mapping[str, Question]] = MappingProxyType(
    {
        "change-with-a-gap": _corrected("ReportChanges", lambda one: _change(one, _ABSENT, _R.MOVE_IN)),
        "change-of-nobody": _corrected("ReportChanges", lambda one: _change(one, 1, _R.MOVE_WITHIN)),
        "change-to-come": _corrected("ReportChanges", lambda one: _change(one, 1, _R.MOVE_IN, days=2)),
        "change-of-another-town": _corrected("ReportChanges", _of_another_town),
        "number-in-use": _corrected(
            "ReportChanges",
            lambda one: _change(one, 1, _R.MOVE_IN, individual_number=one.record.individual_number),
        ),
        "cancel-nothing": _corrected("CancelChange", _cancellation),
        "acknowledge-no-move": _corrected("AcknowledgeMove", lambda one: MoveStep(one.caller, NOWHERE)),
        "move-before-it-happens": Question(
            "RequestTransferCertificate", lambda one: _certificate(one, 2, 2, NOBODY), Purpose.SPECIAL_MOVE_IN
        ),
        "move-too-late": Question(
            "RequestTransferCertificate",
            lambda one: _certificate(one, -15, 0, NOBODY),
            Purpose.SPECIAL_MOVE_IN,
        ),
        "move-of-a-resident": Question(
            "RequestTransferCertificate",
            lambda one: _certificate(one, -1, 0, one.record.code),
            Purpose.SPECIAL_MOVE_IN,
        ),
        "card-unknown": Question("UpdateCard", lambda one: _card(one, None), Purpose.CARD_PROCEDURE),
        "transfer-before-it-happens": Question(
            "RequestTransferCertificate", lambda one: _transfer(one, 2), Purpose.SPECIAL_MOVE_IN
        ),
        "transfer-of-nobody": Question(
            "RequestTransferCertificate", lambda one: _transfer(one, -1), Purpose.SPECIAL_MOVE_IN
        ),
        "notice-with-a-gap": _corrected(
            "NotifyChanges", lambda one: _change(one, _ABSENT, _R.MOVE_IN), fault="ChangeOutOfTurn"
        ),
        "notice-of-nobody": _corrected(
            "NotifyChanges", lambda one: _change(one, 1, _R.MOVE_WITHIN), fault="ChangeRefused"
        ),
        "update-of-an-unknown-card": Question(
            "UpdateCard", lambda one: _card(one, NOWHERE), Purpose.CARD_PROCEDURE
        ),
        "piece-too-early": _corrected(
            "CompareRecords",
            lambda one: ConsistencyPiece(one.caller, NOWHERE, _ABSENT, False, Span(None, None), ()),
        ),
    }
)
"""By the name that cases have for them."""
