"""Makes the folder of a development network: PKI, state folders, credentials, settings, people.

Every part is made once; run again it makes what is missing, so an interrupted start goes on where it
stopped. What a person changed in a gateway.toml stays, but for addresses and missing counterparts.

    DIR/made-by            which command made the folder: network or demo
    DIR/pki/               the development PKI
    DIR/SYSTEM/            a state folder per system
    DIR/negative/          credentials that must be refused
    DIR/seals/             copies of every system's seals of its evidence
    DIR/people.csv         the synthetic people
    DIR/run/               process id of the supervisor
    DIR/network.json       while every server is ready
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.network.people import people_csv
from gateway.cli.network.plan import Plan, Planned
from gateway.cli.network.ports import choose_port
from gateway.cli.network.wiring import settings_for, updated
from gateway.clock import SystemClock
from gateway.errors import StateError, UsageError
from gateway.pki import Authority
from gateway.settings import load_settings, render_settings
from gateway.state import FOLDER_MODE, StateFolder, write_atomically
from gateway.stock import fill
from gateway.store import Store

MARKER = "made-by"
_SIGNING_KEY, _TLS_KEY = "RSA-2048", "P-256"


@dataclass(frozen=True, slots=True)
class Made:
    """The network's folder with everything in it; ``ports`` by system id."""

    folder: Path
    plan: Plan
    authority: Authority
    states: dict[str, StateFolder]
    ports: dict[str, int]

    def address(self, system: Planned) -> str:
        """The base address of a system that is served."""
        return f"https://127.0.0.1:{self.ports[system.id]}/"

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
    states = {system.id: _state(folder / system.id, system, plan) for system in plan.systems}
    ports: dict[str, int] = {}
    for system in plan.served:
        ports[system.id] = choose_port(states[system.id].remembered_port(), ports.values())
        states[system.id].remember_port(ports[system.id])
    made = Made(folder, plan, authority, states, ports)
    for system in plan.systems:
        _certify(made, system, say)
    for system in plan.systems:
        _set_up(made, system)
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


def _set_up(made: Made, system: Planned) -> None:
    """The settings as the network is now, and the people of a simulator."""
    state = made.states[system.id]
    current = load_settings(state.settings_file, with_environment=False)
    wanted = updated(
        current, system, made.plan, made.states, {s.id: made.address(s) for s in made.plan.served}
    )
    if wanted != current:
        state.write_settings(render_settings(wanted))
    if not made.people.exists():
        write_atomically(made.people, people_csv())
    if wanted.simulator is not None and not (people := state.resolve(wanted.simulator.people)).exists():
        write_atomically(people, made.people.read_bytes())
    if system.role == "municipal_cs":
        _take_stock(state, system, made.people)


def _take_stock(state: StateFolder, system: Planned, people: Path) -> None:
    """The first stock of a municipality's register; never again, since changes come later."""
    clock = SystemClock()
    store = Store.open(state.path, clock=clock, upgrade=True)
    try:
        if store.loader.source() is None:
            fill(store, people, now=clock.now(), within=system.municipality)
    finally:
        store.close()
