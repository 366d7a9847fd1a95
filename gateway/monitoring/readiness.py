"""The readiness of a system, put together from its settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gateway.clock import Clock, SystemClock
from gateway.errors import StateError
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Store
from gateway.telemetry import Alarms
from gateway.transport.readiness import Readiness
from gateway.trust import TrustStore
from gateway.trust.renewal import USES, Use, pairs
from gateway.wss.configured import profile_of


def readiness_of(
    state: StateFolder, settings: Settings, store: Store, trust: TrustStore, clock: Clock, alarms: Alarms
) -> Readiness:
    """What speaks against sending messages to this system."""
    return Readiness(
        store,
        trust,
        clock,
        state.data,
        alarms,
        skew=profile_of(settings).skew,
        own={use: partial(newest_certificate, settings, state.path, use) for use in USES},
        machine=SystemClock(),
    )


def newest_certificate(settings: Settings, folder: Path, use: Use) -> Path:
    """The file of the certificate in use, or of the one that is to follow it."""
    try:
        return pairs(settings, folder, use)[-1].certificate
    except StateError:  # told of elsewhere
        credentials = settings.credentials
        return folder / (credentials.signing_certificate if use == "signing" else credentials.tls_certificate)
