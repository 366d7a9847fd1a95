"""Logs and alarms: one JSON line per message, from an allow-list of keys, and nothing personal.

Call ``configure`` once per process; before that, log lines go nowhere.
"""

from gateway.telemetry.alarms import ALARMS, ActiveAlarm, Alarms
from gateway.telemetry.escape import CUT, escape
from gateway.telemetry.keys import ALLOWED
from gateway.telemetry.libraries import PINNED, loud_loggers
from gateway.telemetry.logs import about, bug, configure, current_reference, event, message, together, warning

__all__ = [
    "ALARMS",
    "ALLOWED",
    "CUT",
    "PINNED",
    "ActiveAlarm",
    "Alarms",
    "about",
    "bug",
    "configure",
    "current_reference",
    "escape",
    "event",
    "loud_loggers",
    "message",
    "together",
    "warning",
]
