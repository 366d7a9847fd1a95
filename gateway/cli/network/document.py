"""network.json: what a script of any language needs to call the systems of a development network.

Version 1; keys may be added, none is renamed. Every path in it is absolute.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.access import callers_of
from gateway.cli.network.folders import EXTERNAL, Made
from gateway.cli.network.moving import ahead
from gateway.cli.network.plan import Planned
from gateway.contract import SERVICES
from gateway.pki import Credential, System, write_negative
from gateway.settings import clock_of, load_settings
from gateway.state import MONITORING_PORT, StateFolder, write_atomically
from gateway.trust.renewal import USES, Use, pair_at

VERSION = 1
NEGATIVE_ROLE = "integrated_terminal"
NEGATIVE_OTHER_ROLE = "national_server"


def network_document(made: Made, say: Callable[[str], None]) -> dict[str, Any]:
    """The content of network.json."""
    authority = made.authority
    return {
        "version": VERSION,
        "clock": {"offset_seconds": int(ahead(made.states.values()).total_seconds())},
        "trust": {
            "anchors": [str(authority.root_pem)],
            "intermediates": [str(authority.issuing_pem)],
            "crls": [str(authority.root_crl_pem), str(authority.issuing_crl_pem)],
        },
        "systems": [_system(made, system) for system in made.plan.systems],
        "negative": _negative(made, say),
        "sample": {"people": str(made.people)},
    }


def _system(made: Made, system: Planned) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": system.id,
        "role": system.role,
        "name": system.name,
        "municipality": system.municipality,
    }
    external = made.plan.external(system.id) is not None
    if external:
        entry["external"] = True
    else:
        entry["state"] = str(made.states[system.id].path)
    if system.served:
        address = made.address(system)
        entry["address"] = address
        entry["addresses"] = [node.address for node in made.nodes_of(system.id)] or [address]
        if nodes := made.nodes_of(system.id):
            entry["nodes"] = [
                {
                    "node": node.name,
                    "address": node.address,
                    "monitoring": monitoring(node.state),
                    "state": str(node.state.path),
                }
                for node in nodes
            ]
        if not external:
            entry["monitoring"] = monitoring(made.states[system.id])
        entry["services"] = {name: _service(name, address) for name in system.services}
    else:
        entry["terminals"] = list(system.terminals)
        entry["operators"] = [operator.model_dump() for operator in system.operators]
        entry["purposes"] = list(system.purposes)
        entry["legal_bases"] = list(system.legal_bases)
    if not external:
        return entry | credentials(made.states[system.id])
    folder = made.folder / EXTERNAL / system.id  # the key is not ours to know
    return entry | {use: {"certificate": str(folder / f"{use}.pem")} for use in USES}


def monitoring(state: StateFolder) -> str | None:
    """Where health and metrics of a server are; None where its settings switch them off."""
    settings = load_settings(state.settings_file, with_environment=False).monitoring
    port = settings.port or state.remembered_port(MONITORING_PORT)
    return f"http://{settings.host}:{port}/" if settings.enabled else None


def _service(name: str, address: str) -> dict[str, Any]:
    url = address.rstrip("/") + SERVICES[name].path
    return {"url": url, "wsdl": f"{url}?wsdl", "callers": list(callers_of(name))}


def _negative(made: Made, say: Callable[[str], None]) -> dict[str, Any]:
    """The credentials that must be refused: made once, their list kept beside them with relative paths.

    None without a terminal of ours: each goes with that one's good TLS credential.
    """
    named = next((system for system in made.plan.systems if system.role == NEGATIVE_ROLE), None)
    if named not in made.plan.own:  # the first one is somebody else's
        named = None
    others = [system for system in made.plan.served if system.role != NEGATIVE_ROLE]
    if named is None or not others:
        return {}
    other = next((system for system in others if system.role == NEGATIVE_OTHER_ROLE), others[0])
    folder = made.folder / "negative"
    listed = folder / "entries.json"
    if not listed.exists():
        say("issuing the credentials that must be refused")
        shutil.rmtree(folder, ignore_errors=True)
        entries = _write_negative(made, folder, named, other)
        relative = {
            name: _map_paths(entry, lambda path: path.relative_to(made.folder))
            for name, entry in entries.items()
        }
        write_atomically(listed, json.dumps(relative, indent=2).encode())
    entries = json.loads(listed.read_text(encoding="utf-8"))
    # Of whoever is there now: another system may have been left to somebody else since.
    for usage in USES:
        own = _credential(made.states[other.id], usage)
        files = {"key": own.key, "certificate": own.certificate}
        entries["wrong_role"][usage] = {
            name: str(path.relative_to(made.folder)) for name, path in files.items()
        }
    return {name: _map_paths(entry, lambda path: made.folder / path) for name, entry in entries.items()}


def _write_negative(made: Made, folder: Path, named: Planned, other: Planned) -> dict[str, dict[str, Any]]:
    other_state = made.states[other.id]
    entries = write_negative(
        made.authority,
        folder,
        as_system=System(named.role, named.id, named.municipality),
        tls=_credential(made.states[named.id], "tls"),
        other=(_credential(other_state, "signing"), _credential(other_state, "tls")),
        at=datetime.now(UTC),
    )
    return {name: entry.document() for name, entry in entries.items()}


def _map_paths(entry: dict[str, Any], change: Callable[[Path], Path]) -> dict[str, Any]:
    return {
        name: {part: str(change(Path(path))) for part, path in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in entry.items()
    }


def credentials(state: StateFolder) -> dict[str, dict[str, str]]:
    """The keys and certificates that a system uses now, as they stand in its entry."""
    found = {use: _credential(state, use) for use in USES}
    return {use: {"key": str(one.key), "certificate": str(one.certificate)} for use, one in found.items()}


def _credential(state: StateFolder, use: Use) -> Credential:
    settings = load_settings(state.settings_file, with_environment=False)
    pair = pair_at(settings, state.path, use, clock_of(settings, state.path).now())
    return Credential(pair.key, pair.certificate)
