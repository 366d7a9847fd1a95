"""Service ``number_use``: what a number-use system (マイナンバー利用業務システム) asks of the 市町村CS."""

from __future__ import annotations

from gateway.contract import inquiries
from gateway.contract.service import make_operation, make_service

_NAMESPACE = "urn:juki-gateway:number_use:1"

SERVICE = make_service("number_use", (make_operation(_NAMESPACE, "InquirePerson", changes=False),))
CODECS = {"InquirePerson": inquiries.asking_codec(_NAMESPACE)}
