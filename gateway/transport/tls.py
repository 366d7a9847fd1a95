"""The TLS side of the front: one context from key, certificate and authorities, built anew for every reload.

Resumption would outlive revocation: no tickets, no ticket is ever sent, TLS 1.3 only unless a setting says
otherwise (TLS 1.2 resumes by session id, which Python's ssl cannot switch off). The handshake proves
possession and the path; whether the certificate is revoked, and whose it is, is decided for every request
(message profile, step 11).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import StateError


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: private key, certificate (with its chain), and the authorities of client certificates.

    ``tls12`` admits TLS 1.2 beside 1.3, with forward secrecy and authenticated encryption only.
    """

    key: Path
    certificate: Path
    authorities: tuple[Path, ...]
    tls12: bool = False


def build_context(files: TlsFiles) -> ssl.SSLContext:
    """A server context that demands a client certificate; ``StateError`` names the file that will not do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2 if files.tls12 else ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_SINGLE_ECDH_USE
    context.num_tickets = 0
    # Level 2 refuses RSA below 2048 bits and SHA-1 in certificates, for every version of the protocol.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2")
    context.set_alpn_protocols(["http/1.1"])
    context.verify_mode = ssl.CERT_REQUIRED
    if not files.authorities:
        raise StateError("TLS: no authority of client certificates is named")
    for authority in files.authorities:
        try:
            context.load_verify_locations(cafile=authority)
        except (OSError, ssl.SSLError) as error:
            raise StateError(f"TLS: the authority {authority} cannot be read ({_cause(error)})") from None
    try:
        # An encrypted key would ask on the terminal: a server has nobody there.
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise StateError(
            f"TLS: {files.certificate} and {files.key} cannot be used together ({_cause(error)})"
        ) from None
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "not PEM"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
