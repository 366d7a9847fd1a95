"""Which systems a development network has, as data: a further one is a further entry.

Everything else follows from it: who is registered with whom, what gateway.toml says, network.json.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.codes import Purpose
from gateway.settings import SIMULATOR_ROLES, Operator, Role


@dataclass(frozen=True, slots=True)
class Planned:
    """One system of the network.

    ``services`` are the names of the services it offers, ``calls`` the ids of the systems that it calls.
    ``terminals``, ``operators`` and ``purposes`` are what its messages may name.
    """

    id: str
    role: Role
    name: str
    municipality: str | None = None
    services: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    terminals: tuple[str, ...] = ()
    operators: tuple[Operator, ...] = ()
    purposes: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Whether it runs as a server."""
        return bool(self.services)

    @property
    def simulated(self) -> bool:
        """Whether it stands in for somebody else's system, with synthetic people."""
        return self.role in SIMULATOR_ROLES


@dataclass(frozen=True, slots=True)
class Plan:
    """All systems of a network, servers before those that only call.

    ``capture`` keeps the bytes of every call to a counterpart, for the demo's page.
    """

    systems: tuple[Planned, ...]
    capture: bool = False

    def system(self, system_id: str) -> Planned:
        """The system of this id. Raises KeyError when there is none."""
        for system in self.systems:
            if system.id == system_id:
                return system
        raise KeyError(system_id)

    def counterparts(self, system: Planned) -> tuple[Planned, ...]:
        """Whom ``system`` calls, and who calls it."""
        return tuple(other for other in self.systems if other.id in system.calls or system.id in other.calls)

    @property
    def served(self) -> tuple[Planned, ...]:
        """The systems that run as servers."""
        return tuple(system for system in self.systems if system.served)


DEVELOPMENT = Plan(
    (
        Planned(
            id="national-server",
            role="national_server",
            name="全国サーバ(模擬)",
            services=("national",),
        ),
        Planned(
            id="13-prefectural-server",
            role="prefectural_server",
            name="東京都 都道府県サーバ(模擬)",
            municipality="130001",
            services=("prefectural",),
        ),
        Planned(
            id="14-prefectural-server",
            role="prefectural_server",
            name="神奈川県 都道府県サーバ(模擬)",
            municipality="140007",
            services=("prefectural",),
        ),
        Planned(
            id="131016-cs",
            role="municipal_cs",
            name="千代田区 市町村CS",
            municipality="131016",
            services=("terminal",),
            calls=("13-prefectural-server", "national-server"),
        ),
        Planned(
            id="141003-cs",
            role="municipal_cs",
            name="横浜市 市町村CS",
            municipality="141003",
            services=("terminal",),
            calls=("14-prefectural-server", "national-server"),
        ),
        Planned(
            id="131016-terminal-1",
            role="integrated_terminal",
            name="千代田区 統合端末1",
            municipality="131016",
            calls=("131016-cs",),
            terminals=("131016-T001",),
            operators=(
                Operator(verification_id="V1310160001", operator_id="OP01"),
                Operator(verification_id="V1310160002", operator_id="OP02"),
            ),
            purposes=tuple(purpose.value for purpose in Purpose),
        ),
    )
)
"""Two municipalities in two prefectures, each with its prefectural server; one terminal; the nation."""
