"""A question for a person's cards, and its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.caller import Caller
from gateway.domain.card import Card
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue, Masked

MOST_CARDS: Final = 20
"""Cards of one person that an answer lists at most, the newest first (own rule)."""

_REFERENCE = re.compile("[0-9A-Za-z-]{8,64}")


@dataclass(frozen=True, slots=True, repr=False)
class CardQuestion(Masked):
    """Which cards has the person with this 住民票コード, and in which state are they?"""

    caller: Caller
    code: ResidentRecordCode


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """All cards of a person, ``code``, that the answering system knows; none is an answer too.

    ``checked_at`` is UTC. Raises InvalidValue ``reference``, ``count``, ``holder`` (a card of somebody else)
    or ``not-utc``.
    """

    checked_at: datetime
    reference: str
    code: ResidentRecordCode
    cards: tuple[Card, ...]

    def __post_init__(self) -> None:
        require_utc(self.checked_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("card-answer", "reference")
        if len(self.cards) > MOST_CARDS:
            raise InvalidValue("card-answer", "count")
        if any(card.code != self.code for card in self.cards):
            raise InvalidValue("card-answer", "holder")
