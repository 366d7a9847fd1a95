"""Which role may call which operation. A table: eight flows and nine counterparts need no rule language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CALLERS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("terminal", "VerifyIdentity"): frozenset({"integrated_terminal"}),
    ("terminal", "SearchPerson"): frozenset({"integrated_terminal"}),
    ("terminal", "QueryCards"): frozenset({"integrated_terminal"}),
    ("terminal", "QueryCardHistory"): frozenset({"integrated_terminal"}),
    ("terminal", "UpdateCard"): frozenset({"integrated_terminal"}),
    ("terminal", "InquirePerson"): frozenset({"integrated_terminal"}),
    ("number_use", "InquirePerson"): frozenset({"number_use_system"}),
    ("resident_record", "ReportChanges"): frozenset({"resident_record_system"}),
    ("resident_record", "ResendChange"): frozenset({"resident_record_system"}),
    ("resident_record", "CancelChange"): frozenset({"resident_record_system"}),
    ("resident_record", "QueryChange"): frozenset({"resident_record_system"}),
    ("resident_record", "AllocateCodes"): frozenset({"resident_record_system"}),
    ("resident_record", "RequestNumber"): frozenset({"resident_record_system"}),
    ("resident_record", "RevokeCards"): frozenset({"resident_record_system"}),
    ("resident_record", "DeliverAddressees"): frozenset({"resident_record_system"}),
    ("resident_record", "ListAddresseeTargets"): frozenset({"resident_record_system"}),
    ("resident_record", "QueryAddresseeSendings"): frozenset({"resident_record_system"}),
    ("addressee_terminal", "DeliverInquiryPiece"): frozenset({"addressee_terminal"}),
    ("addressee_terminal", "QueryInquiryFile"): frozenset({"addressee_terminal"}),
    ("addressee_terminal", "FetchInquiryResults"): frozenset({"addressee_terminal"}),
    ("terminal", "RequestTransferCertificate"): frozenset({"integrated_terminal"}),
    ("terminal", "CancelMoveIn"): frozenset({"integrated_terminal"}),
    ("terminal", "QueryMoves"): frozenset({"integrated_terminal"}),
    ("resident_record", "RegisterTransferCertificate"): frozenset({"resident_record_system"}),
    ("resident_record", "CancelTransferCertificate"): frozenset({"resident_record_system"}),
    ("resident_record", "ListMoves"): frozenset({"resident_record_system"}),
    ("resident_record", "FetchMove"): frozenset({"resident_record_system"}),
    ("resident_record", "AcknowledgeMove"): frozenset({"resident_record_system"}),
    ("resident_record", "CompleteMoveIn"): frozenset({"resident_record_system"}),
    ("resident_record", "CancelMoveIn"): frozenset({"resident_record_system"}),
    ("municipal", "RequestTransferCertificate"): frozenset({"municipal_cs"}),
    ("municipal", "SendTransferCertificate"): frozenset({"municipal_cs"}),
    ("municipal", "WithdrawRequest"): frozenset({"municipal_cs"}),
    ("municipal", "NotifyMoveIn"): frozenset({"municipal_cs"}),
    ("prefectural", "ConfirmMoveOut"): frozenset({"municipal_cs"}),
    ("prefectural", "SearchPerson"): frozenset({"municipal_cs"}),
    ("prefectural", "NotifyChanges"): frozenset({"municipal_cs"}),
    ("national", "VerifyIdentity"): frozenset({"municipal_cs"}),
    ("national", "SearchPerson"): frozenset({"municipal_cs"}),
    ("national", "NotifyChanges"): frozenset({"prefectural_server"}),
    ("consistency", "CompareRecords"): frozenset({"municipal_cs"}),
    ("consistency", "CompareDigests"): frozenset({"municipal_cs"}),
    ("consistency_result", "NotifyConsistency"): frozenset({"prefectural_server", "national_server"}),
    ("jlis", "InquirePerson"): frozenset({"municipal_cs"}),
    ("jlis", "InquirePeople"): frozenset({"municipal_cs"}),
    ("jlis", "AllocateCodes"): frozenset({"municipal_cs"}),
    ("jlis", "RequestNumber"): frozenset({"municipal_cs"}),
    ("card_management", "QueryCards"): frozenset({"municipal_cs"}),
    ("card_management", "UpdateCard"): frozenset({"municipal_cs"}),
    ("card_management", "NotifyAddressees"): frozenset({"municipal_cs"}),
}
"""(service, operation) to the roles of its callers; what is not named may be called by nobody."""


def may_call(role: str, service: str, operation: str) -> bool:
    """Whether a counterpart of this role may call the operation."""
    return role in CALLERS.get((service, operation), frozenset())


def callers_of(service: str) -> tuple[str, ...]:
    """The roles that may call any operation of a service, sorted."""
    roles = {role for (name, _), callers in CALLERS.items() if name == service for role in callers}
    return tuple(sorted(roles))
