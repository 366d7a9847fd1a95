"""What a decision about cards writes, and what the use cases of cards need of the world."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.domain.card import Card, CardSerial
from gateway.domain.card_history import CardEntry, Holding
from gateway.domain.card_query import CardAnswer, CardQuestion
from gateway.domain.card_update import CardUpdate
from gateway.domain.change_report import Notice
from gateway.domain.identifiers import ResidentRecordCode


class CardSystem(Protocol):
    """The card management system (個人番号カード管理システム), as far as it is asked."""

    def query_cards(self, question: CardQuestion) -> CardAnswer:
        """All cards of a person. Raises CounterpartError."""
        ...


class CardShelf(Protocol):
    """The cards on record here, read only."""

    def holdings(self, code: ResidentRecordCode) -> tuple[Holding, ...]:
        """The cards with this 住民票コード, the newest first."""
        ...

    def knows(self, reference: str) -> bool:
        """Whether an update of this reference was recorded."""
        ...

    def due(self, today: dt.date, *, limit: int) -> tuple[Holding, ...]:
        """Cards in use whose last valid day is over."""
        ...


@dataclass(frozen=True, slots=True)
class CardWork:
    """What is to be written together: cards as they were told, entries in their order, and orders.

    ``read`` has the revision that each card was decided on, None for one that must not be there yet.
    ``orders`` are updates for the card management system, ``line`` is by whose 住民票コード they are in line.
    """

    line: ResidentRecordCode
    read: dict[CardSerial, int | None] = field(default_factory=dict)
    told: tuple[Card, ...] = ()
    entries: tuple[CardEntry, ...] = ()
    orders: tuple[Notice, ...] = ()


CardWriter = Callable[[Any, Sequence[CardWork]], None]
"""Writes on a unit of work; raises the store's Conflict when what was read holds no more."""

OrderMaker = Callable[[CardUpdate], Notice]
"""Makes what the card management system is told."""


def new_reference(prefix: str) -> str:
    """A reference that says nothing of the person."""
    return f"{prefix}-{secrets.token_hex(10)}"
