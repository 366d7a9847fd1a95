"""Special move-in (特例転入, flow 3): the states of one move, in the new town and in the old, and its steps.

A move is one 転出証明書情報 and the people on it. Each of the two municipalities has a state machine of its
own for it; what one does the other learns by messages only. States and codes are our own; each step says
which law it is, or that it is our own reading. Pure: no clock, no store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.codes import Coded


class MoveRole(Coded):
    """Which of the two municipalities a state belongs to."""

    NEW_TOWN = ("new_town", "転入地", "The municipality that the people move to.")
    OLD_TOWN = ("old_town", "転出地", "The municipality that they move from.")


class MoveState(Coded):
    """How far a move has come. Own codes."""

    PREPARED = ("prepared", "事前受信", "The certificate was sent ahead; nobody has come yet.")
    REQUESTED = ("requested", "依頼中", "The first 転入届 was taken and the old town was asked.")
    RECEIVED = ("received", "受信済み", "The certificate is here, for the resident record system to take.")
    TAKEN = ("taken", "引渡済み", "The resident record system has taken the certificate.")
    COMPLETED = ("completed", "転入済み", "The people are on record; the old town is being notified.")
    NOTIFIED = ("notified", "通知済み", "The old town took the notice: nothing is left to do.")
    NOTICE_REFUSED = ("notice_refused", "通知拒否", "The old town refused the notice; an operator decides.")
    REFUSED = ("refused", "依頼拒否", "The old town refused the request; it may be made again.")
    WITHDRAWN = ("withdrawn", "取下げ", "The people gave up, or the resident record system did.")
    LAPSED = ("lapsed", "期限切れ", "Nobody came in time for what was sent ahead.")

    REGISTERED = ("registered", "登録済み", "The move-out is pending; a request would be answered.")
    SENT = ("sent", "送信中", "A town took the first 転入届; the certificate is on its way to it.")
    DELIVERED = ("delivered", "送信済み", "That town took the certificate; its notice is awaited.")
    ARRIVED = ("arrived", "転入通知受領", "The people moved in; the resident record system is to be told.")
    SETTLED = ("settled", "反映済み", "The resident record system took it over: nothing is left to do.")
    EXPIRED = ("expired", "転入通知未着", "No town asked in time: the special treatment is over.")
    CANCELLED = ("cancelled", "転出取消し", "The move-out was cancelled.")

    @property
    def role(self) -> MoveRole:
        """Whose state it is."""
        return MoveRole.NEW_TOWN if self in _NEW else MoveRole.OLD_TOWN


_NEW: Final = frozenset(list(MoveState)[:10])

ENDED: Final = frozenset(
    {
        MoveState.NOTIFIED,
        MoveState.WITHDRAWN,
        MoveState.LAPSED,
        MoveState.SETTLED,
        MoveState.CANCELLED,
    }
)
"""States after which the same people may begin a move anew."""

TO_TAKE: Final = frozenset({MoveState.RECEIVED, MoveState.PREPARED, MoveState.ARRIVED})
"""What a resident record system finds on its waiting list."""

OF_OPERATOR: Final = frozenset({MoveState.REFUSED, MoveState.NOTICE_REFUSED, MoveState.EXPIRED})
"""What waits for a person's decision."""


class MoveEvent(Coded):
    """What happens to a move. Own codes."""

    PUSH = ("push", "事前送信", "The old town's certificate comes before anybody asked for it.")
    REQUEST = (
        "request",
        "最初の転入届",
        "A clerk takes the first 転入届 with a card and asks the old town.",
    )
    RECEIVE = ("receive", "転出証明書情報受信", "The certificate that was asked for comes.")
    REFUSE = ("refuse", "依頼拒否", "The old town refuses the request.")
    TAKE = ("take", "引渡し", "The resident record system takes over what it was told.")
    COMPLETE = ("complete", "転入処理完了", "The resident record system hands over the move-in notice.")
    NOTICE_TAKEN = ("notice_taken", "転入通知受領", "The old town takes the notice.")
    NOTICE_DENIED = ("notice_denied", "転入通知拒否", "The old town refuses the notice.")
    RETRY = ("retry", "再送", "An operator has the notice sent again.")
    WITHDRAW = ("withdraw", "取下げ", "A clerk, the resident record system or an operator ends it.")
    LAPSE = ("lapse", "期限経過", "The deadline passes.")

    REGISTER = ("register", "転出証明書情報登録", "The resident record system registers the certificate.")
    ASK = ("ask", "送信依頼受領", "A town asks for it: it received the first 転入届.")
    DELIVER = ("deliver", "送信完了", "That town takes the certificate.")
    RELEASE = ("release", "送信取下げ", "That town does not want it any more.")
    ARRIVE = ("arrive", "転入通知", "A town's move-in notice comes.")
    CANCEL = ("cancel", "転出取消し", "The resident record system cancels the move-out.")


@dataclass(frozen=True, slots=True)
class Step:
    """Where an event leads, and why: a law, or our own reading where ``own`` is set."""

    to: MoveState
    basis: str
    own: bool = True


