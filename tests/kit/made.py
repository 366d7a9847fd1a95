"""Networks that are made once in a process and copied for each test: keys and first stocks are slow to make.

A copy has ports of its own, and everything else that make_network completes. Tests of making itself do not
take it.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.network.folders import Made, make_network, take_folder
from gateway.cli.network.plan import DEVELOPMENT, Plan, Planned

_ORIGINALS: dict[tuple[object, ...], Path] = {}


def copied_network(folder: Path, plan: Plan = DEVELOPMENT) -> Made:
    """A network of this plan in a new folder."""
    shutil.copytree(_original(plan), folder, dirs_exist_ok=True)
    return make_network(folder, plan, lambda _text: None)


def sign_with(made: Made, system: Planned, kind: str) -> None:
    """A new signing key of this kind, with its certificate, for a system of a made network."""
    state = made.states[system.id]
    made.authority.issue(
        "signing",
        role=system.role,
        system=system.id,
        municipality=system.municipality,
        at=datetime.now(UTC),
        key_kind=kind,
        key_file=state.keys / "signing.key.pem",
        certificate_file=state.certificates / "signing.pem",
    )


def _original(plan: Plan) -> Path:
    plan = replace(plan, shared=None)  # a copy becomes several nodes by itself
    systems = (plan.capture, *(system.id for system in plan.own))
    if systems not in _ORIGINALS:
        home = Path(tempfile.mkdtemp(prefix="tests-network-"))
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        take_folder(home / "net", "network")
        made = make_network(home / "net", plan, lambda _text: None)
        for state in made.states.values():
            (state.run / "port").unlink(missing_ok=True)
        _ORIGINALS[systems] = home / "net"
    return _ORIGINALS[systems]
