"""Service ``card_management``: what a 市町村CS asks and tells the 個人番号カード管理システム."""

from __future__ import annotations

from gateway.contract import addressees, card_updates, cards
from gateway.contract.service import PIECE_BYTES, make_operation, make_service

_NAMESPACE = "urn:juki-gateway:card_management:1"

SERVICE = make_service(
    "card_management",
    (
        make_operation(_NAMESPACE, "QueryCards", changes=False),
        make_operation(_NAMESPACE, "UpdateCard", changes=True),
        make_operation(_NAMESPACE, "NotifyAddressees", changes=True),
    ),
    body_bytes=PIECE_BYTES,
)
CODECS = {
    "QueryCards": cards.query_codec(_NAMESPACE),
    "UpdateCard": card_updates.order_codec(_NAMESPACE),
    "NotifyAddressees": addressees.piece_codec(_NAMESPACE, "NotifyAddressees"),
}
