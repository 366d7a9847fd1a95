"""Runs the soak and says what it found; exit status 1 when anything, or when it was too little.

First kills and cuts under load, then every call to the operating system failing in its turn.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.kit.postgres import running_server
from tests.kit.syscalls import STRACE
from tests.soak.calls import in_turn
from tests.soak.changes import KINDS, soak
from tests.tools import not_run

KILLS = {
    "gateway": 12,
    "gateway-worker": 75,
    "dispatcher": 90,
    "prefecture": 8,
    "prefecture-worker": 45,
    "prefecture-dispatcher": 35,
    "nation": 5,
    "nation-worker": 35,
}
"""More than 300, and of gateway, dispatcher and counterparts more than 80 each."""

CHANGES = 20_000

NODES = {"node": 35, "node-worker": 35, "node-dispatcher": 40}
"""On PostgreSQL besides: of the second node."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run, to run it again")
    parser.add_argument("--changes", type=int, default=CHANGES, help="at least so many")
    parser.add_argument("--share", type=float, default=1.0, help="of the kills, for a shorter run")
    parser.add_argument("--only", choices=("kills", "calls"), help="one part")
    parser.add_argument("--folder", type=Path, default=None, help="where the run takes place and stays")
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="postgresql: the gateway in two nodes, their connections to it cut meanwhile",
    )
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        good = asked.only == "calls" or kills(asked, folder / "kills")
        return 0 if (asked.only == "kills" or calls(folder / "calls")) and good else 1


def kills(asked: argparse.Namespace, folder: Path) -> bool:
    """Processes are killed and connections cut, by the seed."""
    seed = secrets.randbits(32) if asked.seed is None else asked.seed
    say(f"seed {seed}")
    planned = {**KILLS, **NODES} if asked.database == "postgresql" else KILLS
    wanted = {target: max(1, round(count * asked.share)) for target, count in planned.items()}
    with ExitStack() as stack:
        on = stack.enter_context(running_server()) if asked.database == "postgresql" else None
        result = soak(folder, seed=seed, kills=wanted, changes=asked.changes, postgres=on, say=progress)
    say(f"seed {seed}: {result}")
    enough = result.kills == wanted and result.changes >= asked.changes
    return result.judgement.good and enough and set(result.kinds()) == set(KINDS.values())


def calls(folder: Path) -> bool:
    """Calls to the operating system fail in their turn."""
    if STRACE is None:
        say(not_run("strace"))
        return False
    good = True
    for tried in in_turn(folder, say=progress):
        say("\n  ".join([str(tried), *tried.findings[:20]]))
        good = good and not tried.findings
    return good


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def progress(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
