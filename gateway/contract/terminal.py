"""Service ``terminal``: what the 統合端末 (integrated terminal) asks of the 市町村CS."""

from __future__ import annotations

from gateway.contract import card_updates, cards, identity, inquiries, moves, search
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:terminal:1"

SERVICE = make_service(
    "terminal",
    (
        make_operation(_NAMESPACE, "VerifyIdentity", changes=False),
        make_operation(_NAMESPACE, "SearchPerson", changes=False),
        make_operation(_NAMESPACE, "QueryCards", changes=False),
        make_operation(_NAMESPACE, "QueryCardHistory", changes=False),
        make_operation(_NAMESPACE, "UpdateCard", changes=True),
        make_operation(_NAMESPACE, "InquirePerson", changes=False),
        make_operation(_NAMESPACE, "RequestTransferCertificate", changes=True),
        make_operation(_NAMESPACE, "CancelMoveIn", changes=True),
        make_operation(_NAMESPACE, "QueryMoves", changes=False),
    ),
)
CODECS = {
    "VerifyIdentity": identity.terminal_codec(_NAMESPACE),
    "SearchPerson": search.terminal_codec(_NAMESPACE),
    "QueryCards": cards.query_codec(_NAMESPACE),
    "QueryCardHistory": card_updates.history_codec(_NAMESPACE),
    "UpdateCard": card_updates.counter_codec(_NAMESPACE),
    "InquirePerson": inquiries.asking_codec(_NAMESPACE),
    "RequestTransferCertificate": moves.question_codec(_NAMESPACE),
    "CancelMoveIn": moves.step_codec(_NAMESPACE, "CancelMoveIn"),
    "QueryMoves": moves.query_codec(_NAMESPACE),
}
