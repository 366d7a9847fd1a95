"""Tools that tests use and that cannot live in .venv, each in its own folder under ``build/tools``.

``python -m tests.tools`` gets them (``make tools``); ``find`` gives a tool's command, and a test whose tool
is missing is reported as "not run" by name.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "tools"
"""Where the tools are unpacked; ignored by git."""

NEWER_PYTHONS = ("python3.12", "python3.13")
"""Interpreters that the contract is tried on where they are at hand."""

COMMANDS = {
    **{name: FOLDER / name / "bin" / "python" for name in NEWER_PYTHONS},
    "atheris": FOLDER / "atheris" / "bin" / "python",  # -m tests.fuzz.guided
    "chromium": FOLDER / "chromium" / "bin" / "chromium",
    "gsoap": FOLDER / "gsoap" / "bin" / "gsoap",  # compiles a program with stubs of our WSDL
    "java": FOLDER / "java" / "bin" / "java",  # with WSS4J's jars on its class path
    "node": FOLDER / "node" / "bin" / "node",
    "php": FOLDER / "php" / "bin" / "php",
    "strace": FOLDER / "strace" / "bin" / "strace",
    "sslyze": FOLDER / "sslyze" / "bin" / "python",  # -m sslyze
    "vnu": FOLDER / "vnu" / "bin" / "vnu",
    "xmlsec1": FOLDER / "xmlsec1" / "bin" / "xmlsec1",
}
"""The executable of each tool."""


def find(name: str) -> Path | None:
    """The tool's executable; None when ``make tools`` has not got it."""
    command = COMMANDS[name]
    return command if os.access(command, os.X_OK) else None


def not_run(name: str) -> str:
    """What a test says that cannot run without the tool."""
    return f"not run: {name}: make tools has not got it"
