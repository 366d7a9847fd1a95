"""``python -m tests.tools``: get every tool, print its version, and say by name which one cannot be had.

No root is needed: Python tools go into a virtual environment of their own, from a lock file with hashes;
Debian packages are downloaded with a private state folder, checked by apt against the archive's signature,
and unpacked without being installed. Exit status 1 when a tool cannot be had.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.tools import COMMANDS, FOLDER

_HERE = Path(__file__).parent
_LEFT_OUT = re.compile(r"lib(c6|gcc-s1|crypt1|c-bin)$")
"""Packages of every Debian system: a second C library beside the loader of the first does not run."""

_WRAPPER = """\
#!/bin/sh
# Runs the unpacked program with the libraries that were unpacked beside it.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
export LD_LIBRARY_PATH
exec "$here/root/usr/bin/xmlsec1" "$@"
"""


class CannotBeHad(Exception):
    """Why a tool is not there."""


def main() -> int:
    """Get what is missing; see the module's docstring."""
    failed = False
    for name, (get, version) in _TOOLS.items():
        try:
            try:
                text = version()
            except (OSError, CannotBeHad):
                shutil.rmtree(FOLDER / name, ignore_errors=True)
                get(FOLDER / name)
                text = version()
            sys.stdout.write(f"{name} {text}\n")
        except (OSError, CannotBeHad) as error:
            sys.stdout.write(f"not run: {name}: {error}\n")
            failed = True
    return 1 if failed else 0


def _get_sslyze(folder: Path) -> None:
    _run(sys.executable, "-m", "venv", folder)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--require-hashes", "-r", _HERE / "setuptools.lock")
    # sslyze itself comes as source only; the setuptools installed just now builds it.
    _run(*pip, "--no-build-isolation", "--require-hashes", "-r", _HERE / "sslyze.lock")


def _sslyze_version() -> str:
    return _run(COMMANDS["sslyze"], "-c", "from importlib.metadata import version; print(version('sslyze'))")


def _get_xmlsec1(folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise CannotBeHad("it comes from Debian packages, and this is no Debian system")
    state, archives, root = folder / "apt" / "state", folder / "apt" / "archives", folder / "root"
    for made in (state / "lists" / "partial", archives / "partial", folder / "apt" / "cache", root):
        made.mkdir(parents=True)
    options = tuple(
        f"-o{option}"
        for option in (
            f"Dir::State={state}",
            "Dir::State::status=/var/lib/dpkg/status",
            f"Dir::Cache={folder / 'apt' / 'cache'}",
            "APT::Sandbox::User=",  # root may not give the download to another user here
            "Acquire::Languages=none",
            "Acquire::Retries=3",
        )
    )
    _run("apt-get", *options, "-qq", "update")
    wanted = _closure(options, "xmlsec1")
    _run("apt-get", *options, "-qq", "download", *wanted, cwd=archives)
    for package in sorted(archives.glob("*.deb")):
        _run("dpkg-deb", "-x", package, root)
    shutil.rmtree(folder / "apt")
    wrapper = COMMANDS["xmlsec1"]
    wrapper.parent.mkdir()
    wrapper.write_text(_WRAPPER, encoding="ascii")
    wrapper.chmod(0o755)


def _closure(options: tuple[str, ...], package: str) -> list[str]:
    """The package and every library that it needs, by name."""
    without = (
        f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    )
    listed = _run("apt-cache", *options, "depends", "--recurse", *without, package)
    names = {line for line in listed.splitlines() if re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", line)}
    libraries = {name for name in names if name.startswith("lib") or name == "zlib1g"}
    return sorted({package, *(name for name in libraries if not _LEFT_OUT.match(name))})


def _xmlsec1_version() -> str:
    return _run(COMMANDS["xmlsec1"], "--version").removeprefix("xmlsec1").strip()


def _run(*command: object, cwd: Path | None = None) -> str:
    """Standard output of a command. Raises CannotBeHad with the last line of what it complained of."""
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C"},
        timeout=600,
    )
    if done.returncode:
        complaint = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise CannotBeHad(f"{Path(str(command[0])).name} ended with {done.returncode} ({complaint})")
    return done.stdout.strip()


_TOOLS: dict[str, tuple[Callable[[Path], None], Callable[[], str]]] = {
    "sslyze": (_get_sslyze, _sslyze_version),
    "xmlsec1": (_get_xmlsec1, _xmlsec1_version),
}

if __name__ == "__main__":
    sys.exit(main())
