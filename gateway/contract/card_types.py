"""The types of card management (flow 8) as spyne models; ``wsdl/types-1.xsd`` is the truth."""

from __future__ import annotations

from gateway.contract import types
from gateway.contract.change_types import Count
from gateway.contract.service import TYPES
from gateway.contract.types import codes, optional, record, text
from gateway.domain.card import CardEvent, CardState
from gateway.domain.card_history import MOST_ENTRIES, CardOutcome
from gateway.domain.card_query import MOST_CARDS
from gateway.domain.card_update import (
    EVENTS_OF,
    REASONS_OF,
    CardActor,
    CardResult,
    RevocationReason,
)

COUNTER_EVENTS = [event for event in CardEvent if event in EVENTS_OF[CardActor.TERMINAL]]
COUNTER_REASONS = [reason for reason in RevocationReason if reason in REASONS_OF[CardActor.TERMINAL]]
REGISTRY_REASONS = [reason for reason in RevocationReason if reason in REASONS_OF[CardActor.REGISTRY]]
ORDER_ACTORS = [actor for actor in CardActor if actor is not CardActor.CARD_SYSTEM]
"""On whose behalf a municipal CS gives orders; what the card management system does itself nobody orders."""
ORDER_EVENTS = [event for event in CardEvent if any(event in EVENTS_OF[actor] for actor in ORDER_ACTORS)]
ORDER_REASONS = [
    reason for reason in RevocationReason if any(reason in REASONS_OF[actor] for actor in ORDER_ACTORS)
]

CardSerial = text("CardSerial", pattern="[0-9A-Z]{12}")
Day = text("Day", pattern="[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
CardStateCode = codes("CardState", CardState)

Card = record(
    TYPES,
    "Card",
    [
        ("serial", CardSerial),
        ("residentRecordCode", types.ResidentRecordCode),
        ("state", CardStateCode),
        ("municipality", types.MunicipalityCode),
        ("version", Count),
        ("issuedOn", optional(Day)),
        ("validUntil", optional(Day)),
        ("residenceUntil", optional(Day)),
        ("continueBy", optional(Day)),
    ],
)

Cards = record(
    TYPES,
    "Cards",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("card", Card.customize(min_occurs=0, max_occurs=MOST_CARDS, nillable=False)),
    ],
)

CounterEventCode = codes("CounterEvent", COUNTER_EVENTS)
CounterReasonCode = codes("CounterReason", COUNTER_REASONS)
RegistryReasonCode = codes("RegistryReason", REGISTRY_REASONS)
OrderEventCode = codes("OrderEvent", ORDER_EVENTS)
OrderReasonCode = codes("OrderReason", ORDER_REASONS)
OrderActorCode = codes("OrderActor", ORDER_ACTORS)
CardEventCode = codes("CardEvent", CardEvent)
RevocationReasonCode = codes("RevocationReason", RevocationReason)
CardActorCode = codes("CardActor", CardActor)
CardResultCode = codes("CardResult", CardResult)
CardOutcomeCode = codes("CardOutcome", CardOutcome)

CounterUpdate = record(
    TYPES,
    "CardUpdate",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("serial", CardSerial),
        ("event", CounterEventCode),
        ("reason", optional(CounterReasonCode)),
        ("eventDate", Day),
    ],
)

Revocation = record(
    TYPES,
    "CardRevocation",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("reason", RegistryReasonCode),
        ("eventDate", Day),
    ],
)

CardOrder = record(
    TYPES,
    "CardOrder",
    [
        ("reference", types.Reference),
        ("actor", OrderActorCode),
        ("residentRecordCode", types.ResidentRecordCode),
        ("serial", optional(CardSerial)),
        ("event", OrderEventCode),
        ("reason", optional(OrderReasonCode)),
        ("eventDate", Day),
    ],
)

CardReceipt = record(
    TYPES,
    "CardReceipt",
    [
        ("receivedAt", types.Instant),
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("result", CardResultCode),
        ("card", Card.customize(min_occurs=0, max_occurs=MOST_CARDS, nillable=False)),
        ("allowed", CardEventCode.customize(min_occurs=0, max_occurs=len(CardEvent), nillable=False)),
    ],
)

HistoryLine = record(
    TYPES,
    "CardHistoryLine",
    [
        ("serial", CardSerial),
        ("event", optional(CardEventCode)),
        ("reason", optional(RevocationReasonCode)),
        ("eventDate", Day),
        ("state", CardStateCode),
        ("actor", CardActorCode),
        ("outcome", CardOutcomeCode),
        ("answer", optional(CardResultCode)),
        ("recordedAt", types.Instant),
    ],
)

CardHistory = record(
    TYPES,
    "CardHistory",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("line", HistoryLine.customize(min_occurs=0, max_occurs=MOST_ENTRIES, nillable=False)),
    ],
)
