"""PHP with SoapClient and DOM, from Debian's packages."""

from __future__ import annotations

from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.debian import LIBRARY_PATH, unpack
from tests.tools.fetch import CannotBeHad, run, write_wrapper

_EXTENSIONS = ("dom", "soap")


def get(folder: Path) -> None:
    """PHP behind a wrapper that loads the extensions, and no settings of the machine's."""
    root = unpack(folder, "php8.2-cli", "php8.2-soap", "php8.2-xml", alone=("php8.2-common",))
    found = sorted(root.glob("usr/lib/php/2*/soap.so"))
    if not found:
        raise CannotBeHad("php8.2-soap has no soap.so")
    loaded = " ".join(f'-d extension="{found[0].parent}/{name}.so"' for name in _EXTENSIONS)
    write_wrapper(
        COMMANDS["php"], f'#!/bin/sh\n{LIBRARY_PATH}exec "$here/root/usr/bin/php8.2" -n {loaded} "$@"\n'
    )


def version() -> str:
    """Its version; an error when SoapClient is not there."""
    return run(COMMANDS["php"], "-r", "new ReflectionClass('SoapClient'); echo PHP_VERSION;")
