"""Trust: certificates, paths to anchors, revocation, and keys that sign (step 7 of the message profile)."""

from gateway.trust.certificate import (
    DEVELOPMENT_MARK,
    DEVELOPMENT_POLICY,
    MESSAGE_SIGNING,
    is_development,
    judge_key,
    read_certificate,
)
from gateway.trust.certificate_file import CertificateFile
from gateway.trust.model import Anchor, AnchorStatus, ChainLink, ListStatus, TrustedCertificate, Usage
from gateway.trust.signer import ECDSA_SHA256, ECDSA_SHA384, RSA_SHA256, FileSigner, Signer, at_present
from gateway.trust.store import TrustStore

__all__ = [
    "DEVELOPMENT_MARK",
    "DEVELOPMENT_POLICY",
    "ECDSA_SHA256",
    "ECDSA_SHA384",
    "MESSAGE_SIGNING",
    "RSA_SHA256",
    "Anchor",
    "AnchorStatus",
    "CertificateFile",
    "ChainLink",
    "FileSigner",
    "ListStatus",
    "Signer",
    "TrustStore",
    "TrustedCertificate",
    "Usage",
    "at_present",
    "is_development",
    "judge_key",
    "read_certificate",
]
