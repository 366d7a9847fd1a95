"""What was done to a person's cards, as the municipal CS has it on record."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.card import Card, CardEvent, CardSerial, CardState
from gateway.domain.card_update import CardActor, CardResult, RevocationReason
from gateway.domain.codes import Coded
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue, Masked

MOST_ENTRIES: Final = 200
"""Entries that an answer lists at most, the newest first (own rule)."""

_REFERENCE = re.compile("[0-9A-Za-z-]{8,64}")


class CardOutcome(Coded):
    """How far an entry of a card's history has come. Own codes."""

    PENDING = ("pending", "送信待ち", "The card management system has not answered yet.")
    CONFIRMED = ("confirmed", "確認済み", "The card management system took it: its signed answer is kept.")
    REFUSED = ("refused", "拒否", "The card management system refused it; an operator decides.")
    LEARNED = ("learned", "受領", "The card management system told of it.")
    DONE = ("done", "完了", "Done by the system itself, which nobody else has to confirm.")


@dataclass(frozen=True, slots=True, repr=False)
class CardEntry(Masked):
    """One thing that was done to a card.

    ``card`` is as it is after it. ``event`` is None where the card management system told of a state that no
    single event leads to. ``answer`` is what that system answered.
    """

    card: Card
    event: CardEvent | None
    event_date: dt.date
    actor: CardActor
    reference: str
    outcome: CardOutcome
    reason: RevocationReason | None = None
    answer: CardResult | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class HistoryLine(Masked):
    """An entry as it is read back: ``state`` is the card's after it, ``recorded_at`` is UTC."""

    serial: CardSerial
    event: CardEvent | None
    reason: RevocationReason | None
    event_date: dt.date
    state: CardState
    actor: CardActor
    outcome: CardOutcome
    answer: CardResult | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CardHistory:
    """The answer to a question for the history of a person's cards, the newest entry first.

    Raises InvalidValue ``reference``, ``count`` or ``not-utc``.
    """

    checked_at: datetime
    reference: str
    code: ResidentRecordCode
    lines: tuple[HistoryLine, ...]

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("card-history", "reference")
        if len(self.lines) > MOST_ENTRIES:
            raise InvalidValue("card-history", "count")


@dataclass(frozen=True, slots=True)
class Holding:
    """A card as a store has it: ``revision`` tells whether it was written since, None for one not there yet.

    ``unsettled`` is whether an update of it is still to be answered by the card management system.
    """

    card: Card
    revision: int | None
    unsettled: bool = False


def told(held: Holding | None, card: Card) -> Holding | None:
    """What is known of a card once the card management system has told of it; None where that adds nothing.

    It knows best, except of what was accepted here and has not reached it; an answer that is older than what
    it told before is nothing new.
    """
    if held is None:
        return Holding(card, None)
    if held.unsettled or card.version < held.card.version or card == held.card:
        return None
    return Holding(card, held.revision)
