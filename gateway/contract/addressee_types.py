"""The types of addressees (送付先情報, flow 7) as spyne models; ``wsdl/types-1.xsd`` is the truth."""

from __future__ import annotations

from gateway.contract import types
from gateway.contract.card_types import Day
from gateway.contract.change_types import ChangeReasonCode, DeliveryCode
from gateway.contract.service import TYPES
from gateway.contract.types import codes, optional, record, text
from gateway.domain.addressee import (
    MOST_COUNT,
    MOST_PEOPLE,
    Circumstance,
    Conversion,
    PrintClass,
    Residency,
)
from gateway.domain.addressee_delivery import (
    MOST_ADDRESSEES,
    MOST_POSITION,
    MOST_TARGETS,
    SendingHistory,
)
from gateway.domain.addressee_rules import AddresseeResult

# isort: split
from spyne import Integer

AddresseeNumber = text("AddresseeNumber", pattern="[0-9A-Za-z]{1,20}")
PostalCode = text("PostalCode", pattern="[0-9]{7}")
Phone = text("Phone", pattern="0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}")
Places = text("Places", pattern="[1-9][0-9]{0,2}( [1-9][0-9]{0,2})*", max_len=1600)
AddresseeCount = Integer(type_name="AddresseeCount", ge=1, le=MOST_COUNT, min_occurs=1, nillable=False)
Position = Integer(type_name="Position", ge=0, le=MOST_POSITION, min_occurs=1, nillable=False)

PrintClassCode = codes("PrintClass", PrintClass)
CircumstanceCode = codes("Circumstance", Circumstance)
ResidencyCode = codes("Residency", Residency)
ConversionCode = codes("Conversion", Conversion)
AddresseeResultCode = codes("AddresseeResult", AddresseeResult)

Office = record(
    TYPES,
    "Office",
    [("name", types.Name), ("postalCode", PostalCode), ("address", types.Address), ("phone", Phone)],
)

AddresseeHeader = record(
    TYPES,
    "AddresseeHeader",
    [
        ("municipality", types.MunicipalityCode),
        ("office", Office),
        ("handover", Office),
        ("cardOffice", Office),
        ("processedOn", Day),
        ("count", AddresseeCount),
    ],
)

Substitute = record(TYPES, "Substitute", [("text", types.Address), ("places", Places)])

AddresseePerson = record(
    TYPES,
    "AddresseePerson",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("individualNumber", types.IndividualNumber),
        ("name", types.Name),
        ("kana", optional(types.Kana)),
        ("latinName", optional(types.Name)),
        ("formerSurname", optional(types.Name)),
        ("birthDate", types.RegisterDate),
        ("sex", types.SexCode),
        ("postalCode", PostalCode),
        ("address", types.Address),
        ("residency", optional(ResidencyCode)),
        ("stayUntil", optional(Day)),
        ("conversion", ConversionCode),
        ("substituteName", optional(Substitute)),
        ("substituteAddress", optional(Substitute)),
    ],
)

Addressee = record(
    TYPES,
    "Addressee",
    [
        ("number", AddresseeNumber),
        ("postalCode", PostalCode),
        ("address", types.Address),
        ("name", types.Name),
        ("printClass", PrintClassCode),
        ("circumstance", CircumstanceCode),
        ("count", AddresseeCount),
        ("person", AddresseePerson.customize(min_occurs=1, max_occurs=MOST_PEOPLE, nillable=False)),
    ],
)

AddresseeOutcome = record(
    TYPES,
    "AddresseeOutcome",
    [("place", AddresseeCount), ("result", AddresseeResultCode), ("person", optional(AddresseeCount))],
)

AddresseeReceipt = record(
    TYPES,
    "AddresseeReceipt",
    [
        ("receivedAt", types.Instant),
        ("reference", types.Reference),
        ("outcome", AddresseeOutcome.customize(min_occurs=1, max_occurs=MOST_ADDRESSEES, nillable=False)),
    ],
)

AddresseeTarget = record(
    TYPES,
    "AddresseeTarget",
    [
        ("residentRecordCode", types.ResidentRecordCode),
        ("reason", ChangeReasonCode),
        ("since", types.Instant),
    ],
)

AddresseeTargets = record(
    TYPES,
    "AddresseeTargets",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        ("target", AddresseeTarget.customize(min_occurs=0, max_occurs=MOST_TARGETS, nillable=False)),
        ("following", optional(Position)),
    ],
)

AddresseeSending = record(
    TYPES, "AddresseeSending", [("acceptedAt", types.Instant), ("delivery", DeliveryCode)]
)

AddresseeSendings = record(
    TYPES,
    "AddresseeSendings",
    [
        ("checkedAt", types.Instant),
        ("reference", types.Reference),
        (
            "sending",
            AddresseeSending.customize(min_occurs=0, max_occurs=SendingHistory.MOST, nillable=False),
        ),
    ],
)
