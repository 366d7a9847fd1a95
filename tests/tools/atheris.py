"""atheris, libFuzzer for Python, beside the project's own environment: its wheel alone, by its hash."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.fetch import run, write_wrapper

_LOCK = Path(__file__).parent / "atheris.lock"


def get(folder: Path) -> None:
    """The wheel behind a wrapper: this Python, which finds it too."""
    site = folder / "site"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", site, "-r", _LOCK)
    text = f'PYTHONPATH="{site}" exec "{sys.executable}" "$@"\n'
    write_wrapper(COMMANDS["atheris"], f"#!/bin/sh\n{text}")


def version() -> str:
    """Its version."""
    asked = "import atheris; from importlib.metadata import version; print(version('atheris'))"
    return run(COMMANDS["atheris"], "-c", asked)
