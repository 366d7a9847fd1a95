"""Service ``prefectural``: what a 市町村CS asks and tells its 都道府県サーバ (prefectural server)."""

from __future__ import annotations

from gateway.contract import changes, moves, search
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:prefectural:1"

SERVICE = make_service(
    "prefectural",
    (
        make_operation(_NAMESPACE, "SearchPerson", changes=False),
        make_operation(_NAMESPACE, "NotifyChanges", changes=True),
        make_operation(_NAMESPACE, "ConfirmMoveOut", changes=True),
    ),
)
CODECS = {
    "SearchPerson": search.register_codec(_NAMESPACE),
    "NotifyChanges": changes.notify_codec(_NAMESPACE),
    "ConfirmMoveOut": moves.confirmation_codec(_NAMESPACE),
}
