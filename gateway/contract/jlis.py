"""Service ``jlis``: what a 市町村CS asks of 機構 (地方公共団体情報システム機構, J-LIS)."""

from __future__ import annotations

from gateway.contract import inquiries, inquiry_files, issuing
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:jlis:1"

SERVICE = make_service(
    "jlis",
    (
        make_operation(_NAMESPACE, "InquirePerson", changes=False),
        make_operation(_NAMESPACE, "InquirePeople", changes=False),
        make_operation(_NAMESPACE, "AllocateCodes", changes=True),
        make_operation(_NAMESPACE, "RequestNumber", changes=True),
    ),
)
CODECS = {
    "InquirePerson": inquiries.provider_codec(_NAMESPACE),
    "InquirePeople": inquiry_files.many_codec(_NAMESPACE),
    "AllocateCodes": issuing.codes_codec(_NAMESPACE),
    "RequestNumber": issuing.number_codec(_NAMESPACE),
}
