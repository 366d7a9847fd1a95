"""What a system in production mode refuses to start with: one function, one finding a line.

Everything that is for tests only is named by a code, so that an operator and a script can tell which
setting to change. A system in development mode is not judged.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from gateway.errors import NotFitForProduction
from gateway.kill_points import VARIABLE, armed_in
from gateway.settings import CLOCK_FILE, SIMULATOR_ROLES, Settings
from gateway.state import StateFolder
from gateway.store.configured import in_the_open
from gateway.telemetry import loud_loggers
from gateway.trust import is_development
from gateway.trust.renewal import USES, pairs

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to start: a stable ``code`` and a text for the operator."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


def refuse_unfit(settings: Settings, state: StateFolder) -> None:
    """Raise NotFitForProduction when the system is in production mode and anything is found."""
    found = findings(settings, state) if settings.mode == "production" else []
    if found:
        lines = "\n".join(f"  {finding}" for finding in found)
        raise NotFitForProduction(f"{state.path}: not started in production mode:\n{lines}")


def findings(settings: Settings, state: StateFolder) -> list[Finding]:
    """Everything in the settings, the state folder and this process that is for tests only."""
    listen, counterparts, role = settings.listen, settings.counterparts, settings.system.role
    unrevoked = [anchor.name for anchor in settings.anchors if anchor.revocation == "off"]
    detailed = [counterpart for counterpart in counterparts if counterpart.fault_detail]
    judged = [
        ("simulator", role in SIMULATOR_ROLES, f"the role {role} is a simulator"),
        (
            "database-in-the-open",
            in_the_open(settings.database_url),
            "database_url goes over a network without sslmode=verify-full",
        ),
        ("plain-http", listen.plain_http, "listen.plain_http is on"),
        (
            "fault-detail",
            bool(detailed) and detailed == list(counterparts),
            "fault_detail is on for everyone",
        ),
        ("capture", settings.development.capture, "development.capture is on"),
        ("kill-point", armed_in(os.environ), f"the environment sets {VARIABLE}"),
        ("moved-clock", settings.clock.offset_seconds != 0, "clock.offset_seconds is not 0"),
        ("moved-clock", (state.path / CLOCK_FILE).exists(), f"{CLOCK_FILE}: the clock was moved"),
    ]
    return [
        *(Finding(code, text) for code, found, text in judged if found),
        *(Finding("revocation", f"anchor {name}: revocation is off") for name in unrevoked),
        *(
            Finding("development-ca", f"{path}: is marked as development")
            for path in _development(settings, state)
        ),
        *(Finding("readable", f"{path}: others may read it") for path in _readable(state.path)),
        *(Finding("loud-library", f"the logger {name} is below WARNING") for name in loud_loggers()),
    ]


def _development(settings: Settings, state: StateFolder) -> Iterator[Path]:
    """Files of anchors, chains and own certificates that carry the development PKI's mark."""
    files = [pair.certificate for use in USES for pair in pairs(settings, state.path, use)]
    for anchor in settings.anchors:
        files += [anchor.certificate, *anchor.intermediates]
    for file in map(state.resolve, files):
        # A file that is missing or unreadable is no finding here: the start fails on it with its own text.
        try:
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
        except (OSError, ValueError):
            continue
        if is_development(certificate):
            yield file


def _readable(folder: Path) -> Iterator[Path]:
    """The folder and all in it that group or others have any right to."""
    for path, _folders, files in os.walk(folder):
        for entry in (Path(path), *(Path(path) / name for name in sorted(files))):
            if entry.lstat().st_mode & _OTHERS and not entry.is_symlink():
                yield entry
