"""Newer Pythons, where they are at hand: a virtual environment of each with what the contract needs.

The project runs on 3.11; that its contract does on later ones (gateway.contract._spyne_compat) is tried with
these. An interpreter that is not there is not fetched.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.fetch import CannotBeHad, run

_NEEDED = ("lxml", "pytz", "six", "spyne")
_LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"


def get(name: str, folder: Path) -> None:
    """Make the environment. Raises CannotBeHad."""
    run(_interpreter(name), "-m", "venv", folder)
    wanted = folder / "wanted.lock"
    wanted.write_text(_locked(), encoding="utf-8")
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--require-hashes", "-r", wanted)


def version(name: str) -> str:
    """The interpreter's version and spyne's. Raises OSError or CannotBeHad when they are not there."""
    python = COMMANDS[name]
    spyne = run(python, "-c", "from importlib.metadata import version; print(version('spyne'))")
    return f"{run(python, '-V').removeprefix('Python ')} (spyne {spyne})"


def _interpreter(name: str) -> Path:
    """One on the path that answers, or one of pyenv's. Raises CannotBeHad."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = shutil.which(name)
    found = [Path(on_path)] if on_path else []
    found += sorted(root.glob(f"versions/{name.removeprefix('python')}.*/bin/{name}"))
    for one in found:
        with suppress(CannotBeHad):
            run(one, "-V")
            return one
    raise CannotBeHad("there is no such interpreter here")


def _locked() -> str:
    """What is needed, at the versions and with the hashes of the project's own lock."""
    entries = re.split(r"^(?=[a-z0-9])", _LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return "".join(entry for entry in entries if re.split(r"[=\[ ]", entry)[0] in _NEEDED)
