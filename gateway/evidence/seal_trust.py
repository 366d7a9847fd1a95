"""Whose certificates may seal: the system's own, now and before its key was changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature


class SealTrust:
    """The system's certificate, and earlier ones: issued to the same name by an authority we are anchored in.

    Revocation is not asked: a seal tells when it was made, and a list of today cannot tell of then.
    """

    def __init__(self, own: bytes, authorities: Sequence[x509.Certificate]) -> None:
        """``own`` is DER; ``authorities`` are the configured anchors and their intermediates."""
        self._own = own
        self._subject = x509.load_der_x509_certificate(own).subject
        self._authorities = tuple(authorities)

    def __call__(self, der: bytes, at: datetime) -> str | None:
        """Why a certificate may not have sealed at that time; None when it may."""
        if der == self._own:
            return None
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            return "its certificate cannot be read"
        if certificate.subject != self._subject:
            return "its certificate is not this system's"
        if not any(_issued(certificate, authority) for authority in self._authorities):
            return "its certificate was issued by none of the configured authorities"
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            return "its certificate was not valid at that time"
        return None


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
