"""What a difference is repaired by: the same record once more, as a correction by the mayor's authority."""

from __future__ import annotations

import datetime as dt
from typing import Final

from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.consistency import FindingKind
from gateway.domain.eras import Calendar
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.register_date import RegisterDate
from gateway.store import FoundDifference

_MISSING: Final = {
    FindingKind.MISSING_THERE: "the server has no record that a correction could change",
    FindingKind.MISSING_HERE: "there is no record here to send",
}


def hindrance(found: FoundDifference) -> str | None:
    """Why sending the record again does not mend it; None where both sides have one, and they differ."""
    if found.repaired:
        return "it was sent again before"
    if found.in_flight:
        return "a change of it is on its way"
    return _MISSING.get(found.finding.kind)


def repair_change(record: IdentityRecord, number: int, today: dt.date) -> Change:
    """The change (職権修正等) that tells a record once more."""
    day = RegisterDate.exact(Calendar.REIWA, today.year, today.month, today.day)
    return Change(number, ChangeReason.OFFICIAL_CORRECTION, day, record)
