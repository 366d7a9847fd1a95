"""個人番号カード (Individual Number Card): its states, and which operations lead from one to another.

One state machine for each card, the same for the municipal CS and for the card management system
(個人番号カード管理システム). States and codes are our own (カード運用状況 is not public); docs/domain.md says
which transitions are law. Pure: no clock, no store.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.codes import Coded
from gateway.domain.identifiers import MunicipalityCode, ResidentRecordCode
from gateway.domain.values import InvalidValue, Masked

_SERIAL: Final = re.compile("[0-9A-Z]{12}")


@dataclass(frozen=True, slots=True, order=True)
class CardSerial:
    """製造番号: tells one card from all others; twelve ASCII capitals and digits (own form).

    It is on no face of the card, and says nothing of the person. Raises InvalidValue ``serial``.
    """

    text: str

    def __post_init__(self) -> None:
        if not _SERIAL.fullmatch(self.text):
            raise InvalidValue("card", "serial")

    def __str__(self) -> str:
        return self.text


class CardState(Coded):
    """カード運用状況. Own codes."""

    BEFORE_ISSUE = ("before_issue", "交付前", "Made, and not handed to the holder yet.")
    ACTIVE = ("active", "運用中", "In use.")
    SUSPENDED = ("suspended", "一時停止", "Reported lost; found again, it can be used again.")
    HELD = ("held", "預かり中", "Handed in for continued use; to be given back.")
    REVOKED = ("revoked", "廃止", "No longer valid, for good.")
    COLLECTED = ("collected", "回収済み", "No longer valid, and in the municipality's hands.")


class CardEvent(Coded):
    """What is done to a card. Own codes."""

    ISSUE = ("issue", "交付", "It is handed to the holder for the first time.")
    SUSPEND = ("suspend", "一時停止", "The holder reports it lost to the call centre.")
    LIFT_SUSPENSION = ("lift_suspension", "一時停止解除", "The holder found it, and shows it at the counter.")
    MOVE = ("move", "転入", "The holder moved in from elsewhere: continued use is due.")
    CONTINUE = ("continue", "継続利用", "It is handed in after a move, and is made to go on.")
    RETURN = ("return", "返還", "The municipality gives it back to the holder.")
    REVOKE = ("revoke", "廃止", "It ends for good.")
    COLLECT = ("collect", "回収", "The municipality takes in a card that has ended.")


TABLE: Final[Mapping[tuple[CardState, CardEvent], CardState]] = MappingProxyType(
    {
        (CardState.BEFORE_ISSUE, CardEvent.ISSUE): CardState.ACTIVE,
        (CardState.BEFORE_ISSUE, CardEvent.MOVE): CardState.BEFORE_ISSUE,
        (CardState.BEFORE_ISSUE, CardEvent.REVOKE): CardState.REVOKED,
        (CardState.ACTIVE, CardEvent.SUSPEND): CardState.SUSPENDED,
        (CardState.ACTIVE, CardEvent.MOVE): CardState.ACTIVE,
        (CardState.ACTIVE, CardEvent.CONTINUE): CardState.HELD,
        (CardState.ACTIVE, CardEvent.REVOKE): CardState.REVOKED,
        (CardState.SUSPENDED, CardEvent.LIFT_SUSPENSION): CardState.ACTIVE,
        (CardState.SUSPENDED, CardEvent.MOVE): CardState.SUSPENDED,
        (CardState.SUSPENDED, CardEvent.REVOKE): CardState.REVOKED,
        (CardState.HELD, CardEvent.MOVE): CardState.HELD,
        (CardState.HELD, CardEvent.RETURN): CardState.ACTIVE,
        (CardState.HELD, CardEvent.REVOKE): CardState.REVOKED,
        (CardState.REVOKED, CardEvent.COLLECT): CardState.COLLECTED,
    }
)
"""The state machine: what is not in it is not allowed."""

IN_USE: Final = frozenset({CardState.ACTIVE, CardState.SUSPENDED, CardState.HELD})
"""States in which a card is its holder's valid card, or would be again; time can end it."""

ENDED: Final = frozenset({CardState.REVOKED, CardState.COLLECTED})
"""States that no valid card comes back from."""


def allowed(state: CardState) -> tuple[CardEvent, ...]:
    """What may be done to a card in this state, by whomever, in the order of CardEvent."""
    return tuple(event for event in CardEvent if (state, event) in TABLE)


@dataclass(frozen=True, slots=True, repr=False)
class Card(Masked):
    """One card as a system has it on record.

    ``code`` is the 住民票コード in it, ``municipality`` the holder's. ``version`` counts what was done to it.
    ``valid_until``, ``residence_until`` (在留期間の満了の日) and ``continue_by`` (continued use after a move)
    are the last days on which it is valid, by the calendar of Japan. Raises InvalidValue ``version``.
    """

    serial: CardSerial
    code: ResidentRecordCode
    state: CardState
    municipality: MunicipalityCode
    version: int = 0
    issued_on: dt.date | None = None
    valid_until: dt.date | None = None
    residence_until: dt.date | None = None
    continue_by: dt.date | None = None

    def __post_init__(self) -> None:
        if self.version < 0:
            raise InvalidValue("card", "version")

    @property
    def ends_on(self) -> dt.date | None:
        """The last day on which it is valid: the first of its ends; None where no end is known."""
        ends = [day for day in (self.valid_until, self.residence_until, self.continue_by) if day is not None]
        return min(ends, default=None)
