"""Service ``prefectural``: what a 市町村CS asks of its 都道府県サーバ (prefectural server)."""

from __future__ import annotations

from gateway.contract import search
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:prefectural:1"

SERVICE = make_service("prefectural", (make_operation(_NAMESPACE, "SearchPerson", changes=False),))
CODECS = {"SearchPerson": search.register_codec(_NAMESPACE)}
