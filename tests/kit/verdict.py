"""Verdicts of a trust store on a certificate, judged by hand so that they hold under ``python -O`` too."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509

from gateway.refusals import Refused
from gateway.trust import TrustedCertificate, TrustStore, Usage
from tests.kit.forge import AT, der
from tests.kit.refusal import check, expect_refusal

FAULTS = {"token-unreadable": "wsse:InvalidSecurityToken", "key-type": "wsse:UnsupportedAlgorithm"}
FAULTS["key-size"] = FAULTS["key-type"]


def accepts(store: TrustStore, certificate: x509.Certificate, at: datetime = AT) -> TrustedCertificate:
    try:
        return store.check(der(certificate), usage=Usage.SIGNING, at=at)
    except Refused as refused:
        check(False, f"{refused}; found {refused.found}; wanted {refused.wanted}")
        raise


def refuses(
    store: TrustStore,
    certificate: x509.Certificate | bytes,
    rule: str,
    at: datetime = AT,
    used: Usage = Usage.SIGNING,
) -> None:
    raw = certificate if isinstance(certificate, bytes) else der(certificate)
    with expect_refusal(rule, FAULTS.get(rule, "wsse:FailedAuthentication")):
        store.check(raw, usage=used, at=at)
