"""Service ``consistency``: what a 市町村CS sends to prefectural and national server to be compared."""

from __future__ import annotations

from gateway.contract import consistency_messages
from gateway.contract.service import PIECE_BYTES, make_operation, make_service

_NAMESPACE = "urn:juki-gateway:consistency:1"

SERVICE = make_service(
    "consistency",
    (
        make_operation(_NAMESPACE, "CompareRecords", changes=True),
        make_operation(_NAMESPACE, "CompareDigests", changes=False),
    ),
    body_bytes=PIECE_BYTES,
)
CODECS = {
    "CompareRecords": consistency_messages.piece_codec(_NAMESPACE),
    "CompareDigests": consistency_messages.digest_codec(_NAMESPACE),
}
