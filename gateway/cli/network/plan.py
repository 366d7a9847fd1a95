"""Which systems a development network has, as data: a further one is a further entry.

Everything else follows from it: who is registered with whom, what gateway.toml says, network.json.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from gateway.cli.network.external import External
from gateway.domain.codes import Purpose
from gateway.domain.inquiry import LegalBasis
from gateway.settings import SIMULATOR_ROLES, Operator, Role


@dataclass(frozen=True, slots=True)
class Planned:
    """One system of the network.

    ``services`` are the names of the services it offers, ``calls`` the ids of the systems that it calls.
    ``terminals``, ``operators``, ``purposes`` and ``legal_bases`` are what its messages may name.
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
    legal_bases: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Whether it runs as a server."""
        return bool(self.services)

    @property
    def simulated(self) -> bool:
        """Whether it stands in for somebody else's system, with synthetic people."""
        return self.role in SIMULATOR_ROLES


@dataclass(frozen=True, slots=True)
class Shared:
    """A gateway on a PostgreSQL, in so many nodes."""

    system: str
    database: str
    nodes: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """All systems of a network, servers before those that only call.

    ``capture`` keeps the bytes of every call to a counterpart, for the demo's page. ``externals`` are the
    systems that somebody else runs: they are left out, and everybody else knows theirs. ``shared`` is the one
    that runs in several nodes.
    """

    systems: tuple[Planned, ...]
    capture: bool = False
    externals: tuple[External, ...] = ()
    shared: Shared | None = None

    def system(self, system_id: str) -> Planned:
        """The system of this id. Raises KeyError when there is none."""
        for system in self.systems:
            if system.id == system_id:
                return system
        raise KeyError(system_id)

    def counterparts(self, system: Planned) -> tuple[Planned, ...]:
        """Whom ``system`` calls, and who calls it."""
        return tuple(other for other in self.systems if other.id in system.calls or system.id in other.calls)

    def external(self, system_id: str) -> External | None:
        """Who runs the system instead of us; None for one of ours."""
        return next((external for external in self.externals if external.id == system_id), None)

    def only(self, system_ids: Collection[str]) -> Plan:
        """The plan without any other system, and without the calls to those that are left out."""
        kept = (system for system in self.systems if system.id in system_ids)
        called = (
            replace(system, calls=tuple(one for one in system.calls if one in system_ids)) for system in kept
        )
        return replace(self, systems=tuple(called))

    def only_servers(self, system_ids: Collection[str]) -> Plan:
        """The plan with these servers only, and whoever calls no other. Raises KeyError for none of its."""
        for unknown in set(system_ids) - {system.id for system in self.served}:
            raise KeyError(unknown)
        callers = {one.id for one in self.systems if not one.served and set(one.calls) <= set(system_ids)}
        return self.only({*system_ids, *callers})

    @property
    def own(self) -> tuple[Planned, ...]:
        """The systems that are ours."""
        return tuple(system for system in self.systems if self.external(system.id) is None)

    @property
    def served(self) -> tuple[Planned, ...]:
        """Those of ours that run as servers."""
        return tuple(system for system in self.own if system.served)


_SERVERS = ("national-server", "card-management-server", "jlis-server")
_TOWNS = (("131016", "千代田区"), ("141003", "横浜市"))

DEVELOPMENT = Plan(
    (
        Planned(
            id="national-server",
            role="national_server",
            name="全国サーバ(模擬)",
            services=("national", "consistency"),
            calls=("131016-cs", "141003-cs"),
        ),
        Planned(
            id="13-prefectural-server",
            role="prefectural_server",
            name="東京都 都道府県サーバ(模擬)",
            municipality="130001",
            services=("prefectural", "consistency"),
            calls=("national-server", "131016-cs"),
        ),
        Planned(
            id="14-prefectural-server",
            role="prefectural_server",
            name="神奈川県 都道府県サーバ(模擬)",
            municipality="140007",
            services=("prefectural", "consistency"),
            calls=("national-server", "141003-cs"),
        ),
        Planned(
            id="card-management-server",
            role="card_management_system",
            name="個人番号カード管理システム(模擬)",
            services=("card_management",),
        ),
        Planned(
            id="jlis-server",
            role="jlis",
            name="機構(模擬)",
            services=("jlis",),
        ),
        Planned(
            id="131016-cs",
            role="municipal_cs",
            name="千代田区 市町村CS",
            municipality="131016",
            services=(
                *("terminal", "resident_record", "number_use", "addressee_terminal"),
                *("municipal", "consistency_result"),
            ),
            calls=("13-prefectural-server", *_SERVERS, "141003-cs"),
        ),
        Planned(
            id="141003-cs",
            role="municipal_cs",
            name="横浜市 市町村CS",
            municipality="141003",
            services=(
                *("terminal", "resident_record", "number_use", "addressee_terminal"),
                *("municipal", "consistency_result"),
            ),
            calls=("14-prefectural-server", *_SERVERS, "131016-cs"),
        ),
        *(
            Planned(
                id=f"{municipality}-terminal-1",
                role="integrated_terminal",
                name=f"{name} 統合端末1",
                municipality=municipality,
                calls=(f"{municipality}-cs",),
                terminals=(f"{municipality}-T001",),
                operators=(
                    Operator(verification_id=f"V{municipality}0001", operator_id="OP01"),
                    Operator(verification_id=f"V{municipality}0002", operator_id="OP02"),
                ),
                purposes=tuple(purpose.value for purpose in Purpose),
                legal_bases=tuple(basis.value for basis in LegalBasis),
            )
            for municipality, name in _TOWNS
        ),
        Planned(
            id="131016-number-use-1",
            role="number_use_system",
            name="千代田区 マイナンバー利用業務システム1",
            municipality="131016",
            calls=("131016-cs",),
            terminals=("131016-N001",),
            operators=(Operator(verification_id="V1310160201", operator_id="OP01"),),
            purposes=(Purpose.NUMBER_USE.value,),
            legal_bases=(LegalBasis.NUMBER_USE.value,),
        ),
        Planned(
            id="131016-addressee-terminal-1",
            role="addressee_terminal",
            name="千代田区 統合宛名管理端末1",
            municipality="131016",
            calls=("131016-cs",),
            terminals=("131016-A001",),
            operators=(Operator(verification_id="V1310160301", operator_id="OP01"),),
            purposes=(Purpose.NUMBER_USE.value,),
            legal_bases=(LegalBasis.NUMBER_USE.value,),
        ),
        *(
            Planned(
                id=f"{municipality}-registry",
                role="resident_record_system",
                name=f"{name} 既存住基システム",
                municipality=municipality,
                calls=(f"{municipality}-cs",),
                terminals=(f"{municipality}-R001",),
                operators=(Operator(verification_id=f"V{municipality}0101", operator_id="OP01"),),
                purposes=tuple(purpose.value for purpose in Purpose),
            )
            for municipality, name in _TOWNS
        ),
    )
)
"""Two municipalities in two prefectures, each with its prefectural server, its resident record system and a
terminal; a system that uses the 個人番号, an addressee terminal; the nation; 機構; the card management
system."""
