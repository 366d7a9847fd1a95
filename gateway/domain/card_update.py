"""What is to be done to a card (flow 8), by whom and why, and what is answered.

Who may do what is law where docs/domain.md says so; the codes are our own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gateway.domain.caller import Caller
from gateway.domain.card import Card, CardEvent, CardSerial
from gateway.domain.card_query import MOST_CARDS
from gateway.domain.codes import Coded
from gateway.domain.identifiers import ResidentRecordCode
from gateway.domain.instant import require_utc
from gateway.domain.values import InvalidValue, Masked

_REFERENCE: Final = re.compile("[0-9A-Za-z-]{8,64}")


class RevocationReason(Coded):
    """Why a card ends (廃止・失効, 施行令30条の20 as it was for the 住基カード). Own codes."""

    LOST = ("lost", "紛失", "Lost, and not to be found.")
    SURRENDERED = ("surrendered", "返納", "The holder gives it up (返納).")
    REISSUE = ("reissue", "再交付", "The holder asks for another one.")
    DEATH = ("death", "死亡", "The holder died.")
    EMIGRATION = ("emigration", "国外転出", "The holder moves abroad.")
    CODE_CHANGE = ("code_change", "住民票コードの変更", "The 住民票コード in it is no longer the holder's.")
    EXPIRED = ("expired", "有効期間満了", "Its validity is over.")
    STAY_ENDED = ("stay_ended", "在留期間満了", "The holder's period of stay is over.")
    NOT_CONTINUED = ("not_continued", "継続利用期限経過", "It was not handed in for continued use in time.")


class CardActor(Coded):
    """Who does it to the card, as the municipal CS knows. Own codes."""

    TERMINAL = ("terminal", "統合端末", "A clerk at the integrated terminal.")
    REGISTRY = ("registry", "既存住基システム", "The resident record system.")
    GATEWAY = ("gateway", "市町村CS", "The municipal CS itself, by a reported change or because time is up.")
    CARD_SYSTEM = ("card_system", "個人番号カード管理システム", "The card management system itself.")


_R: Final = RevocationReason
_E: Final = CardEvent
EVENTS_OF: Final[Mapping[CardActor, frozenset[CardEvent]]] = MappingProxyType(
    {
        CardActor.TERMINAL: frozenset(
            {_E.ISSUE, _E.LIFT_SUSPENSION, _E.CONTINUE, _E.RETURN, _E.REVOKE, _E.COLLECT}
        ),
        CardActor.REGISTRY: frozenset({_E.REVOKE}),
        CardActor.GATEWAY: frozenset({_E.MOVE, _E.REVOKE}),
        CardActor.CARD_SYSTEM: frozenset({_E.SUSPEND, _E.REVOKE}),
    }
)
"""Which events each may bring; only the card management system's call centre suspends."""

REASONS_OF: Final[Mapping[CardActor, frozenset[RevocationReason]]] = MappingProxyType(
    {
        CardActor.TERMINAL: frozenset({_R.LOST, _R.SURRENDERED, _R.REISSUE}),
        CardActor.REGISTRY: frozenset({_R.DEATH, _R.EMIGRATION, _R.CODE_CHANGE}),
        CardActor.GATEWAY: frozenset({_R.DEATH, _R.CODE_CHANGE, _R.EXPIRED, _R.STAY_ENDED, _R.NOT_CONTINUED}),
        CardActor.CARD_SYSTEM: frozenset({_R.EXPIRED, _R.STAY_ENDED, _R.NOT_CONTINUED}),
    }
)
"""For which reasons each may revoke."""


@dataclass(frozen=True, slots=True, repr=False)
class CardUpdate(Masked):
    """Something to be done to the card ``serial`` of the person ``code``; without a serial to all of them.

    ``reference`` is drawn by the municipal CS, the same here and there; None until it is.
    Raises InvalidValue ``event`` (not this actor's), ``reason`` (missing, not wanted or not this actor's),
    ``serial`` (only who acts on a person leaves it out) or ``reference``.
    """

    caller: Caller
    code: ResidentRecordCode
    serial: CardSerial | None
    event: CardEvent
    event_date: dt.date
    actor: CardActor
    reason: RevocationReason | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        if self.event not in EVENTS_OF[self.actor]:
            raise InvalidValue("card-update", "event")
        if (self.reason is not None) is not (self.event is CardEvent.REVOKE):
            raise InvalidValue("card-update", "reason")
        if self.reason is not None and self.reason not in REASONS_OF[self.actor]:
            raise InvalidValue("card-update", "reason")
        if self.serial is None and self.actor not in {CardActor.REGISTRY, CardActor.GATEWAY}:
            raise InvalidValue("card-update", "serial")
        if self.reference is not None and not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("card-update", "reference")


class CardResult(Coded):
    """What is answered to an update. Own codes."""

    ACCEPTED = ("accepted", "受理", "Accepted: recorded, and it will be passed on.")
    ALREADY_ACCEPTED = ("already_accepted", "受理済み", "This very update was accepted before.")
    ALREADY_ENDED = ("already_ended", "廃止済み", "The card had ended already, as was asked.")
    NO_CARD = ("no_card", "カードなし", "The person has no card to which it applies.")
    NO_SUCH_CARD = ("no_such_card", "該当カードなし", "The person has no card of this serial number.")
    NOT_ALLOWED = ("not_allowed", "遷移不可", "The card's state does not allow it.")
    OTHER_MUNICIPALITY = ("other_municipality", "他市町村", "The card is another municipality's.")
    OTHER_CARD_IN_USE = ("other_card_in_use", "二重交付", "The person has another card in use.")
    NOT_MOVED = ("not_moved", "継続利用対象外", "The holder did not move: there is nothing to continue.")
    NOT_ON_RECORD = ("not_on_record", "未記載", "Nobody with this 住民票コード is on record here.")
    MOVE_IN_OPEN = (
        "move_in_open",
        "転入処理未完了",
        "The holder's special move-in is not complete: continued use comes after it.",
    )
    DATE_TO_COME = ("date_to_come", "日付が未来", "The day is still to come.")
    GOES_ON_ABROAD = ("goes_on_abroad", "国外継続利用", "By the settings a card goes on abroad.")

    @property
    def is_accepted(self) -> bool:
        """Whether the update is to be recorded."""
        return self is CardResult.ACCEPTED

    @property
    def is_done(self) -> bool:
        """Whether the card is, once the answer is given, as was asked."""
        return self in _DONE


_DONE: Final = frozenset(
    {CardResult.ACCEPTED, CardResult.ALREADY_ACCEPTED, CardResult.ALREADY_ENDED, CardResult.NO_CARD}
)


@dataclass(frozen=True, slots=True)
class CardReceipt:
    """The answer to an update about the person ``code``.

    ``cards`` are those that it is about, as they are after it; where it was refused, ``allowed`` is what may
    be done to the card in its state. ``received_at`` is UTC. Raises InvalidValue ``reference``, ``count``,
    ``holder`` or ``not-utc``.
    """

    received_at: datetime
    reference: str
    code: ResidentRecordCode
    result: CardResult
    cards: tuple[Card, ...] = ()
    allowed: tuple[CardEvent, ...] = ()

    def __post_init__(self) -> None:
        require_utc(self.received_at)
        if not _REFERENCE.fullmatch(self.reference):
            raise InvalidValue("card-receipt", "reference")
        if len(self.cards) > MOST_CARDS or len(self.allowed) > len(CardEvent):
            raise InvalidValue("card-receipt", "count")
        if any(card.code != self.code for card in self.cards):
            raise InvalidValue("card-receipt", "holder")
