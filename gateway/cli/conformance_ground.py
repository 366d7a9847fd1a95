"""What captured messages are judged against: a network, the state of one system, or trust alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from gateway.access import Admission, Counterparts
from gateway.conformance import Ground, NewestLists, Seen
from gateway.errors import StateError, UsageError
from gateway.running import addresses_of
from gateway.settings import Settings, System, clock_of, load_settings
from gateway.state import StateFolder
from gateway.trust import Anchor, TrustedCertificate, TrustStore
from gateway.trust.configured import trust_store
from gateway.wss.configured import profile_of
from gateway.wss.verify import Trust

Holder = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Grounds:
    """``of`` gives the ground for a message and, for an answer, the request that it came to."""

    now: datetime
    of: Callable[[Seen, Seen | None], Ground]


def ground_of(
    network: Path | None, state: Path | None, trust: Sequence[Path], lists: Sequence[Path]
) -> Grounds:
    """The ground by the one option that was given. Raises UsageError, StateError."""
    if sum((network is not None, state is not None, bool(trust))) != 1:
        raise UsageError("give one of --network FILE, --state DIR, --trust FILE")
    if network is not None:
        return _of_network(network_document(network))
    return _of_trust(trust, lists) if state is None else _of_state(_System.opened(state))


def network_document(file: Path) -> Mapping[str, Any]:
    """What stands in network.json. Raises UsageError, and StateError for a file that is none."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError:
        raise StateError(f"{file}: not a network.json") from None


@dataclass(frozen=True, slots=True)
class _System:
    settings: Settings
    trust: TrustStore
    now: datetime

    @classmethod
    def opened(cls, folder: Path) -> _System:
        state = StateFolder.open(folder)
        settings = load_settings(state.settings_file)
        return cls(settings, trust_store(settings, state.path), clock_of(settings, state.path).now())

    def ground(self, seen: Seen, addresses: Iterable[str] | None) -> Ground:
        """As a request that this system received."""
        admission = Admission(self.trust, Counterparts(self.settings.counterparts), plain_http=True)
        return Ground(
            NewestLists(self.trust, self.now),
            profile_of(self.settings, pieces=_pieces(seen)),
            None if addresses is None else frozenset(addresses),
            admission,
        )

    def holders(self, systems: Iterable[str]) -> set[Holder]:
        """Who signs for these systems, as this one has them registered."""
        known = [one for one in self.settings.counterparts if one.id in systems]
        return {(holder.anchor, holder.issuer, holder.subject) for one in known for holder in one.signing}


def _of_state(system: _System) -> Grounds:
    settings = system.settings

    def of(seen: Seen, asked: Seen | None) -> Ground:
        if seen.kind == "request":
            return system.ground(seen, addresses_of(settings, settings.listen.port))
        # Whoever is asked; the one that was, where it is known.
        asked_for = {one.id for one in settings.destinations if asked is None or asked.to.startswith(one.url)}
        return _answer_ground(system.ground(seen, None), system.holders(asked_for))

    return Grounds(system.now, of)


def _of_network(document: Mapping[str, Any]) -> Grounds:
    entries = {str(entry["id"]): entry for entry in document["systems"]}
    systems = {
        one: _System.opened(Path(entry["state"])) for one, entry in entries.items() if "state" in entry
    }
    if not systems:
        raise UsageError("no system of this network has its keys here")
    some = next(iter(systems.values()))
    everybody = TrustStore(list(_anchors(systems.values())))

    def served(seen: Seen, url: str | None) -> list[str]:
        """The systems that have the service, at ``url`` when one is given."""
        found = []
        for one, entry in entries.items():
            for name in entry.get("services", {}):
                if seen.service is not None and name != seen.service.name:
                    continue
                if url is None or url in _urls(entry, name):
                    found.append(one)
        return found

    def of(seen: Seen, asked: Seen | None) -> Ground:
        if seen.kind != "request":
            ids = served(asked or seen, None if asked is None else asked.to)
            holders = {holder for system in systems.values() for holder in system.holders(ids)}
            trust = NewestLists(everybody, some.now)
            profile = profile_of(some.settings, pieces=_pieces(seen))
            return _answer_ground(Ground(trust, profile), holders)
        receiver = next(iter(served(seen, seen.to)), None)
        if receiver in systems:
            return systems[receiver].ground(seen, entries[receiver]["addresses"])
        addresses = [base for entry in entries.values() for base in entry.get("addresses", ())]
        trust = NewestLists(everybody, some.now)
        return Ground(trust, profile_of(some.settings, pieces=_pieces(seen)), frozenset(addresses))

    return Grounds(some.now, of)


def store_of(files: Sequence[Path], lists: Sequence[Path]) -> TrustStore:
    """Trust in authorities in PEM files; revocation is judged where lists are given. Raises UsageError."""
    certificates = [one for file in files for one in _certificates(file)]
    roots = [one for one in certificates if one.issuer == one.subject]
    others = tuple(one for one in certificates if one not in roots)
    if not roots:
        raise UsageError("--trust: there is no root (a certificate that is its own issuer) among them")
    return TrustStore(
        [
            Anchor(f"root {number}", root, others, tuple(lists), "crl" if lists else "off")
            for number, root in enumerate(roots, start=1)
        ]
    )


def _of_trust(files: Sequence[Path], lists: Sequence[Path]) -> Grounds:
    now = datetime.now(UTC)
    trust: Trust = NewestLists(store_of(files, lists), now)
    usual = Settings(system=System(id="check", role="municipal_cs", name="check", municipality="131016"))
    return Grounds(now, lambda seen, _: Ground(trust, profile_of(usual, pieces=_pieces(seen))))


def _answer_ground(ground: Ground, holders: set[Holder]) -> Ground:
    def answers_for(certificate: TrustedCertificate) -> bool:
        return (certificate.anchor, certificate.issuer, certificate.subject) in holders

    return Ground(ground.trust, ground.profile, answers_for=answers_for)


def _anchors(systems: Iterable[_System]) -> Iterable[Anchor]:
    """Each anchor of any of them once."""
    known: set[x509.Certificate] = set()
    for anchor in (anchor for system in systems for anchor in system.trust.anchors):
        if anchor.certificate not in known:
            known.add(anchor.certificate)
            yield anchor


def _urls(entry: Mapping[str, Any], service: str) -> set[str]:
    """Where a service of a system is, at each of its nodes."""
    url, address = str(entry["services"][service]["url"]), str(entry["address"])
    return {base + url.removeprefix(address) for base in (address, *entry["addresses"])}


def _pieces(seen: Seen) -> bool:
    return seen.service is None or seen.service.takes_pieces


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UsageError(f"{file}: is no certificate in PEM ({error})") from error
