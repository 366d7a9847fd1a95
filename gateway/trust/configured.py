"""Trust as the settings name it: anchors, lists and the system's own signing key from the state folder."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from gateway.errors import StateError
from gateway.settings import Settings, clock_of
from gateway.trust.model import Anchor, Usage
from gateway.trust.renewal import CurrentPair, RenewedSigner
from gateway.trust.store import TrustStore


def trust_store(settings: Settings, folder: Path) -> TrustStore:
    """The trust store over every configured anchor; paths are relative to ``folder``. Raises StateError."""
    return TrustStore(
        [
            Anchor(
                name=anchor.name,
                certificate=_certificate(folder / anchor.certificate),
                intermediates=tuple(_certificate(folder / path) for path in anchor.intermediates),
                crl_files=tuple(folder / path for path in anchor.crls),
                revocation=anchor.revocation,
                extended_key_usage={
                    usage: oid
                    for usage, oid in (
                        (Usage.SIGNING, anchor.extended_key_usage.signing),
                        (Usage.TLS_CLIENT, anchor.extended_key_usage.tls_client),
                        (Usage.TLS_SERVER, anchor.extended_key_usage.tls_server),
                    )
                    if oid is not None
                },
            )
            for anchor in settings.anchors
        ]
    )


def signer(settings: Settings, folder: Path) -> RenewedSigner:
    """The system's own signing key, the one of now at any time. Raises StateError."""
    return RenewedSigner(CurrentPair(settings, folder, "signing", clock_of(settings, folder)))


def authority_files(settings: Settings, folder: Path) -> tuple[Path, ...]:
    """The certificates of every configured authority, roots and issuing, for TLS to build paths with."""
    return tuple(
        folder / path for anchor in settings.anchors for path in (anchor.certificate, *anchor.intermediates)
    )


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise StateError(f"{path}: not a PEM certificate") from None
