"""Chromium, from Debian's packages, with a font that has Japanese; the browser that opens the demo's page."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.tools import COMMANDS
from tests.tools.debian import LIBRARY_PATH, unpack
from tests.tools.fetch import run, write_wrapper

_FONT = "fonts-ipafont-gothic"
_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def get(folder: Path) -> None:
    """Chromium in ``folder``: the system's own behind a wrapper, or an unpacked one."""
    installed = shutil.which("chromium")
    if installed is not None:
        write_wrapper(COMMANDS["chromium"], f'#!/bin/sh\nexec "{installed}" "$@"\n')
        return
    root = unpack(folder, "chromium", alone=("chromium-common", _FONT))
    fonts = folder / "fonts.conf"
    fonts.write_text(
        _FONTS.format(fonts=root / "usr" / "share" / "fonts", cache=folder / "fontcache"), encoding="utf-8"
    )
    write_wrapper(
        COMMANDS["chromium"],
        f"#!/bin/sh\n{LIBRARY_PATH}"
        "LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$(echo $here/root/usr/lib/*-linux-gnu*/pulseaudio)\n"
        "FONTCONFIG_FILE=$here/fonts.conf\nexport FONTCONFIG_FILE\n"
        'exec "$here/root/usr/lib/chromium/chromium" "$@"\n',
    )


def version() -> str:
    """Its version."""
    return run(COMMANDS["chromium"], "--version").removeprefix("Chromium").strip()
