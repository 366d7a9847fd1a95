"""From network.json to a target of the conformance cases: who asks, with which good question, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clients._http import HttpCaller
from clients.connect import http_caller, tls_context
from gateway.access.policy import CALLERS
from gateway.cli.conformance_asking import Asking, post_of
from gateway.cli.conformance_ground import network_document
from gateway.clock import Clock
from gateway.conformance import QUESTIONS, Sender, Target, WeakSigner
from gateway.contract import SERVICES, Service
from gateway.domain.caller import Caller, Operator
from gateway.domain.codes import Purpose
from gateway.domain.identifiers import MunicipalityCode
from gateway.errors import StateError, UsageError
from gateway.settings import Settings, clock_of, load_settings
from gateway.state import StateFolder
from gateway.trust import FileSigner, TrustedCertificate, TrustStore
from gateway.trust.configured import signer, trust_store
from gateway.trust.renewal import KeyPair
from gateway.wss.configured import profile_of
from gateway.wss.verify import Verifier


@contextmanager
def opened(file: Path, target_id: str, service_name: str | None) -> Iterator[Target]:
    """A target of the network that ``file`` tells of, with its connections open within.

    Raises UsageError, and StateError for a file that is no network.json.
    """
    network = network_document(file)
    system = _named(network, target_id)
    service = _service(system, service_name)
    sender = _sender(network, system, service)
    caller = _caller(network, sender)
    home = _System.opened(Path(sender["state"]), target_id)
    people = Path(network["sample"]["people"])
    asking = Asking.about(people, service, caller, home.clock, _other_town(network, caller))
    url = str(system["services"][service.name]["url"])
    with ExitStack() as stack:
        yield Target(
            service=service,
            url=url,
            sender=home.sender(stack, url),
            verifier=Verifier(home.trust, profile_of(home.settings)),
            is_target=home.is_target,
            clock=home.clock,
            bad={
                name: home.bad(stack, url, entry)
                for name, entry in network.get("negative", {}).items()
                if entry["role"] == sender["role"]
            },
            question=asking.question(),
            situation=asking.situation,
        )


@dataclass(frozen=True, slots=True)
class _System:
    """The system that asks, and what it knows of the target."""

    settings: Settings
    folder: Path
    target: str
    trust: TrustStore
    clock: Clock

    @classmethod
    def opened(cls, folder: Path, target: str) -> _System:
        state = StateFolder.open(folder)
        settings = load_settings(state.settings_file)
        trust, clock = trust_store(settings, state.path), clock_of(settings, state.path)
        return cls(settings, state.path, target, trust, clock)

    def is_target(self, certificate: TrustedCertificate) -> bool:
        """Whether it is one by which the target signs."""
        return any(
            (holder.anchor, holder.issuer, holder.subject)
            == (certificate.anchor, certificate.issuer, certificate.subject)
            for known in self.settings.counterparts
            if known.id == self.target
            for holder in known.signing
        )

    def sender(self, stack: ExitStack, url: str) -> Sender:
        """With its own credentials."""
        return Sender(signer(self.settings, self.folder), post_of(self._http(stack), urlsplit(url).path))

    def bad(self, stack: ExitStack, url: str, entry: Mapping[str, Any]) -> Sender:
        """With credentials that must be refused."""
        signing, tls = (
            KeyPair(Path(entry[use]["key"]), Path(entry[use]["certificate"])) for use in ("signing", "tls")
        )
        post = post_of(self._http(stack, tls), urlsplit(url).path)
        try:
            return Sender(FileSigner.load(signing.key, signing.certificate), post)
        except StateError:  # which is what makes it bad
            return Sender(WeakSigner.load(signing.key, signing.certificate), post)

    def _http(self, stack: ExitStack, pair: KeyPair | None = None) -> HttpCaller:
        tls = None if pair is None else tls_context(self.settings, self.folder, pair)
        http = http_caller(
            self.settings, self.folder, destination=self.target, trust=self.trust, clock=self.clock, tls=tls
        )
        stack.callback(http.close)
        return http


def _named(network: Mapping[str, Any], target_id: str) -> Mapping[str, Any]:
    served = {str(system["id"]): system for system in network["systems"] if "services" in system}
    if target_id not in served:
        raise UsageError(f"no server {target_id!r} in this network; there are: {', '.join(served)}")
    return dict(served[target_id])


def _service(system: Mapping[str, Any], name: str | None) -> Service:
    offered = [one for one in QUESTIONS if one in system["services"]]
    if name is None and offered:
        return SERVICES[offered[0]]
    if name not in offered:
        raise UsageError(f"{system['id']}: it has these services: {', '.join(offered) or 'none'}")
    return SERVICES[name]


def _sender(network: Mapping[str, Any], system: Mapping[str, Any], service: Service) -> Mapping[str, Any]:
    """A system of ours that may call the service and has the target among its destinations."""
    roles = CALLERS[service.name, QUESTIONS[service.name].operation]
    for entry in network["systems"]:
        if entry["role"] not in roles or "state" not in entry:
            continue
        settings = load_settings(StateFolder.open(Path(entry["state"])).settings_file)
        if any(destination.id == system["id"] for destination in settings.destinations):
            return dict(entry)
    raise UsageError(f"no system of this network whose keys are here calls {service.name} at {system['id']}")


def _caller(network: Mapping[str, Any], sender: Mapping[str, Any]) -> Caller:
    """The sender's own clerk; where it has none, one whose questions it passes on, of its town if it can."""
    clerks = [entry for entry in network["systems"] if entry.get("terminals") and entry.get("operators")]
    named = min(
        clerks,
        key=lambda one: (
            one["id"] != sender["id"],
            one["municipality"] != sender.get("municipality"),
            one["role"] != "integrated_terminal",
        ),
    )
    operator = named["operators"][0]
    return Caller(
        MunicipalityCode(named["municipality"]),
        named["terminals"][0],
        Operator(operator["verification_id"], operator["operator_id"]),
        Purpose.RECORD_COPY,
    )


def _other_town(network: Mapping[str, Any], caller: Caller) -> MunicipalityCode | None:
    """Another municipality of the network."""
    towns = [str(entry["municipality"]) for entry in network["systems"] if entry["role"] == "municipal_cs"]
    return next((MunicipalityCode(one) for one in towns if one != caller.municipality.digits), None)
