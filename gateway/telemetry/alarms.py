"""Alarms: what somebody must see to, by stable code, until it is over.

An alarm is a log line ``event=alarm`` when it begins and when it ends; in between it stands as a file
in run/alarms/, so that ``status`` sees it whichever process raised it.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from gateway.telemetry.escape import escape
from gateway.telemetry.logs import event, warning

ALARMS = MappingProxyType(
    {
        "certificate-expires": "A certificate expires soon.",
        "crl-expires": "A revocation list is past its next update, or soon will be.",
        "crl-unreadable": "A revocation list cannot be read; the one before it stays in use.",
        "clock-moved": "The machine's clock jumped or runs behind what was already stored.",
        "counterpart-unreachable": "A counterpart cannot be reached.",
        "dead-letters": "Messages were refused for good; what stands behind them waits for an operator.",
        "message-id-disputed": "A counterpart says that it knows a MessageID with other content.",
        "disk-low": "The disk is nearly full.",
        "engines-disagree": "The two signature engines judged one message differently.",
        "guard-undecided": "The duplicate guard cannot tell whether a message was received before.",
        "budget-used-up": "An operator, a terminal or a person was asked for in vain too often.",
        "evidence-restored": "The database is an older copy: what came after its newest seal is lost.",
        "refusals-sampled": "A counterpart's messages are refused so often that only samples are kept.",
        "seal-not-copied": "A seal could not be copied to the folder outside.",
        "store-failed": "The database failed.",
        "worker-ended": "A serving process ended by itself.",
    }
)
"""Every code with its meaning. A code is never renamed and never used for something else."""


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """An alarm that is not over: ``about`` names the part concerned (a counterpart, a file), or is empty."""

    code: str
    about: str
    since: datetime

    @property
    def text(self) -> str:
        """What the code means."""
        return ALARMS[self.code]


class Alarms:
    """The active alarms of one system, kept in its run folder."""

    def __init__(self, run: Path) -> None:
        self._folder = run / "alarms"

    def begin(self, code: str, about: str = "") -> bool:
        """Raise an alarm; False when it is active already. Raises KeyError for a code not in the table."""
        ALARMS[code]
        self._folder.mkdir(mode=0o700, exist_ok=True)
        now = datetime.now(UTC)
        content = json.dumps({"code": code, "about": escape(about), "since": now.timestamp()})
        try:
            handle = os.open(self._file(code, about), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(content)
        warning("alarm", code=code, state="begins", about=about)
        return True

    def end(self, code: str, about: str = "") -> bool:
        """The alarm is over; False when it was not active."""
        try:
            self._file(code, about).unlink()
        except FileNotFoundError:
            return False
        event("alarm", code=code, state="over", about=about)
        return True

    def active(self) -> list[ActiveAlarm]:
        """All that are not over, oldest first."""
        found = []
        for file in self._folder.glob("*.json"):
            try:
                content = json.loads(file.read_text(encoding="utf-8"))
                since = datetime.fromtimestamp(content["since"], UTC)
                found.append(ActiveAlarm(content["code"], content["about"], since))
            except (OSError, ValueError, KeyError):
                continue  # ended or being written at this moment
        return sorted((alarm for alarm in found if alarm.code in ALARMS), key=lambda alarm: alarm.since)

    def _file(self, code: str, about: str) -> Path:
        digest = hashlib.sha256(about.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        return self._folder / (f"{code}.{digest}.json" if about else f"{code}.json")
