"""With whom a municipal CS checks consistency, and as whom it sends records."""

from __future__ import annotations

from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.errors import StateError
from gateway.settings import Settings

_ROLES = ("prefectural_server", "national_server")
_ITSELF = "SYSTEM"


def comparing(settings: Settings) -> list[str]:
    """The ids of the prefectural and the national server that are called."""
    called = {destination.id for destination in settings.destinations}
    return [
        known.id
        for role in _ROLES
        for known in settings.counterparts
        if known.role == role and known.id in called
    ]


def itself(settings: Settings) -> Caller:
    """The municipal CS as who asks. Raises StateError for a system without municipality."""
    if settings.system.municipality is None:
        raise StateError("gateway.toml: a municipal CS needs [system] municipality")
    return Caller(
        MunicipalityCode(settings.system.municipality),
        settings.system.id,
        Operator(_ITSELF, _ITSELF),
        Purpose.OFFICIAL_CORRECTION,
    )
