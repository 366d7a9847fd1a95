"""Makes the folder of a development network: PKI, state folders, credentials, settings, people.

Every part is made once; run again it makes what is missing, so an interrupted start goes on where it
stopped. What a person changed in a gateway.toml stays, but for addresses and missing counterparts.

    DIR/made-by            which command made the folder: network or demo
    DIR/pki/               the development PKI
    DIR/SYSTEM/            a state folder per system
    DIR/SYSTEM-2/          a further node of a system that runs in several (nodes.py)
    DIR/external/SYSTEM/   certificates of a system that somebody else runs
    DIR/negative/          credentials that must be refused
    DIR/seals/             copies of every system's seals of its evidence
    DIR/people.csv         the synthetic people
    DIR/run/               process id of the supervisor
    DIR/network.json       while every server is ready
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from gateway.cli.network.external import External
from gateway.cli.network.nodes import Node, as_node, complete, make_nodes
from gateway.cli.network.outside import PREFIX, Outside
from gateway.cli.network.people import people_csv
from gateway.cli.network.plan import Plan, Planned
from gateway.cli.network.ports import choose_port
from gateway.cli.network.wiring import ANCHOR, settings_for, updated
from gateway.errors import StateError, UsageError
from gateway.pki import Authority
from gateway.settings import Settings, clock_of, load_settings, render_settings
from gateway.state import FOLDER_MODE, MONITORING_PORT, StateFolder, write_atomically
from gateway.stock import fill
from gateway.store.configured import open_store

MARKER = "made-by"
EXTERNAL = "external"
"""The folder of what is known of systems that somebody else runs, one folder each."""
_SIGNING_KEY, _TLS_KEY = "RSA-2048", "P-256"


@dataclass(frozen=True, slots=True)
class Made:
    """The network's folder with everything in it; ``states`` and ``ports`` by system id, further nodes' by
    their folders' names."""

    folder: Path
    plan: Plan
    authority: Authority
    states: dict[str, StateFolder]
    ports: dict[str, int]
    nodes: tuple[Node, ...] = ()

    def address(self, system: Planned) -> str:
        """The base address of a system that is served, here or elsewhere."""
        external = self.plan.external(system.id)
        if external is not None and external.url is not None:
            return external.url
        return f"https://127.0.0.1:{self.ports[system.id]}/"

    def nodes_of(self, system_id: str) -> tuple[Node, ...]:
        """The nodes of a system that runs in several; none for any other."""
        shared = self.plan.shared
        return self.nodes if shared is not None and shared.system == system_id else ()

    @property
    def people(self) -> Path:
        """The synthetic people."""
        return self.folder / "people.csv"


def made_by(folder: Path) -> str | None:
    """Which command made ``folder``; None for one that is none of ours."""
    try:
        return (folder / MARKER).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None