_S, _E = MoveState, MoveEvent
_CLAIM: Final = Step(_S.REQUESTED, "法24条の2 3項: the old town is told at once", own=False)
_SEND: Final = Step(_S.SENT, "令24条の3: sent to the town that received the first 転入届", own=False)
_ARRIVE: Final = Step(_S.ARRIVED, "法9条1項, 令13条3項: the notice says where the people are", own=False)
_GIVE_UP: Final = Step(_S.WITHDRAWN, "nobody is held to a 転入届 that is not complete")
_AGAIN: Final = Step(_S.RECEIVED, "標準仕様書 4.1.3.1.2: of two the newest counts")
_COMPLETE: Final = Step(_S.COMPLETED, "法9条1項: the old town is notified without delay", own=False)
_LATE: Final = "令24条の2: 30 days after the planned day are over"
_RELEASE: Final = Step(_S.REGISTERED, "the move-out is pending as before, until its own deadline")

TABLE: Final[Mapping[tuple[MoveState | None, MoveEvent], Step]] = MappingProxyType(
    {
        (None, _E.PUSH): Step(_S.PREPARED, "引越しワンストップ: sent ahead to the town that was named"),
        (None, _E.REQUEST): _CLAIM,
        (_S.PREPARED, _E.PUSH): Step(_S.PREPARED, "標準仕様書 4.1.3.1.2: of two the newest counts"),
        (_S.PREPARED, _E.REQUEST): _CLAIM,
        (_S.PREPARED, _E.WITHDRAW): _GIVE_UP,
        (_S.PREPARED, _E.LAPSE): Step(
            _S.LAPSED, "令24条の2: 30 days after the planned day are over", own=False
        ),
        (_S.REQUESTED, _E.RECEIVE): Step(_S.RECEIVED, "令24条の3, 規則7条の2", own=False),
        (_S.REQUESTED, _E.REFUSE): Step(_S.REFUSED, "the rule that the old town named"),
        (_S.REQUESTED, _E.WITHDRAW): _GIVE_UP,
        (_S.REFUSED, _E.REQUEST): _CLAIM,
        (_S.REFUSED, _E.PUSH): Step(_S.PREPARED, "it came after all, unasked"),
        (_S.REFUSED, _E.WITHDRAW): _GIVE_UP,
        (_S.RECEIVED, _E.RECEIVE): _AGAIN,
        (_S.RECEIVED, _E.TAKE): Step(_S.TAKEN, "source document 3-④"),
        (_S.RECEIVED, _E.COMPLETE): _COMPLETE,
        (_S.RECEIVED, _E.WITHDRAW): _GIVE_UP,
        (_S.TAKEN, _E.RECEIVE): _AGAIN,
        (_S.TAKEN, _E.COMPLETE): _COMPLETE,
        (_S.TAKEN, _E.WITHDRAW): _GIVE_UP,
        (_S.COMPLETED, _E.NOTICE_TAKEN): Step(_S.NOTIFIED, "法9条1項", own=False),
        (_S.COMPLETED, _E.NOTICE_DENIED): Step(_S.NOTICE_REFUSED, "an operator finds out why"),
        (_S.NOTICE_REFUSED, _E.RETRY): Step(_S.COMPLETED, "the duty of 法9条1項 stays"),
        (None, _E.REGISTER): Step(_S.REGISTERED, "法24条の2: a 転出届 of whom has a card", own=False),
        (_S.REGISTERED, _E.REGISTER): Step(_S.REGISTERED, "of two the newest counts"),
        (_S.REGISTERED, _E.ASK): _SEND,
        (_S.REGISTERED, _E.ARRIVE): _ARRIVE,
        (_S.REGISTERED, _E.CANCEL): Step(_S.CANCELLED, "the people stay"),
        (_S.REGISTERED, _E.LAPSE): Step(
            _S.EXPIRED, "令24条の2: 30 days after the planned day are over", own=False
        ),
        (_S.SENT, _E.ASK): _SEND,
        (_S.SENT, _E.DELIVER): Step(_S.DELIVERED, "its signed answer is kept"),
        (_S.SENT, _E.RELEASE): _RELEASE,
        (_S.SENT, _E.ARRIVE): _ARRIVE,
        (_S.DELIVERED, _E.ASK): _SEND,
        (_S.DELIVERED, _E.RELEASE): _RELEASE,
        (_S.DELIVERED, _E.ARRIVE): _ARRIVE,
        (_S.ARRIVED, _E.TAKE): Step(_S.SETTLED, "令13条2項: the 除票 says where the people went", own=False),
        (_S.ARRIVED, _E.ARRIVE): Step(_S.ARRIVED, "標準仕様書 4.1.3.1.2: a resend may correct the notice"),
        (_S.EXPIRED, _E.REGISTER): Step(_S.REGISTERED, "a new 転出届"),
        (_S.EXPIRED, _E.ASK): Step(_S.SENT, "the 転入届 was in time, and only its message late"),
        (_S.EXPIRED, _E.ARRIVE): _ARRIVE,
        (_S.EXPIRED, _E.CANCEL): Step(_S.CANCELLED, "the people stay"),
    }
)
"""Both state machines: what is not in it is not allowed. None is a move that is not there yet."""


def allowed(state: MoveState | None) -> tuple[MoveEvent, ...]:
    """What may happen in this state, in the order of MoveEvent."""
    return tuple(event for event in MoveEvent if (state, event) in TABLE)
