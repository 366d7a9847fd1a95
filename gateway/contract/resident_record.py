"""Service ``resident_record``: what the 既存住基システム (resident record system) reports to the 市町村CS.

Its messages may carry a thousand changes or five hundred addressees: it takes pieces, with the larger
limits.
"""

from __future__ import annotations

from gateway.contract import addressees, card_updates, changes, issuing, moves
from gateway.contract.service import PIECE_BYTES, make_operation, make_service

_NAMESPACE = "urn:juki-gateway:resident_record:1"

SERVICE = make_service(
    "resident_record",
    (
        make_operation(_NAMESPACE, "ReportChanges", changes=True),
        make_operation(_NAMESPACE, "ResendChange", changes=True),
        make_operation(_NAMESPACE, "CancelChange", changes=True),
        make_operation(_NAMESPACE, "QueryChange", changes=False),
        make_operation(_NAMESPACE, "RevokeCards", changes=True),
        make_operation(_NAMESPACE, "DeliverAddressees", changes=True),
        make_operation(_NAMESPACE, "ListAddresseeTargets", changes=False),
        make_operation(_NAMESPACE, "QueryAddresseeSendings", changes=False),
        make_operation(_NAMESPACE, "RegisterTransferCertificate", changes=True),
        make_operation(_NAMESPACE, "CancelTransferCertificate", changes=True),
        make_operation(_NAMESPACE, "ListMoves", changes=False),
        make_operation(_NAMESPACE, "FetchMove", changes=False),
        make_operation(_NAMESPACE, "AcknowledgeMove", changes=True),
        make_operation(_NAMESPACE, "CompleteMoveIn", changes=True),
        make_operation(_NAMESPACE, "CancelMoveIn", changes=True),
        make_operation(_NAMESPACE, "AllocateCodes", changes=False),
        make_operation(_NAMESPACE, "RequestNumber", changes=False),
    ),
    body_bytes=PIECE_BYTES,
)
CODECS = {
    "ReportChanges": changes.report_codec(_NAMESPACE),
    "ResendChange": changes.resend_codec(_NAMESPACE),
    "CancelChange": changes.cancel_codec(_NAMESPACE),
    "QueryChange": changes.query_codec(_NAMESPACE),
    "RevokeCards": card_updates.revocation_codec(_NAMESPACE),
    "DeliverAddressees": addressees.piece_codec(_NAMESPACE, "DeliverAddressees"),
    "ListAddresseeTargets": addressees.targets_codec(_NAMESPACE),
    "QueryAddresseeSendings": addressees.sendings_codec(_NAMESPACE),
    "RegisterTransferCertificate": moves.registration_codec(_NAMESPACE),
    "CancelTransferCertificate": moves.step_codec(_NAMESPACE, "CancelTransferCertificate"),
    "ListMoves": moves.list_codec(_NAMESPACE),
    "FetchMove": moves.fetch_codec(_NAMESPACE),
    "AcknowledgeMove": moves.step_codec(_NAMESPACE, "AcknowledgeMove"),
    "CompleteMoveIn": moves.completion_codec(_NAMESPACE),
    "CancelMoveIn": moves.step_codec(_NAMESPACE, "CancelMoveIn"),
    # Nothing changes here: 機構 issues, and keeps what it issued.
    "AllocateCodes": issuing.codes_codec(_NAMESPACE),
    "RequestNumber": issuing.number_codec(_NAMESPACE),
}
