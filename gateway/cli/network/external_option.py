"""``--external ROLE-or-ID=[URL,]CERTIFICATE``: which system of the plan somebody else runs."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from cryptography import x509

from gateway.cli.network.external import External, read_external
from gateway.cli.network.plan import Plan, Planned
from gateway.contract import SERVICES
from gateway.errors import UsageError
from gateway.settings import Role
from gateway.trust import Usage
from gateway.trust.certificate import extension_of

OPTION = "--external"
_ADDRESS = re.compile(r"https://[^/?#\s,@]+/?")


def with_externals(plan: Plan, given: Sequence[str], *, at: datetime) -> Plan:
    """The plan with every system that an option names left to somebody else.

    Raises UsageError for an option that cannot be understood or certificates that would be refused.
    """
    externals: list[External] = []
    for text in given:
        external = _external(plan, text, at)
        if any(external.id == other.id for other in externals):
            raise UsageError(f"{OPTION}: {external.id} is given twice")
        externals.append(external)
    return replace(plan, externals=(*plan.externals, *externals))


def _external(plan: Plan, text: str, at: datetime) -> External:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise UsageError(
            f"{OPTION} {text!r}: write ROLE-or-ID=URL,CERTIFICATE, or ROLE-or-ID=CERTIFICATE for a system "
            "that only calls"
        )
    system = _named(plan, name)
    url, file = None, value
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        url, comma, file = value.partition(",")
        if not (comma and file):
            raise UsageError(f"{OPTION} {name}: a certificate is missing: write {name}={url},CERTIFICATE")
    if system.served and url is None:
        raise UsageError(f"{OPTION} {name}: {system.id} is called, so write {name}=URL,CERTIFICATE")
    if not system.served and url is not None:
        raise UsageError(f"{OPTION} {name}: {system.id} only calls, so write {name}=CERTIFICATE")
    usages = [Usage.TLS_SERVER] if url is not None else []
    if system.calls:
        usages.append(Usage.TLS_CLIENT)
    base = None if url is None else _base_address(system, url)
    external = read_external(Path(file), system_id=system.id, url=base, usages=usages, at=at)
    if base is not None:
        _judge_host(Path(file), external.tls, str(urlsplit(base).hostname))
    return external


def _named(plan: Plan, name: str) -> Planned:
    """The system of this id, or the only one of this role; the first of those that only call."""
    for system in plan.systems:
        if system.id == name:
            return system
    role = [system for system in plan.systems if system.role == name.replace("-", "_")]
    if role and (len(role) == 1 or not role[0].served):
        return role[0]
    if role:
        ids = ", ".join(system.id for system in role)
        raise UsageError(f"{OPTION} {name}: more than one system has this role, give the id: {ids}")
    known = ", ".join(f"{system.id} ({system.role})" for system in plan.systems)
    what = "no system of this role is in the network" if name in get_args(Role) else "no such role or id"
    raise UsageError(f"{OPTION} {name}: {what}; there are {known}")


def _base_address(system: Planned, url: str) -> str:
    """The base address that ends in a slash; the URL of the system's one service is taken for it too."""
    for service in system.services:
        url = url.removesuffix(SERVICES[service].path.removeprefix("/"))
    if not _ADDRESS.fullmatch(url):
        paths = " or ".join(SERVICES[service].path for service in system.services)
        raise UsageError(
            f"{OPTION} {system.id}: the address is https://HOST:PORT/, and {paths} is looked for below it"
        )
    try:
        port = urlsplit(url).port
    except ValueError:
        port = 0
    if port == 0:
        raise UsageError(f"{OPTION} {system.id}: the address has no valid port")
    return url if url.endswith("/") else f"{url}/"


def _judge_host(file: Path, certificate: x509.Certificate, host: str) -> None:
    """The TLS certificate must name the host that is called (RFC 6125): every TLS client looks for it."""
    names = extension_of(certificate, x509.SubjectAlternativeName)
    listed: list[str] = []
    if names is not None:
        listed += names.get_values_for_type(x509.DNSName)
        listed += map(str, names.get_values_for_type(x509.IPAddress))
    try:
        wanted = {str(ipaddress.ip_address(host))}
    except ValueError:
        wanted = {host.lower(), "*." + host.lower().partition(".")[2]}
    if wanted.isdisjoint(name.lower() for name in listed):
        raise UsageError(
            f"{file}: the TLS certificate does not name {host} as an alternative name, but "
            f"{', '.join(listed) or 'nothing'}"
        )
