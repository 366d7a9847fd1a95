"""Settings of one system: frozen values read from ``gateway.toml`` and the environment.

A file with an unknown key is refused, and every refusal names the setting. The environment goes
before the file: ``JUKI_GATEWAY__LISTEN__PORT=8443`` sets ``port`` of ``[listen]``. Keys and
passwords never stand here, only the paths of their files.
"""

from gateway.settings.groups import (
    CALLER_ROLES,
    SIMULATOR_ROLES,
    Anchor,
    Clock,
    Counterpart,
    Credentials,
    Destination,
    Development,
    ExtendedKeyUsage,
    Listen,
    Operator,
    Role,
    Simulator,
    Subject,
    System,
)
from gateway.settings.limits import Budgets, Evidence, Guard, Limits, Outbox, Profile, Refusals
from gateway.settings.load import ENVIRONMENT_PREFIX, load_settings
from gateway.settings.model import Settings
from gateway.settings.template import render_settings

__all__ = [
    "CALLER_ROLES",
    "ENVIRONMENT_PREFIX",
    "SIMULATOR_ROLES",
    "Anchor",
    "Budgets",
    "Clock",
    "Counterpart",
    "Credentials",
    "Destination",
    "Development",
    "Evidence",
    "ExtendedKeyUsage",
    "Guard",
    "Limits",
    "Listen",
    "Operator",
    "Outbox",
    "Profile",
    "Refusals",
    "Role",
    "Settings",
    "Simulator",
    "Subject",
    "System",
    "load_settings",
    "render_settings",
]
