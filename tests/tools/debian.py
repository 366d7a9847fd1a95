"""Debian packages without root: downloaded with a private state folder, and unpacked without being installed.

apt checks them against the archive's signature. What every Debian system has is left out: a second C
library beside the loader of the first does not run.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.tools.fetch import CannotBeHad, run

_LEFT_OUT = re.compile(r"lib(c6|gcc-s1|crypt1|c-bin)$")

LIBRARY_PATH = """\
# Runs the unpacked program with the libraries that were unpacked beside it.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH=$(echo "$here"/root/usr/lib/*-linux-gnu*):$(echo "$here"/root/lib/*-linux-gnu*)
export LD_LIBRARY_PATH
"""
"""Beginning of a wrapper script that stands in ``bin`` beside ``root``."""


def unpack(folder: Path, *packages: str, alone: Sequence[str] = ()) -> Path:
    """``folder``/root with the packages and every library that they need, and ``alone`` without theirs."""
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
    run("apt-get", *options, "-qq", "update")
    wanted = sorted({*alone, *(name for package in packages for name in _closure(options, package))})
    run("apt-get", *options, "-qq", "download", *wanted, cwd=archives)
    for package in sorted(archives.glob("*.deb")):
        run("dpkg-deb", "-x", package, root)
    shutil.rmtree(folder / "apt")
    _turn_links(root)
    return root


def _closure(options: tuple[str, ...], package: str) -> list[str]:
    """The package and every library that it needs, by name."""
    without = (
        f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    )
    listed = run("apt-cache", *options, "depends", "--recurse", *without, package)
    names = {line for line in listed.splitlines() if re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", line)}
    libraries = {name for name in names if name.startswith("lib") or name == "zlib1g"}
    return sorted({package, *(name for name in libraries if not _LEFT_OUT.match(name))})


def _turn_links(root: Path) -> None:
    """Links to absolute paths lead to what was unpacked, where it was (Java's settings live in /etc)."""
    for link in root.rglob("*"):
        if not link.is_symlink():
            continue
        target = link.readlink()
        inside = root / target.relative_to("/") if target.is_absolute() else None
        if inside is not None and inside.exists():
            link.unlink()
            link.symlink_to(os.path.relpath(inside, link.parent))
