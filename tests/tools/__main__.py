"""``python -m tests.tools``: get every tool, print its version, and say by name which one cannot be had.

No root is needed: Python tools go into a virtual environment of their own, from a lock file with hashes;
Debian packages are downloaded with a private state folder, checked by apt against the archive's signature,
and unpacked without being installed. Exit status 1 when a tool cannot be had.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.tools import (
    COMMANDS,
    FOLDER,
    NEWER_PYTHONS,
    atheris,
    chromium,
    gsoap,
    java,
    node,
    php,
    pythons,
    vnu,
)
from tests.tools.debian import LIBRARY_PATH, unpack
from tests.tools.fetch import CannotBeHad, run, write_wrapper

_HERE = Path(__file__).parent

_WRAPPER = f"""\
#!/bin/sh
{LIBRARY_PATH}exec "$here/root/usr/bin/{{name}}" "$@"
"""


def main() -> int:
    """Get what is missing; see the module's docstring."""
    failed = {name for name, (get, version) in _TOOLS.items() if not _have(name, get, version)}
    for name in NEWER_PYTHONS:  # none that is not at hand is missed
        _have(name, partial(pythons.get, name), partial(pythons.version, name))
    return 1 if failed - _NOT_EVERYWHERE else 0


def _have(name: str, get: Callable[[Path], None], version: Callable[[], str]) -> bool:
    """Get a tool unless it is there; says its version, or why it cannot be had."""
    try:
        try:
            text = version()
        except (OSError, CannotBeHad):
            shutil.rmtree(FOLDER / name, ignore_errors=True)
            get(FOLDER / name)
            text = version()
    except (OSError, CannotBeHad) as error:
        sys.stdout.write(f"not run: {name}: {error}\n")
        return False
    sys.stdout.write(f"{name} {text}\n")
    return True


def _get_sslyze(folder: Path) -> None:
    run(sys.executable, "-m", "venv", folder)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--require-hashes", "-r", _HERE / "setuptools.lock")
    # sslyze itself comes as source only; the setuptools installed just now builds it.
    run(*pip, "--no-build-isolation", "--require-hashes", "-r", _HERE / "sslyze.lock")


def _sslyze_version() -> str:
    return run(COMMANDS["sslyze"], "-c", "from importlib.metadata import version; print(version('sslyze'))")


def _get_xmlsec1(folder: Path) -> None:
    unpack(folder, "xmlsec1")
    write_wrapper(COMMANDS["xmlsec1"], _WRAPPER.format(name="xmlsec1"))


def _xmlsec1_version() -> str:
    return run(COMMANDS["xmlsec1"], "--version").removeprefix("xmlsec1").strip()


def _get_strace(folder: Path) -> None:
    """The system's own behind a wrapper, or an unpacked one."""
    installed = shutil.which("strace")
    if installed is not None:
        write_wrapper(COMMANDS["strace"], f'#!/bin/sh\nexec "{installed}" "$@"\n')
        return
    unpack(folder, "strace")
    write_wrapper(COMMANDS["strace"], _WRAPPER.format(name="strace"))


def _strace_version() -> str:
    return run(COMMANDS["strace"], "-V").splitlines()[0].rpartition(" ")[2]


_NOT_EVERYWHERE = {"atheris", "gsoap"}
"""What needs a wheel for this machine, or a C compiler: said where it cannot be had, and no failure."""

_TOOLS: dict[str, tuple[Callable[[Path], None], Callable[[], str]]] = {
    "atheris": (atheris.get, atheris.version),
    "chromium": (chromium.get, chromium.version),
    "gsoap": (gsoap.get, gsoap.version),
    "java": (java.get, java.version),
    "node": (node.get, node.version),
    "php": (php.get, php.version),
    "strace": (_get_strace, _strace_version),
    "sslyze": (_get_sslyze, _sslyze_version),
    "vnu": (vnu.get, vnu.version),
    "xmlsec1": (_get_xmlsec1, _xmlsec1_version),
}

if __name__ == "__main__":
    sys.exit(main())
