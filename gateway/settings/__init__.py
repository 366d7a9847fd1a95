"""Settings of one system: frozen values read from ``gateway.toml`` and the environment.

A file with an unknown key is refused, and every refusal names the setting. The environment goes
before the file: ``JUKI_GATEWAY__LISTEN__PORT=8443`` sets ``port`` of ``[listen]``. Keys and
passwords never stand here, only the paths of their files.
"""

from gateway.settings.clocked import CLOCK_FILE, clock_of, offset_of
from gateway.settings.groups import (
    CALLER_ROLES,
    SIMULATOR_ROLES,
    Anchor,
    Cards,
    Clock,
    Counterpart,
    Credentials,
    Destination,
    Development,
    ExtendedKeyUsage,
    InquiryFolder,
    Listen,
    Monitoring,
    Moves,
    Operator,
    Role,
    Simulator,
    Subject,
    System,
)
from gateway.settings.limits import (
    AccessLog,
    Addressees,
    Budgets,
    Consistency,
    Evidence,
    Guard,
    InquiryFiles,
    Limits,
    Outbox,
    Profile,
    Refusals,
)
from gateway.settings.load import ENVIRONMENT_PREFIX, load_settings
from gateway.settings.model import Settings
from gateway.settings.template import render_settings

__all__ = [
    "CALLER_ROLES",
    "CLOCK_FILE",
    "ENVIRONMENT_PREFIX",
    "SIMULATOR_ROLES",
    "AccessLog",
    "Addressees",
    "Anchor",
    "Budgets",
    "Cards",
    "Clock",
    "Consistency",
    "Counterpart",
    "Credentials",
    "Destination",
    "Development",
    "Evidence",
    "ExtendedKeyUsage",
    "Guard",
    "InquiryFiles",
    "InquiryFolder",
    "Limits",
    "Listen",
    "Monitoring",
    "Moves",
    "Operator",
    "Outbox",
    "Profile",
    "Refusals",
    "Role",
    "Settings",
    "Simulator",
    "Subject",
    "System",
    "clock_of",
    "load_settings",
    "offset_of",
    "render_settings",
]
