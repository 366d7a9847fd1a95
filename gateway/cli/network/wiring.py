"""Who is registered with whom: the settings of each system of a development network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.cli.network.outside import PREFIX, Outside
from gateway.cli.network.plan import Plan, Planned
from gateway.settings import (
    Anchor,
    Budgets,
    Counterpart,
    Destination,
    Development,
    Evidence,
    ExtendedKeyUsage,
    InquiryFiles,
    Limits,
    Refusals,
    Settings,
    Simulator,
    Subject,
    System,
)
from gateway.state import StateFolder
from gateway.trust import MESSAGE_SIGNING

ANCHOR = "development"
CALLER_SLACK = 5.0
"""Seconds that a caller's deadline is longer than that of the system which it calls."""
SEALS = "seals"
"""The network's folder for copies of every system's seals, beside the state folders."""
PLENTY = 1_000_000
"""Budgets and rates of a development network: never in the way of a test or a benchmark."""


def settings_for(system: Planned, *, capture: bool = False) -> Settings:
    """The settings of a system that knows nobody yet."""
    return Settings(
        mode="development",
        system=System(id=system.id, role=system.role, name=system.name, municipality=system.municipality),
        limits=Limits(requests_per_minute=PLENTY),
        refusals=Refusals(keep_messages=True),
        evidence=Evidence(seal_copy=Path("..") / SEALS),
        inquiry_files=InquiryFiles(in_vain_percent=100),
        budgets=Budgets(per_operator=PLENTY, per_terminal=PLENTY, per_person=PLENTY),
        development=Development(capture=capture),
        simulator=Simulator() if system.simulated else None,
        anchors=(_anchor(),),
    )


def updated(
    current: Settings,
    system: Planned,
    plan: Plan,
    states: Mapping[str, StateFolder],
    addresses: Mapping[str, str],
    outside: Outside,
    returned: Collection[str] = (),
) -> Settings:
    """``current`` with the addresses of now, and with counterparts and destinations that it lacked.

    ``outside`` is what is known of external systems; ``returned`` are ids of those that were external before
    and are ours again.
    """
    known = {counterpart.id for counterpart in current.counterparts}
    planned = {other.id for other in plan.counterparts(system)}
    missing = [other for other in plan.counterparts(system) if other.id not in known]

    def holders(system_id: str) -> dict[str, Any]:
        return outside.holders(system_id) if system_id in outside else _holders(states[system_id])

    there = [
        one.model_copy(update=holders(one.id))
        if one.id in planned and (one.id in outside or one.id in returned)
        else one
        for one in current.counterparts
    ]
    old = {destination.id: destination for destination in current.destinations}
    called = {
        name: old.get(name, _destination(system, name, addresses[name])).model_copy(
            update={"url": addresses[name]}
        )
        for name in system.calls
    }
    kept = [destination for destination in current.destinations if destination.id not in called]
    own = (addresses[system.id],) if system.served else ()
    return current.model_copy(
        update={
            "listen": current.listen.model_copy(update={"addresses": own}),
            "anchors": (
                *(anchor for anchor in current.anchors if not anchor.name.startswith(PREFIX)),
                *outside.anchors(planned),
            ),
            "counterparts": (*there, *(_counterpart(other, holders(other.id)) for other in missing)),
            "destinations": (*kept, *called.values()),
        }
    )


def _destination(system: Planned, name: str, address: str) -> Destination:
    """Whoever is not served itself waits longer than the system between, whose fault it would miss else."""
    waits = Destination(id=name, url=address)
    if system.served:
        return waits
    return waits.model_copy(update={"deadline_seconds": waits.deadline_seconds + CALLER_SLACK})


def _anchor() -> Anchor:
    folder = Path("certificates")
    return Anchor(
        name=ANCHOR,
        certificate=folder / "root.pem",
        intermediates=(folder / "issuing.pem",),
        crls=(folder / "root.crl.pem", folder / "issuing.crl.pem"),
        extended_key_usage=ExtendedKeyUsage(
            signing=MESSAGE_SIGNING.dotted_string,
            tls_client=ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string,
            tls_server=ExtendedKeyUsageOID.SERVER_AUTH.dotted_string,
        ),
    )


def _counterpart(other: Planned, holders: dict[str, Any]) -> Counterpart:
    return Counterpart(
        id=other.id,
        role=other.role,
        municipality=other.municipality,
        **holders,
        terminals=other.terminals,
        operators=other.operators,
        purposes=other.purposes,
        legal_bases=other.legal_bases,
        fault_detail=True,
    )


def _holders(state: StateFolder) -> dict[str, Any]:
    return {use: (_holder(state.certificates / f"{use}.pem"),) for use in ("signing", "tls")}


def _holder(file: Path) -> Subject:
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return Subject(
        anchor=ANCHOR,
        issuer=certificate.issuer.rfc4514_string(),
        subject=certificate.subject.rfc4514_string(),
    )
