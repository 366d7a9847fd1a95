"""What flow 1 brings for cards: a death or a changed 住民票コード ends them, a move-in has them wait.

In the same unit of work as the change itself. An emigration is none of the eleven reasons (規則11条 knows
only 転出): of that the resident record system tells by itself.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from gateway.clock import Clock
from gateway.domain.caller import Caller
from gateway.domain.card import CardEvent
from gateway.domain.card_update import CardActor, CardUpdate, RevocationReason
from gateway.domain.change import Change
from gateway.domain.change_reason import ChangeReason
from gateway.domain.change_report import ChangeEntry
from gateway.flows.card_updates import CardUpdates
from gateway.flows.card_work import CardWriter
from gateway.flows.decision import nothing
from gateway.flows.identity_update import japanese_day


class CardFollowUp:
    """Follows accepted changes; to be given to IdentityUpdate."""

    def __init__(self, updates: CardUpdates, clock: Clock, write: CardWriter) -> None:
        self._updates = updates
        self._clock = clock
        self._write = write

    def __call__(self, caller: Caller, entries: Sequence[ChangeEntry]) -> Callable[[Any], None]:
        """Decide on what follows; the result writes it."""
        return self._follow(caller, entries, None)

    def after_move_in(
        self, caller: Caller, entries: Sequence[ChangeEntry], notified_on: dt.date
    ) -> Callable[[Any], None]:
        """The same of a special move-in: the days for continued use count from the first 転入届."""
        return self._follow(caller, entries, notified_on)

    def _follow(
        self, caller: Caller, entries: Sequence[ChangeEntry], notified_on: dt.date | None
    ) -> Callable[[Any], None]:
        today = japanese_day(self._clock)
        events = [
            (_moved(update, notified_on), entry.change.record.code)
            for entry in entries
            if (update := card_update_for(caller, entry.change, today)) is not None
        ]
        if not events:
            return nothing
        works = self._updates.of_people(events)
        return lambda work: self._write(work, works)


def card_update_for(caller: Caller, change: Change, today: dt.date) -> CardUpdate | None:
    """What the change means for all cards of the person; None where it means nothing for them."""
    if change.reason is ChangeReason.DEATH:
        code, event, reason = change.record.code, CardEvent.REVOKE, RevocationReason.DEATH
    elif change.former_code is not None:
        code, event, reason = change.former_code, CardEvent.REVOKE, RevocationReason.CODE_CHANGE
    elif change.reason is ChangeReason.MOVE_IN:
        return CardUpdate(
            caller, change.record.code, None, CardEvent.MOVE, _day(change, today), CardActor.GATEWAY
        )
    else:
        return None
    return CardUpdate(caller, code, None, event, _day(change, today), CardActor.GATEWAY, reason)


def _moved(update: CardUpdate, notified_on: dt.date | None) -> CardUpdate:
    """The move of a card on the day of the first 転入届, where that is known."""
    if notified_on is None or update.event is not CardEvent.MOVE:
        return update
    return dataclasses.replace(update, event_date=notified_on)


def _day(change: Change, today: dt.date) -> dt.date:
    """The day of the event; today where that is none of the calendar, or not known for sure."""
    date = change.event_date
    if not date.is_calendar_day:
        return today
    return min(dt.date(date.year, date.month, date.day), today)
