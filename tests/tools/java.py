"""Java with WSS4J and Santuario, from Debian's packages, and the client that the tests run, compiled."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.debian import unpack
from tests.tools.fetch import CannotBeHad, run, write_wrapper

_RUNTIME, _COMPILER = "openjdk-17-jre-headless", "openjdk-17-jdk-headless"
_LIBRARIES = (
    *("libwss4j-java", "libxml-security-java", "libcommons-logging-java", "libcommons-codec-java"),
    *("libslf4j-java", "libwoodstox-java", "libstax2-api-java", "libgoogle-gson-java"),
)
_JARS = (
    "wss4j",
    "xmlsec",
    "commons-logging",
    "commons-codec",
    "slf4j-api",
    "slf4j-nop",
    "woodstox-core",
    "gson",
)
_ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    _ROOT / "docs" / "quickstart" / "SignedSoapClient.java",
    _ROOT / "tests" / "interop" / "java" / "Wss4jClient.java",
)


def java(folder: Path) -> Path:
    """The system's Java, or one that is unpacked in ``folder``."""
    installed = shutil.which("java")
    return Path(installed) if installed is not None else _found(unpack(folder, _RUNTIME), "java")


def get(folder: Path) -> None:
    """Java behind a wrapper that has the libraries on its class path."""
    installed = shutil.which("java") is not None and shutil.which("javac") is not None
    root = unpack(folder, *(() if installed else (_RUNTIME, _COMPILER)), alone=_LIBRARIES)
    launcher = Path(shutil.which("java") or "") if installed else _found(root, "java")
    jars = _jars(root)
    if absent := [jar.name for jar in jars if not jar.exists()]:
        raise CannotBeHad(f"Debian's packages have no {', '.join(absent)}")
    path = ":".join(map(str, jars))
    compiler = launcher.resolve().parent / "javac"
    run(compiler, "-d", folder / "classes", "-cp", path, *SOURCES)
    text = f'CLASSPATH="{folder}/classes:{path}"\nexport CLASSPATH\nexec "{launcher}" "$@"\n'
    write_wrapper(COMMANDS["java"], f"#!/bin/sh\n{text}")


def version() -> str:
    """Java's version. Raises CannotBeHad when a library is missing, or the client newer than its classes."""
    folder = COMMANDS["java"].parents[1]
    if absent := [jar.name for jar in _jars(folder / "root") if not jar.exists()]:
        raise CannotBeHad(f"there is no {', '.join(absent)}")
    compiled = folder / "classes" / "Wss4jClient.class"
    if any(source.stat().st_mtime > compiled.stat().st_mtime for source in SOURCES):
        raise CannotBeHad("the client is newer than its classes")
    return run(COMMANDS["java"], "--version").splitlines()[0]


def _jars(root: Path) -> list[Path]:
    return [root / "usr" / "share" / "java" / f"{name}.jar" for name in _JARS]


def _found(root: Path, name: str) -> Path:
    for found in sorted(root.glob(f"usr/lib/jvm/*/bin/{name}")):
        return found
    raise CannotBeHad(f"{_RUNTIME} has no {name}")
