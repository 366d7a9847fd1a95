"""What a difference is repaired by: the same record once more, as a correction by the mayor's authority."""

from __future__ import annotations

import datetime as dt

from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.consistency import FindingKind
from gateway.domain.eras import Calendar
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import RegisterDate
from gateway.store import FoundDifference


def hindrance(found: FoundDifference, *, missing: bool = False) -> str | None:
    """Why the record is not sent again; None for one that is.

    A server takes a correction of whom it never heard (``missing`` is an operator's word that they belong
    there), but not of whom it was told to strike.
    """
    if found.repaired:
        return "it was sent again before"
    if found.in_flight:
        return "a change of it is on its way"
    if found.finding.kind is FindingKind.MISSING_HERE:
        return "there is no record here to send"
    if found.finding.kind is FindingKind.MISSING_THERE:
        if found.finding.number_there is not None:
            return "the server knows the person and has no record now: it was told to strike it"
        if not missing:
            return "the server never heard of the person: --missing sends it"
    return None


def repair_change(record: IdentityRecord, number: int, today: dt.date) -> Change:
    """The change (職権修正等) that tells a record once more."""
    day = RegisterDate.exact(Calendar.REIWA, today.year, today.month, today.day)
    return Change(number, ChangeReason.OFFICIAL_CORRECTION, day, record)
