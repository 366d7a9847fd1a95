"""What ``status`` finds in the state folder: certificates, revocation lists, versions, alarms, the store.

Each look gives its part of the document, and what is wrong in plain words.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.cli.selfcheck import floor_checks, versions
from gateway.clock import Clock
from gateway.delivery import outbox_summary
from gateway.errors import StateError, StoreError
from gateway.evidence import SealUnreadable
from gateway.refusals import Refused
from gateway.settings import CALLER_ROLES, Settings
from gateway.state import StateFolder
from gateway.store import Store, schema
from gateway.store.configured import open_store
from gateway.telemetry import Alarms
from gateway.transport.readiness import CERTIFICATE_DAYS, LIST_WARNING
from gateway.trust import AnchorStatus, TrustStore, Usage
from gateway.trust.configured import signer
from gateway.trust.renewal import Use, pair_at, pairs

_DAY: Final = 86_400


@dataclass(slots=True)
class Part:
    """A part of the document, and what is wrong with it."""

    content: Any
    problems: list[str] = field(default_factory=list)


def certificates(settings: Settings, state: StateFolder, trust: TrustStore | None, now: datetime) -> Part:
    """The system's own certificates with days left, judged by the configured anchors where one has them."""
    part = Part([])
    server = settings.system.role not in CALLER_ROLES
    uses: tuple[tuple[Use, Usage], ...] = (
        ("signing", Usage.SIGNING),
        ("tls", Usage.TLS_SERVER if server else Usage.TLS_CLIENT),
    )
    for use, usage in uses:
        file = pair_at(settings, state.path, use, now).certificate
        later = [one for one in pairs(settings, state.path, use) if one.since and one.since > now]
        try:
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a PEM certificate"
            part.problems.append(f"{use} certificate: {file}: {reason}")
            part.content.append({"use": use, "file": str(file), "problem": reason})
            continue
        days = (certificate.not_valid_after_utc - now).days
        problem = _judged(certificate, trust, usage, now)
        if problem is None and days < CERTIFICATE_DAYS and not later:
            problem = f"ends in {days} days"
        if problem is not None:
            part.problems.append(f"{use} certificate: {problem}")
        part.content.append(
            {
                "use": use,
                "file": str(file),
                "subject": certificate.subject.rfc4514_string(),
                "issuer": certificate.issuer.rfc4514_string(),
                "not_after": _instant(certificate.not_valid_after_utc),
                "days_left": days,
                "renewed_from": _instant(later[0].since) if later and later[0].since else None,
                "problem": problem,
            }
        )
    if not part.problems:
        try:
            signer(settings, state.path)
        except StateError as error:
            part.problems.append(f"signing key: {error}")
    return part


def _judged(
    certificate: x509.Certificate, trust: TrustStore | None, usage: Usage, now: datetime
) -> str | None:
    """The rule that a counterpart with our anchors would refuse it by; None where that cannot be known."""
    if trust is None:
        return None
    try:
        trust.check(certificate.public_bytes(Encoding.DER), usage=usage, at=now)
    except Refused as refusal:
        # Our own authority need not be among those that we trust for others.
        return None if refusal.rule.name == "certificate-path" else refusal.rule.name
    return None


def anchors(trust: TrustStore | None, reason: str, now: datetime) -> Part:
    """Every anchor with its revocation lists; ``reason`` is why there is no trust store."""
    if trust is None:
        return Part([], [f"trust: {reason}"])
    part = Part([])
    for status in trust.status(now):
        part.problems += _anchor_problems(status, now)
        part.content.append(
            {
                "name": status.name,
                "subject": status.subject,
                "not_after": _instant(status.not_after),
                "days_left": status.days_left,
                "revocation": status.revocation,
                "development": status.development,
                "lists": [
                    {
                        "issuer": one.issuer,
                        "file": one.file,
                        "number": one.number,
                        "this_update": None if one.this_update is None else _instant(one.this_update),
                        "next_update": None if one.next_update is None else _instant(one.next_update),
                        "days_left": None if one.days_left is None else round(one.days_left, 2),
                    }
                    for one in status.lists
                ],
                "problems": list(status.problems),
            }
        )
    return part


def _anchor_problems(status: AnchorStatus, now: datetime) -> Iterable[str]:
    if status.days_left < CERTIFICATE_DAYS:
        yield f"anchor {status.name}: ends in {status.days_left} days"
    for one in status.lists:
        if one.next_update is None:
            yield f"anchor {status.name}: no revocation list of {one.issuer}"
        elif one.next_update - now < LIST_WARNING:
            yield f"anchor {status.name}: the revocation list of {one.issuer} has no fresh successor"
    for problem in status.problems:
        yield f"anchor {status.name}: {problem}"


def libraries() -> Part:
    """Product and libraries; one below its floor is wrong."""
    found = versions()
    content = {"juki-gateway": importlib.metadata.version("juki-gateway")}
    content |= {name: ".".join(map(str, version)) for name, version in found.items()}
    return Part(
        content,
        [
            f"{check.name} is {check.found}, wanted {check.wanted}"
            for check in floor_checks(found)
            if not check.good
        ],
    )


def alarms(state: StateFolder) -> Part:
    """Every alarm that is not over, oldest first."""
    active = Alarms(state.run).active()
    return Part(
        [
            {
                "code": alarm.code,
                "about": alarm.about,
                "since": _instant(alarm.since),
                "text": alarm.text,
            }
            for alarm in active
        ],
        [f"alarm {alarm.code}{f' ({alarm.about})' if alarm.about else ''}" for alarm in active],
    )


@dataclass(slots=True)
class StoreLook:
    """What the store tells; ``error`` when it cannot be read, all parts None for a system without one."""

    schema: str | None = None
    outbox: dict[str, Any] | None = None
    evidence: dict[str, Any] | None = None
    problems: list[str] = field(default_factory=list)
    error: StoreError | None = None


def look_into_store(settings: Settings, state: StateFolder, clock: Clock) -> StoreLook:
    """Backlog, dead letters and seals. A system that only calls, and kept nothing yet, has no store."""
    look = StoreLook()
    if (
        settings.system.role in CALLER_ROLES
        and not settings.database_url
        and not any(state.data.glob("*.sqlite"))
    ):
        return look
    try:
        store = open_store(state.path, settings, clock=clock, on_fatal=_stay)
        try:
            _look(store, look)
        finally:
            store.close()
    except StoreError as error:
        look.error = error
    return look


def _look(store: Store, look: StoreLook) -> None:
    look.schema = schema.version(store.database)
    outbox = outbox_summary(store).document()
    look.outbox = outbox
    if outbox["dead"]:
        look.problems.append(f"dead letters: {outbox['dead']}")
    try:
        newest = store.evidence_rows.newest_seal()
    except SealUnreadable as error:
        newest = None
        look.problems.append(f"the newest seal cannot be read: {error}")
    look.evidence = {
        "newest_seal": None if newest is None else {"number": newest.number, "at": _instant(newest.at)},
        "unsealed": store.evidence_rows.unsealed(),
    }


def _stay(_reason: str) -> None:
    """A look at a broken database ends with an error, not with the process."""


def open_trust(make: Callable[[Settings, Path], TrustStore], settings: Settings, folder: Path) -> Any:
    """The trust store, or None; and the reason why there is none."""
    try:
        return make(settings, folder), ""
    except StateError as error:
        return None, str(error)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
