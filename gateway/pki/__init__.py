"""The development PKI: authorities, certificates, CRLs and bad credentials, by profiles as data."""

from gateway.pki.authority import Authority, Credential, Issued
from gateway.pki.keys import KEY_KINDS
from gateway.pki.negative import NegativeEntry, System, write_negative
from gateway.pki.profile import Profile

__all__ = [
    "KEY_KINDS",
    "Authority",
    "Credential",
    "Issued",
    "NegativeEntry",
    "Profile",
    "System",
    "write_negative",
]
