"""Service ``national``: what a 市町村CS asks of the 全国サーバ (national server), and what it is notified of.

The caller in the message is who asked the 市町村CS: its municipality, terminal, operator and purpose.
"""

from __future__ import annotations

from gateway.contract import changes, identity, search
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:national:1"

SERVICE = make_service(
    "national",
    (
        make_operation(_NAMESPACE, "VerifyIdentity", changes=False),
        make_operation(_NAMESPACE, "SearchPerson", changes=False),
        make_operation(_NAMESPACE, "NotifyChanges", changes=True),
    ),
)
CODECS = {
    "VerifyIdentity": identity.national_codec(_NAMESPACE),
    "SearchPerson": search.register_codec(_NAMESPACE),
    "NotifyChanges": changes.notify_codec(_NAMESPACE),
}
