"""The prefectural server (都道府県サーバ) as a real counterpart: the people of one prefecture on record.

What it is notified of it passes on to the national server, through an outbox of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.national_server import NationalServer
from gateway.app import notice_maker, notice_route
from gateway.domain.search import Place
from gateway.errors import StateError
from gateway.flows.move_confirmed import MoveOutConfirmations
from gateway.running import Parts, System
from gateway.settings import Settings
from gateway.simulators.serving import Simulated, prepared_simulator
from gateway.state import StateFolder
from gateway.store import keep_confirmation


def prepared(state: StateFolder, settings: Settings) -> System:
    """The server with its people; its body's code (団体コード) says which prefecture it is."""
    if settings.system.municipality is None:
        raise StateError(f"{state.settings_file}: a prefectural server needs [system] municipality")
    return prepared_simulator(state, settings, PrefecturalServer, within=settings.system.municipality[:2])


class PrefecturalServer(Simulated):
    """What makes a system a prefectural server: the service ``prefectural`` over the prefecture's people."""

    def handlers(self, parts: Parts) -> dict[str, dict[str, Callable[[Any], Any]]]:
        """The use cases by service and operation."""
        return {
            "prefectural": {
                "SearchPerson": self.search_handler(parts, Place.PREFECTURE, "P"),
                "NotifyChanges": self.notified(
                    parts,
                    "P",
                    onward=notice_maker(NationalServer.SERVICE),
                    route=notice_route(parts.settings, "national_server", NationalServer.SERVICE),
                ),
                "ConfirmMoveOut": MoveOutConfirmations(
                    parts.store.changes,
                    parts.clock,
                    write=lambda unit, told: keep_confirmation(unit, told, parts.clock.now()),
                ),
            },
            "consistency": self.consistency_handlers(parts, "P"),
        }
