"""The prefectural server (都道府県サーバ) as a real counterpart: the people of one prefecture on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.domain.search import Place
from gateway.errors import StateError
from gateway.running import Parts
from gateway.settings import Settings
from gateway.simulators.serving import Simulated, serve_simulator
from gateway.state import StateFolder


def serve(state: StateFolder, settings: Settings) -> None:
    """Run the server until it is told to end; its body's code (団体コード) says which prefecture it is."""
    if settings.system.municipality is None:
        raise StateError(f"{state.settings_file}: a prefectural server needs [system] municipality")
    serve_simulator(state, settings, PrefecturalServer, within=settings.system.municipality[:2])


class PrefecturalServer(Simulated):
    """What makes a system a prefectural server: the service ``prefectural`` over the prefecture's people."""

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        return {"prefectural": {"SearchPerson": self.search_handler(parts, Place.PREFECTURE, "P")}}
