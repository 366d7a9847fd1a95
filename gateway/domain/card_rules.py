"""Whether an update fits a card, and the card after it: the table of states, and what it cannot say.

The same rules for the municipal CS and for the card management system. Pure: the day is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from gateway.domain.card import ENDED, IN_USE, TABLE, Card, CardEvent, CardState, allowed
from gateway.domain.card_update import CardResult, CardUpdate, RevocationReason
from gateway.domain.card_validity import continue_end

_ANYWHERE: Final = frozenset({CardEvent.MOVE, CardEvent.CONTINUE, CardEvent.COLLECT})
"""What a municipality other than the card's may do: take the card over, or take it in."""


def lapse(card: Card, today: dt.date) -> RevocationReason | None:
    """Why the card has ended by itself by this day; None while it has not. The day of the end is valid."""
    if card.state not in IN_USE or card.ends_on is None or today <= card.ends_on:
        return None
    if card.ends_on == card.valid_until:
        return RevocationReason.EXPIRED
    return (
        RevocationReason.STAY_ENDED
        if card.ends_on == card.residence_until
        else RevocationReason.NOT_CONTINUED
    )


def judge(
    update: CardUpdate,
    card: Card,
    others: Iterable[Card],
    *,
    today: dt.date,
    repeats: bool = False,
) -> CardResult:
    """Whether the update fits the card; the first rule that says no is the answer.

    ``others`` are the person's other cards. ``repeats`` is how the card management system judges: a
    revocation of what has ended is no mistake there, since two may tell of one end.
    """
    if update.event_date > today:
        return CardResult.DATE_TO_COME
    if (card.state, update.event) not in TABLE:
        has_ended = update.event is CardEvent.REVOKE and card.state in ENDED
        return CardResult.ALREADY_ENDED if repeats and has_ended else CardResult.NOT_ALLOWED
    return _fits(update, card, others)


def _fits(update: CardUpdate, card: Card, others: Iterable[Card]) -> CardResult:
    """What the table of states cannot say: whose card it is, whether there is another, or was a move."""
    here = card.municipality == update.caller.municipality
    if not here and update.event not in _ANYWHERE:
        return CardResult.OTHER_MUNICIPALITY
    if update.event is CardEvent.CONTINUE and here and card.continue_by is None:
        return CardResult.NOT_MOVED
    if update.event is CardEvent.ISSUE and any(other.state in IN_USE for other in others):
        return CardResult.OTHER_CARD_IN_USE
    return CardResult.ACCEPTED


def after(update: CardUpdate, card: Card) -> Card:
    """The card once an accepted update is recorded; how long an issued one is valid is not known by that."""
    changed = replace(card, state=TABLE[card.state, update.event])
    if update.event is CardEvent.ISSUE:
        return replace(changed, issued_on=update.event_date)
    if update.event is CardEvent.CONTINUE:
        return replace(changed, continue_by=None, municipality=update.caller.municipality)
    if update.event is CardEvent.MOVE:
        waits = card.state is not CardState.BEFORE_ISSUE
        return replace(
            changed,
            continue_by=continue_end(update.event_date) if waits else None,
            municipality=update.caller.municipality,
        )
    return changed


def ended(card: Card) -> Card:
    """The card once time has ended it."""
    return replace(card, state=CardState.REVOKED)


def applicable(update: CardUpdate, cards: Sequence[Card]) -> tuple[Card, ...]:
    """Of a person's cards, those that an update without a serial number is about."""
    return tuple(card for card in cards if (card.state, update.event) in TABLE)


def may_follow(card: Card) -> tuple[CardEvent, ...]:
    """What may be done to the card as it is."""
    return allowed(card.state)
