"""The types of special move-ins (flow 3) as spyne models; ``wsdl/types-1.xsd`` is the truth."""

from __future__ import annotations

from gateway.contract import types
from gateway.contract.card_types import CardSerial, Day
from gateway.contract.service import TYPES
from gateway.contract.types import codes, optional, record, text
from gateway.domain.move import MoveEvent, MoveState
from gateway.domain.move_certificate import MOST_PEOPLE, Entitlement, PensionKind
from gateway.domain.move_messages import MOST_LINES, MOST_MOVES, Dispatch, MoveActor, MoveResult

RelationText = text("Relation", min_len=1, max_len=40)
PensionNumber = text("PensionNumber", pattern="[0-9]{10}")
Authenticity = text("Authenticity", pattern="[0-9A-F]{32}")
EntitlementCode = codes("Entitlement", Entitlement)
PensionKindCode = codes("PensionKind", PensionKind)
DispatchCode = codes("Dispatch", Dispatch)
MoveStateCode = codes("MoveState", MoveState)
MoveEventCode = codes("MoveEvent", MoveEvent)
MoveActorCode = codes("MoveActor", MoveActor)
MoveResultCode = codes("MoveResult", MoveResult)

FamilyRegister = record(TYPES, "FamilyRegister", [("domicile", types.Address), ("head", types.Name)])
Pension = record(TYPES, "Pension", [("kind", PensionKindCode), ("number", PensionNumber)])
CarriedCard = record(
    TYPES,
    "CarriedCard",
    [("serial", CardSerial), ("issuedOn", Day), ("validUntil", Day), ("authenticity", Authenticity)],
)
Leaving = record(
    TYPES,
    "Leaving",
    [
        ("record", types.IdentityRecord),
        ("householder", types.Name),
        ("relation", RelationText),
        ("register", optional(FamilyRegister)),
        (
            "entitlement",
            EntitlementCode.customize(min_occurs=0, max_occurs=len(Entitlement), nillable=False),
        ),
        ("pension", optional(Pension)),
        ("card", optional(CarriedCard)),
    ],
)
TransferCertificate = record(
    TYPES,
    "TransferCertificate",
    [
        ("reference", types.Reference),
        ("municipality", types.MunicipalityCode),
        ("reportedOn", Day),
        ("plannedOn", Day),
        ("destination", types.MunicipalityCode),
        ("address", optional(types.Address)),
        ("person", Leaving.customize(min_occurs=1, max_occurs=MOST_PEOPLE, nillable=False)),
    ],
)
TransferQuestion = record(
    TYPES,
    "TransferQuestion",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("serial", CardSerial),
        ("oldTown", types.MunicipalityCode),
        ("movedOn", Day),
        ("notifiedOn", Day),
    ],
)
TransferRequest = record(
    TYPES,
    "TransferRequest",
    [
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("serial", CardSerial),
        ("movedOn", Day),
        ("notifiedOn", Day),
    ],
)
MoveInNotice = record(
    TYPES,
    "MoveInNotice",
    [
        ("reference", types.Reference),
        ("movedOn", Day),
        ("address", types.Address),
        (
            "residentRecordCode",
            types.ResidentRecordCode.customize(min_occurs=1, max_occurs=MOST_PEOPLE, nillable=False),
        ),
    ],
)
MoveOutConfirmation = record(
    TYPES,
    "MoveOutConfirmation",
    [
        ("reference", types.Reference),
        ("residentRecordCode", types.ResidentRecordCode),
        ("destination", types.MunicipalityCode),
        ("movedOn", Day),
    ],
)
MoveReceipt = record(
    TYPES,
    "MoveReceipt",
    [
        ("receivedAt", types.Instant),
        ("reference", types.Reference),
        ("result", MoveResultCode),
        ("move", optional(types.Reference)),
    ],
)
MoveLine = record(
    TYPES,
    "MoveLine",
    [
        ("event", MoveEventCode),
        ("state", MoveStateCode),
        ("actor", MoveActorCode),
        ("at", types.Instant),
        ("result", optional(MoveResultCode)),
    ],
)
Move = record(
    TYPES,
    "Move",
    [
        ("reference", types.Reference),
        ("state", MoveStateCode),
        ("residentRecordCode", types.ResidentRecordCode),
        ("peer", optional(types.MunicipalityCode)),
        ("plannedOn", optional(Day)),
        ("movedOn", optional(Day)),
        ("lastDay", optional(Day)),
        ("result", optional(MoveResultCode)),
        ("line", MoveLine.customize(min_occurs=0, max_occurs=MOST_LINES, nillable=False)),
    ],
)
Moves = record(
    TYPES,
    "Moves",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("move", Move.customize(min_occurs=0, max_occurs=MOST_MOVES, nillable=False)),
    ],
)
FetchedMove = record(
    TYPES,
    "FetchedMove",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("result", MoveResultCode),
        ("certificate", optional(TransferCertificate)),
        ("notice", optional(MoveInNotice)),
    ],
)
