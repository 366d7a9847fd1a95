"""Evidence as the settings name it: who seals, where copies go, whose seals are believed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.clock import Clock
from gateway.errors import StateError
from gateway.evidence.seal_trust import SealTrust
from gateway.settings import Settings, clock_of
from gateway.store.evidence_sealer import HoldsEvidence, SealCopies, Sealer
from gateway.trust import Signer
from gateway.trust.configured import authority_files
from gateway.trust.renewal import pair_at


def seal_copies(settings: Settings, folder: Path) -> SealCopies | None:
    """The folder of the seals' copies; None when none is configured. A relative path begins at ``folder``."""
    evidence = settings.evidence
    if evidence.seal_copy is None:
        return None
    return SealCopies(folder / evidence.seal_copy, settings.system.id, keep=evidence.seal_copies)


def sealer_of(
    settings: Settings,
    folder: Path,
    store: HoldsEvidence,
    signer: Signer,
    clock: Clock,
    alarm: Callable[[bool], object] = lambda _begins: None,
    *,
    notes: bool = True,
) -> Sealer:
    """The sealer of a system, with its signing key; ``notes`` as for Sealer."""
    copies = seal_copies(settings, folder)
    return Sealer(store, signer, clock, system=settings.system.id, copies=copies, alarm=alarm, notes=notes)


def seal_trust(settings: Settings, folder: Path) -> SealTrust:
    """Whose seals are believed. Raises StateError when the certificates cannot be read."""
    now = clock_of(settings, folder).now()
    own = _read(pair_at(settings, folder, "signing", now).certificate)
    return SealTrust(own.public_bytes(Encoding.DER), authorities(settings, folder))


def authorities(settings: Settings, folder: Path) -> list[x509.Certificate]:
    """The certificates of every configured authority. Raises StateError."""
    return [_read(file) for file in authority_files(settings, folder)]


def _read(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except OSError as error:
        raise StateError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise StateError(f"{file}: not a PEM certificate") from None
