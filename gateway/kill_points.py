"""Named places at which a test has a process killed, as by SIGKILL from outside but at that very place.

Nothing happens unless the environment names one: ``JUKI_GATEWAY_KILL_POINT=NAME``. ``NAME:3`` kills at the
third time that a process comes by; ``NAME@FILE`` only the one process that can make FILE, so that its
successor gets past. Production mode refuses to start while the variable is set.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import StateError

VARIABLE: Final = "JUKI_GATEWAY_KILL_POINT"

BEFORE_COMMIT: Final = "before-commit"
"""A unit of work has written everything, and commits next."""
AFTER_COMMIT: Final = "after-commit"
"""A unit of work is committed, and nobody was told."""
BEFORE_SHARED_COMMIT: Final = "answers-made-before-commit"
"""Answers are made and signed, and nothing of them is written."""
BEFORE_ANSWER: Final = "after-commit-before-answer"
"""A message's effects and its answer are committed, its bytes have not left."""
AFTER_CLAIM: Final = "after-claim"
"""A dispatcher holds committed leases, and has sent nothing."""
AFTER_SEND: Final = "after-send-before-settle"
"""A counterpart's answer is there, and is not written down."""
BEFORE_SETTLE: Final = "before-settle-commit"
"""What became of deliveries is written, and not committed."""
AFTER_SETTLE: Final = "after-settle-commit"
"""What became of deliveries is committed, and new claims with it."""
DURING_RECOVERY: Final = "during-recovery"
"""A dispatcher takes back what its predecessor held: written, and not committed."""

NAMES: Final = frozenset(
    {
        BEFORE_COMMIT,
        AFTER_COMMIT,
        BEFORE_SHARED_COMMIT,
        BEFORE_ANSWER,
        AFTER_CLAIM,
        AFTER_SEND,
        BEFORE_SETTLE,
        AFTER_SETTLE,
        DURING_RECOVERY,
    }
)
"""Every kill point."""

_FORM = re.compile(r"(?P<name>[a-z-]+)(?::(?P<times>[1-9][0-9]{0,8}))?(?:@(?P<file>/.+))?")


@dataclass(slots=True)
class KillPoint:
    """One armed place: ``left`` times more until it kills; ``once`` is a file that only one may make."""

    name: str
    left: int = 1
    once: Path | None = None


def parse(text: str) -> KillPoint:
    """The variable's value. Raises StateError for an unknown name: a test would pass for nothing."""
    match = _FORM.fullmatch(text)
    if match is None or match["name"] not in NAMES:
        raise StateError(f"{VARIABLE}: {text!r} is no kill point; there are {', '.join(sorted(NAMES))}")
    return KillPoint(match["name"], int(match["times"] or 1), Path(match["file"]) if match["file"] else None)


def armed_in(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a kill point."""
    return VARIABLE in environment


_armed: KillPoint | None = None


def arm(text: str) -> None:
    """Arm what a value of the variable names, in this process and those that it forks; as parse does."""
    global _armed  # noqa: PLW0603 - one for the whole process, as its environment is
    _armed = parse(text)


if armed_in(os.environ):
    arm(os.environ[VARIABLE])


def reach(name: str) -> None:
    """Called at a place; returns at once unless this is the place to be killed at."""
    if _armed is not None and _armed.name == name:
        _strike(_armed)


def _strike(point: KillPoint) -> None:
    point.left -= 1
    if point.left > 0:
        return
    if point.once is not None:
        try:
            os.close(os.open(point.once, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
