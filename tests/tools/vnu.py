"""The Nu HTML checker: its jar from the npm registry, pinned by digest, on the system's Java or Debian's."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.fetch import CannotBeHad, run, write_wrapper
from tests.tools.java import java
from tests.tools.node import npm

_PACKAGE = "vnu-jar@26.9.27"
_SHA256 = "5970d3ffca91a627cf0965e5d91bb2e4242307c29292998de0b419d6a901b2b7"


def get(folder: Path) -> None:
    """The checker in ``folder``, behind a wrapper that starts Java."""
    folder.mkdir(parents=True)
    packed = folder / run(*npm(folder), "pack", "--silent", "--ignore-scripts", _PACKAGE, cwd=folder)
    if hashlib.sha256(packed.read_bytes()).hexdigest() != _SHA256:
        raise CannotBeHad(f"{_PACKAGE} is not the one whose digest is pinned")
    jar = folder / "vnu.jar"
    with tarfile.open(packed) as archive:
        inside = archive.extractfile("package/build/dist/vnu.jar")
        if inside is None:
            raise CannotBeHad(f"{_PACKAGE} has no vnu.jar")
        jar.write_bytes(inside.read())
    packed.unlink()
    write_wrapper(COMMANDS["vnu"], f'#!/bin/sh\nexec "{java(folder)}" -jar "{jar}" "$@"\n')


def version() -> str:
    """Its version."""
    return run(COMMANDS["vnu"], "--version")
