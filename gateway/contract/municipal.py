"""Service ``municipal``: what one 市町村CS asks and tells another in a special move-in (特例転入, flow 3).

Every 市町村CS serves it and calls it: one file for both sides.
"""

from __future__ import annotations

from gateway.contract import moves
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:municipal:1"

SERVICE = make_service(
    "municipal",
    (
        make_operation(_NAMESPACE, "RequestTransferCertificate", changes=True),
        make_operation(_NAMESPACE, "SendTransferCertificate", changes=True),
        make_operation(_NAMESPACE, "WithdrawRequest", changes=True),
        make_operation(_NAMESPACE, "NotifyMoveIn", changes=True),
    ),
)
CODECS = {
    "RequestTransferCertificate": moves.request_codec(_NAMESPACE),
    "SendTransferCertificate": moves.sending_codec(_NAMESPACE),
    "WithdrawRequest": moves.step_codec(_NAMESPACE, "WithdrawRequest"),
    "NotifyMoveIn": moves.notice_codec(_NAMESPACE),
}
