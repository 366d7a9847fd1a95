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
from gateway.cli.network.folders import Made
from gateway.cli.network.plan import Planned
from gateway.contract import SERVICES
from gateway.pki import Credential, System, write_negative
from gateway.state import StateFolder, write_atomically

VERSION = 1
NEGATIVE_ROLE = "integrated_terminal"
NEGATIVE_OTHER_ROLE = "national_server"


def network_document(made: Made, say: Callable[[str], None]) -> dict[str, Any]:
    """The content of network.json."""
    authority = made.authority
    return {
        "version": VERSION,
        "clock": {"offset_seconds": 0},
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
    state = made.states[system.id]
    entry: dict[str, Any] = {
        "id": system.id,
        "role": system.role,
        "name": system.name,
        "municipality": system.municipality,
        "state": str(state.path),
    }
    if system.served:
        address = made.address(system)
        entry["address"] = address
        entry["services"] = {name: _service(name, address) for name in system.services}
    else:
        entry["terminals"] = list(system.terminals)
        entry["operators"] = [operator.model_dump() for operator in system.operators]
        entry["purposes"] = list(system.purposes)
    for usage in ("signing", "tls"):
        credential = _credential(state, usage)
        entry[usage] = {"key": str(credential.key), "certificate": str(credential.certificate)}
    return entry


def _service(name: str, address: str) -> dict[str, Any]:
    url = address.rstrip("/") + SERVICES[name].path
    return {"url": url, "wsdl": f"{url}?wsdl", "callers": list(callers_of(name))}


def _negative(made: Made, say: Callable[[str], None]) -> dict[str, Any]:
    """The credentials that must be refused: made once, their list kept beside them with relative paths."""
    folder = made.folder / "negative"
    listed = folder / "entries.json"
    if not listed.exists():
        say("issuing the credentials that must be refused")
        shutil.rmtree(folder, ignore_errors=True)
        entries = _write_negative(made, folder)
        relative = {
            name: _map_paths(entry, lambda path: path.relative_to(made.folder))
            for name, entry in entries.items()
        }
        write_atomically(listed, json.dumps(relative, indent=2).encode())
    entries = json.loads(listed.read_text(encoding="utf-8"))
    return {name: _map_paths(entry, lambda path: made.folder / path) for name, entry in entries.items()}


def _write_negative(made: Made, folder: Path) -> dict[str, dict[str, Any]]:
    named, other = (
        next(system for system in made.plan.systems if system.role == role)
        for role in (NEGATIVE_ROLE, NEGATIVE_OTHER_ROLE)
    )
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


def _credential(state: StateFolder, usage: str) -> Credential:
    return Credential(state.keys / f"{usage}.key.pem", state.certificates / f"{usage}.pem")
