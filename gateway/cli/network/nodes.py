"""Several nodes of one gateway on one PostgreSQL: each a state folder, a port and a process of its own.

They are one system to everybody else: one id, one signing key, one list of addresses. A message that one of
them has taken, every other one knows.

    DIR/SYSTEM/     the first node, as without this
    DIR/SYSTEM-2/   the second, and so on: keys and certificates are copies of the first one's
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.cli.network.plan import Plan, Shared
from gateway.cli.network.ports import choose_port
from gateway.errors import UsageError
from gateway.settings import Settings, render_settings
from gateway.state import StateFolder, write_atomically


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a system: its name, and where its state and its front are."""

    name: str
    state: StateFolder
    port: int

    @property
    def address(self) -> str:
        """Its base address."""
        return f"https://127.0.0.1:{self.port}/"


def shared_by(plan: Plan, database: str | None, nodes: int) -> Plan:
    """The plan with its first gateway on ``database``, in so many nodes. Raises UsageError."""
    if database is None:
        if nodes != 1:
            raise UsageError("several nodes share one database: --nodes needs --database postgresql://…")
        return plan
    if not database.startswith("postgresql://"):
        raise UsageError("--database is a URL that begins with postgresql://")
    gateway = next(system for system in plan.own if system.role == "municipal_cs")
    return replace(plan, shared=Shared(gateway.id, database, nodes))


def make_nodes(
    folder: Path, shared: Shared | None, states: dict[str, StateFolder], ports: dict[str, int]
) -> tuple[Node, ...]:
    """The nodes of the shared system, the first being the one that is there anyway.

    Their folders and ports are added to ``states`` and ``ports`` under the folders' names.
    """
    if shared is None:
        return ()
    nodes = [Node("node-1", states[shared.system], ports[shared.system])]
    for number in range(2, shared.nodes + 1):
        path = folder / f"{shared.system}-{number}"
        if not (path / "gateway.toml").exists():
            shutil.rmtree(path, ignore_errors=True)
            StateFolder.create(path, states[shared.system].settings_file.read_text(encoding="utf-8"))
        state = StateFolder.open(path)
        port = choose_port(state.remembered_port(), ports.values())
        state.remember_port(port)
        states[path.name], ports[path.name] = state, port
        nodes.append(Node(f"node-{number}", state, port))
    return tuple(nodes)


def as_node(settings: Settings, shared: Shared, nodes: Sequence[Node], number: int = 0) -> Settings:
    """The settings of one of the nodes: its own address first, for that is what it tells of itself."""
    addresses = [node.address for node in nodes]
    addresses.insert(0, addresses.pop(number))
    return settings.model_copy(
        update={
            "database_url": shared.database,
            "node": nodes[number].name,
            "listen": settings.listen.model_copy(update={"addresses": tuple(addresses)}),
        }
    )


def complete(nodes: Sequence[Node], shared: Shared, settings: Settings) -> None:
    """Give every node but the first what the first has: keys, certificates, ``settings`` but for its own."""
    for number, node in enumerate(nodes[1:], start=1):
        for part in ("keys", "certificates"):
            for source in (nodes[0].state.path / part).iterdir():
                write_atomically(node.state.path / part / source.name, source.read_bytes())
        wanted = render_settings(as_node(settings, shared, nodes, number))
        if node.state.settings_file.read_text(encoding="utf-8") != wanted:
            node.state.write_settings(wanted)
