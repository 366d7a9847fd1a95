"""gSOAP from Debian's packages: stubs in C made from our WSDL, its wsse plugin, and the tests' client.

The command compiles a program with them: ``gsoap SOURCE PROGRAM``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tests.tools import COMMANDS
from tests.tools.debian import LIBRARY_PATH, unpack
from tests.tools.fetch import CannotBeHad, run, write_wrapper

_ROOT: Final = Path(__file__).resolve().parents[2]
HELPER: Final = _ROOT / "docs" / "quickstart" / "signed-soap.c"
CLIENT: Final = _ROOT / "tests" / "interop" / "c" / "gsoap_client.c"
_PREFIXES: Final = {
    "terminal": "urn:juki-gateway:terminal:1",
    "registry": "urn:juki-gateway:resident_record:1",
    "municipal": "urn:juki-gateway:municipal:1",
    "t": "urn:juki-gateway:types:1",
    "juki": "urn:juki-gateway:faults:1",
}
_SERVICES: Final = ("terminal", "resident_record", "municipal")
_PLUGINS: Final = ("plugin/wsseapi", "plugin/smdevp", "plugin/mecevp", "plugin/wsaapi", "plugin/threads")
_DEFINED: Final = "-w -O0 -D_GNU_SOURCE -DWITH_OPENSSL -DWITH_DOM"
_LIBRARIES: Final = "-lgsoapssl -ljansson -lssl -lcrypto -lz -lpthread"


def get(folder: Path) -> None:
    """Unpack, make the stubs, compile everything that is the same for every program."""
    compiler = shutil.which("gcc")
    if compiler is None:
        raise CannotBeHad("there is no gcc")
    root = unpack(folder, "gsoap", "libgsoap-dev", "libjansson-dev", "libssl-dev", "zlib1g-dev")
    stubs, share = folder / "stubs", root / "usr" / "share" / "gsoap"
    stubs.mkdir()
    types = stubs / "typemap.dat"
    named = "".join(f'{prefix} = "{namespace}"\n' for prefix, namespace in _PREFIXES.items())
    types.write_text((share / "WS" / "typemap.dat").read_text("utf-8") + named, encoding="utf-8")
    files = [_ROOT / "wsdl" / f"{service}-1.wsdl" for service in _SERVICES]
    for program in ("wsdl2h", "soapcpp2"):
        write_wrapper(
            folder / "bin" / program, f'#!/bin/sh\n{LIBRARY_PATH}exec "$here/root/usr/bin/{program}" "$@"\n'
        )
    run(folder / "bin" / "wsdl2h", "-c", "-P", "-t", types, "-o", stubs / "juki.h", *files)
    generate = (
        folder / "bin" / "soapcpp2",
        "-C",
        "-c",
        "-x",
        "-1",
        "-L",
        "-I",
        f"{share}:{share / 'import'}",
    )
    run(*generate, "juki.h", cwd=stubs)
    machine = next(root.glob("usr/lib/*-linux-gnu"))
    options = (
        *_DEFINED.split(),
        *(f"-I{place}" for place in (stubs, share, share / "plugin", root / "usr" / "include")),
        *(f"-I{place}" for place in root.glob("usr/include/*-linux-gnu")),
        f"-I{HELPER.parent}",
    )
    sources = [share / f"{name}.c" for name in (*_PLUGINS, "custom/struct_timeval")]
    for source in (*sources, stubs / "soapC.c", stubs / "soapClient.c"):
        run(compiler, *options, "-c", source, "-o", folder / f"{source.stem}.o")
    words = " ".join(f'"{option}"' for option in options)
    write_wrapper(
        COMMANDS["gsoap"],
        f'#!/bin/sh\nexec "{compiler}" {words} "$1" "{folder}"/*.o -o "$2" '
        f'-L"{machine}" -Wl,-rpath,"{machine}" {_LIBRARIES}\n',
    )
    run(COMMANDS["gsoap"], CLIENT, folder / "client")


def version() -> str:
    """gSOAP's version. Raises CannotBeHad when the client is older than its sources."""
    client = COMMANDS["gsoap"].parents[1] / "client"
    if any(source.stat().st_mtime > client.stat().st_mtime for source in (CLIENT, HELPER)):
        raise CannotBeHad("the client is newer than its program")
    header = next(COMMANDS["gsoap"].parents[1].glob("root/usr/include/stdsoap2.h")).read_text("latin-1")
    number = int(header.partition("#define GSOAP_VERSION ")[2].split()[0])
    return f"{number // 100_000}.{number // 1_000 % 100}.{number % 1_000}"
