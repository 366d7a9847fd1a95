"""Alarms: what somebody must see to, by stable code, until it is over.

An alarm is a log line ``event=alarm`` when it begins and when it ends; in between it stands as a file
in run/alarms/, so that ``status`` sees it whichever process raised it. An alarm never raises an error of its
own: a disk that is full is told of by one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
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
        "guard-lost": "The duplicate guard was lost in a restore: a retry of a lost message acts twice.",
        "refusals-sampled": "A counterpart's messages are refused so often that only samples are kept.",
        "seal-not-copied": "A seal could not be copied to the folder outside.",
        "store-failed": "The database failed.",
        "worker-ended": "A serving process ended by itself.",
    }
)
"""Every code with its meaning. A code is never renamed and never used for something else."""

LAPSE_SECONDS = MappingProxyType(
    {"guard-undecided": 60.0, "refusals-sampled": 120.0, "store-failed": 600.0, "worker-ended": 600.0}
)
"""Alarms about something that happened and was over at once: they stand for so long after the last time."""

KEPT_AT_START = frozenset(
    {"dead-letters", "message-id-disputed", "budget-used-up", "evidence-restored", "guard-lost"}
)
"""Alarms whose cause outlasts an end of the system. All others begin anew if their cause is still there."""


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
        self._unwritten: set[Path] = set()  # begun while the disk took no file

    def begin(self, code: str, about: str = "") -> bool:
        """Raise an alarm; False when it is active already. Raises KeyError for a code not in the table."""
        ALARMS[code]
        now = datetime.now(UTC)
        content = json.dumps({"code": code, "about": escape(about), "since": now.timestamp()})
        file = self._file(code, about)
        if file.exists():
            return False
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
        except OSError as error:
            if isinstance(error, FileExistsError) and file.exists():
                return False  # another process was first
            with suppress(OSError):
                file.unlink()
            if file in self._unwritten:
                return False  # it stands in the log only, once a process
            self._unwritten.add(file)
        warning("alarm", code=code, state="begins", about=about)
        return True

    def renew(self, code: str, about: str = "") -> None:
        """Raise an alarm; when it is active, say that its cause is there again (see ``lapse``)."""
        if not self.begin(code, about):
            with suppress(OSError):
                os.utime(self._file(code, about))

    def lapse(self) -> None:
        """End the alarms of LAPSE_SECONDS whose cause did not come again for so long."""
        for file, alarm in self._found():
            seconds = LAPSE_SECONDS.get(alarm.code)
            with suppress(OSError):
                if seconds is not None and time.time() - file.stat().st_mtime > seconds:
                    self._end(file, alarm.code, alarm.about)

    def start_anew(self) -> None:
        """When a system starts: what a process that is gone has left is over, but for KEPT_AT_START."""
        for file, alarm in self._found():
            if alarm.code not in KEPT_AT_START:
                self._end(file, alarm.code, alarm.about)

    def end(self, code: str, about: str = "") -> bool:
        """The alarm is over; False when it was not active."""
        return self._end(self._file(code, about), code, about)

    def active(self) -> list[ActiveAlarm]:
        """All that are not over, oldest first."""
        return sorted((alarm for _, alarm in self._found()), key=lambda alarm: alarm.since)

    def _end(self, file: Path, code: str, about: str) -> bool:
        self._unwritten.discard(file)
        try:
            file.unlink()
        except OSError:
            return False
        event("alarm", code=code, state="over", about=about)
        return True

    def _found(self) -> Iterator[tuple[Path, ActiveAlarm]]:
        for file in sorted(self._folder.glob("*.json")):
            try:
                content = json.loads(file.read_text(encoding="utf-8"))
                since = datetime.fromtimestamp(content["since"], UTC)
                alarm = ActiveAlarm(content["code"], content["about"], since)
            except (OSError, ValueError, KeyError):
                continue  # ended or being written at this moment
            if alarm.code in ALARMS:
                yield file, alarm

    def _file(self, code: str, about: str) -> Path:
        digest = hashlib.sha256(about.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        return self._folder / (f"{code}.{digest}.json" if about else f"{code}.json")