def take_folder(folder: Path, maker: str) -> None:
    """Make ``folder``, or take one that an earlier command made. Raises UsageError for any other."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and made_by(folder) is None)):
        raise UsageError(f"{folder}: is not empty and no network of ours; give a new folder")
    try:
        (folder / "run").mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(f"{folder}: cannot be made ({error.strerror})") from error
    folder.chmod(FOLDER_MODE)
    if made_by(folder) is None:
        write_atomically(folder / MARKER, f"{maker}\n".encode())


def make_network(folder: Path, plan: Plan, say: Callable[[str], None]) -> Made:
    """Make or complete everything in ``folder``, which was taken before."""
    authority = _authority(folder / "pki", say)
    states = {system.id: _state(folder / system.id, system, plan) for system in plan.own}
    ports: dict[str, int] = {}
    for system in plan.served:
        ports[system.id] = choose_port(states[system.id].remembered_port(), ports.values())
        states[system.id].remember_port(ports[system.id])
    nodes = make_nodes(folder, plan.shared, states, ports)
    _remember_monitoring(states, ports)
    made = Made(folder, plan, authority, states, ports, nodes)
    for system in plan.own:
        _certify(made, system, say)
    _set_up(made)
    return made


def _authority(folder: Path, say: Callable[[str], None]) -> Authority:
    try:
        return Authority.open(folder)
    except StateError:
        # Nothing was ever issued by a PKI that is not whole.
        if (folder / "systems").exists() or (folder.parent / "network.json").exists():
            raise
        shutil.rmtree(folder, ignore_errors=True)
    say("making the development PKI")
    return Authority.create(folder, at=datetime.now(UTC))


def _state(folder: Path, system: Planned, plan: Plan) -> StateFolder:
    if (folder / "gateway.toml").exists():
        return StateFolder.open(folder)
    shutil.rmtree(folder, ignore_errors=True)  # half made: settings are written last
    return StateFolder.create(folder, render_settings(settings_for(system, capture=plan.capture)))


def _certify(made: Made, system: Planned, say: Callable[[str], None]) -> None:
    """The system's own credentials, and the authority's certificates."""
    state, authority = made.states[system.id], made.authority
    for profile, kind in (("signing", _SIGNING_KEY), ("tls", _TLS_KEY)):
        key, certificate = state.keys / f"{profile}.key.pem", state.certificates / f"{profile}.pem"
        if not (key.exists() and certificate.exists()):
            say(f"{system.id}: issuing its {profile} certificate")
            authority.issue(
                profile,
                role=system.role,
                system=system.id,
                municipality=system.municipality,
                at=datetime.now(UTC),
                key_kind=kind,
                key_file=key,
                certificate_file=certificate,
            )
    for source in (authority.root_pem, authority.issuing_pem):
        write_atomically(state.certificates / source.name, source.read_bytes())


def _set_up(made: Made) -> None:
    """The settings of every system as the network is now, and the people of registers."""
    root = x509.load_pem_x509_certificate(made.authority.root_pem.read_bytes())
    outside = Outside(made.plan.externals, own_anchor=ANCHOR, own_root=root)
    before = made.folder / EXTERNAL
    returned = [one for one in sorted(before.glob("*")) if one.name not in outside]
    for external in made.plan.externals:
        _keep_certificates(before / external.id, external)
    # All of them first: what cannot be used changes no file.
    wanted = {
        system.id: _settings(made, system, outside, [one.name for one in returned])
        for system in made.plan.own
    }
    for system in made.plan.own:
        _write_settings(made, system, wanted[system.id], outside)
        if made.plan.shared is not None and (nodes := made.nodes_of(system.id)):
            complete(nodes, made.plan.shared, wanted[system.id])
        _people(made, system, wanted[system.id])
    for folder in returned:
        shutil.rmtree(folder)


def _remember_monitoring(states: dict[str, StateFolder], ports: dict[str, int]) -> None:
    """A free port for each server's health and metrics, kept like that of its front."""
    taken = set(ports.values())
    for name in ports:
        port = choose_port(states[name].remembered_port(MONITORING_PORT), taken)
        states[name].remember_port(port, MONITORING_PORT)
        taken.add(port)


def _settings(made: Made, system: Planned, outside: Outside, returned: Collection[str]) -> Settings:
    current = load_settings(made.states[system.id].settings_file, with_environment=False)
    addresses = {one.id: made.address(one) for one in made.plan.systems if one.served}
    wanted = updated(current, system, made.plan, made.states, addresses, outside, returned)
    if made.plan.shared is not None and (nodes := made.nodes_of(system.id)):
        wanted = as_node(wanted, made.plan.shared, nodes)
    try:
        return Settings.model_validate(wanted.model_dump())
    except ValidationError as error:
        reasons = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        raise UsageError(f"{system.id}: these systems do not fit together: {reasons}") from None


def _write_settings(made: Made, system: Planned, wanted: Settings, outside: Outside) -> None:
    """gateway.toml and the files of anchors for external systems."""
    state = made.states[system.id]
    files = outside.files({other.id for other in made.plan.counterparts(system)})
    for path, content in files.items():
        write_atomically(state.resolve(path), content)
    if wanted != load_settings(state.settings_file, with_environment=False):
        state.write_settings(render_settings(wanted))
    for stale in state.certificates.glob(f"{PREFIX}*.pem"):
        if stale.relative_to(state.path) not in files:
            stale.unlink()


def _keep_certificates(folder: Path, external: External) -> None:
    """One file for each certificate, which network.json names."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    for use, certificate in (("signing", external.signing), ("tls", external.tls)):
        write_atomically(folder / f"{use}.pem", certificate.public_bytes(Encoding.PEM))


def _people(made: Made, system: Planned, settings: Settings) -> None:
    """The network's people, a simulator's, and the first stock of a municipality's register."""
    state = made.states[system.id]
    if not made.people.exists():
        write_atomically(made.people, people_csv())
    if settings.simulator is not None and not (people := state.resolve(settings.simulator.people)).exists():
        write_atomically(people, made.people.read_bytes())
    if system.role == "municipal_cs":
        _take_stock(state, system, made.people)


def _take_stock(state: StateFolder, system: Planned, people: Path) -> None:
    """The first stock of a municipality's register; never again, since changes come later."""
    settings = load_settings(state.settings_file, with_environment=False)
    clock = clock_of(settings, state.path)
    store = open_store(state.path, settings, clock=clock, upgrade=True)
    try:
        if store.loader.source() is None:
            fill(store, people, now=clock.now(), within=system.municipality)
    finally:
        store.close()
