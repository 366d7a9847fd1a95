"""Service ``terminal``: what the 統合端末 (integrated terminal) asks of the 市町村CS."""

from __future__ import annotations

from gateway.contract import identity, search
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:terminal:1"

SERVICE = make_service(
    "terminal",
    (
        make_operation(_NAMESPACE, "VerifyIdentity", changes=False),
        make_operation(_NAMESPACE, "SearchPerson", changes=False),
    ),
)
CODECS = {
    "VerifyIdentity": identity.terminal_codec(_NAMESPACE),
    "SearchPerson": search.terminal_codec(_NAMESPACE),
}
