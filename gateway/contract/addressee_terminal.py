"""Service ``addressee_terminal``: what an addressee terminal (統合宛名管理端末) asks of a 市町村CS."""

from __future__ import annotations

from gateway.contract import inquiry_files
from gateway.contract.service import PIECE_BYTES, make_operation, make_service

_NAMESPACE = "urn:juki-gateway:addressee_terminal:1"

SERVICE = make_service(
    "addressee_terminal",
    (
        make_operation(_NAMESPACE, "DeliverInquiryPiece", changes=True),
        make_operation(_NAMESPACE, "QueryInquiryFile", changes=False),
        make_operation(_NAMESPACE, "FetchInquiryResults", changes=False),
    ),
    body_bytes=PIECE_BYTES,
)
CODECS = {
    "DeliverInquiryPiece": inquiry_files.piece_codec(_NAMESPACE),
    "QueryInquiryFile": inquiry_files.status_codec(_NAMESPACE),
    "FetchInquiryResults": inquiry_files.results_codec(_NAMESPACE),
}
