"""Service ``consistency_result``: what prefectural and national server tell a 市町村CS that they found."""

from __future__ import annotations

from gateway.contract import consistency_messages
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:consistency_result:1"

SERVICE = make_service("consistency_result", (make_operation(_NAMESPACE, "NotifyConsistency", changes=True),))
CODECS = {"NotifyConsistency": consistency_messages.notice_codec(_NAMESPACE)}
