"""From settings to a channel: who we are, whom we ask, where, and how long we wait."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from clients._http import HttpCaller
from clients._soap import Channel, Exchange
from gateway.clock import Clock
from gateway.data import data_folder
from gateway.errors import CounterpartAnswerInvalid, StateError
from gateway.refusals import Refused
from gateway.settings import Counterpart, Destination, Settings, Subject
from gateway.trust import Signer, TrustedCertificate, TrustStore, Usage
from gateway.trust.configured import authority_files, signer
from gateway.trust.renewal import CurrentPair, KeyPair
from gateway.wss.configured import profile_of
from gateway.wss.verify import Verifier


def connect(
    settings: Settings,
    folder: Path,
    *,
    destination: str,
    service: str,
    trust: TrustStore,
    clock: Clock,
    observe: Callable[[Exchange], None] | None = None,
    signing: Signer | None = None,
    tls: ssl.SSLContext | None = None,
) -> Channel:
    """A channel to a service of the configured destination.

    ``folder`` is our state folder, ``destination`` the id of a counterpart, ``service`` its name in the
    contract (``national``). ``signing`` and ``tls`` stand in for our own key and TLS certificate. Raises
    StateError when the settings do not name the destination.
    """
    target, counterpart = _named(settings, destination)
    signers = _holders(counterpart.signing)
    return Channel(
        wsdl=data_folder("wsdl") / f"{service}-1.wsdl",
        url=f"{target.url}{service}/1",
        http=http_caller(settings, folder, destination=destination, trust=trust, clock=clock, tls=tls),
        signer=signing or signer(settings, folder),
        verifier=Verifier(trust, profile_of(settings)),
        is_counterpart=lambda certificate: _holder(certificate) in signers,
        clock=clock,
        deadline_seconds=target.deadline_seconds,
        observe=observe,
    )


def http_caller(
    settings: Settings,
    folder: Path,
    *,
    destination: str,
    trust: TrustStore,
    clock: Clock,
    tls: ssl.SSLContext | None = None,
) -> HttpCaller:
    """HTTP to the configured destination under its rules for TLS, without messages. Raises as connect."""
    target, counterpart = _named(settings, destination)
    holders = _holders(counterpart.tls)

    def check_server(certificate: bytes) -> None:
        try:
            trusted = trust.check(certificate, usage=Usage.TLS_SERVER, at=clock.now())
        except Refused as refusal:
            raise CounterpartAnswerInvalid(
                f"the server's TLS certificate was refused: {refusal}"
            ) from refusal
        if _holder(trusted) not in holders:
            raise CounterpartAnswerInvalid("the server's TLS certificate is not the counterpart's")

    return HttpCaller(
        target.url,
        (tls or _Contexts(settings, folder, clock)) if target.url.startswith("https:") else None,
        check_server=check_server,
        answer_bytes=settings.limits.body_bytes,
    )


def _named(settings: Settings, destination: str) -> tuple[Destination, Counterpart]:
    target = next((target for target in settings.destinations if target.id == destination), None)
    counterpart = next((known for known in settings.counterparts if known.id == destination), None)
    if target is None or counterpart is None:
        raise StateError(f"gateway.toml: {destination!r} is not a destination and counterpart")
    return target, counterpart


class _Contexts:
    """The context of this instant: made anew when our key and certificate are renewed. Safe for threads."""

    def __init__(self, settings: Settings, folder: Path, clock: Clock) -> None:
        self._make = partial(tls_context, settings, folder)
        self._current = CurrentPair(settings, folder, "tls", clock)
        pair = self._current()
        self._made = (pair, self._make(pair))

    def __call__(self) -> ssl.SSLContext:
        pair = self._current()
        used, context = self._made
        if pair != used:
            with contextlib.suppress(OSError):  # ssl.SSLError is one; the certificate before is still good
                context = self._make(pair)
            self._made = (pair, context)
        return context


def tls_context(settings: Settings, folder: Path, pair: KeyPair) -> ssl.SSLContext:
    """TLS 1.3 (1.2 by the same setting as for serving), our certificate, the configured authorities only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2 if settings.listen.tls12 else ssl.TLSVersion.TLSv1_3
    for authority in authority_files(settings, folder):
        context.load_verify_locations(cafile=authority)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def _holders(subjects: Iterable[Subject]) -> frozenset[tuple[str, str, str]]:
    return frozenset((holder.anchor, holder.issuer, holder.subject) for holder in subjects)


def _holder(certificate: TrustedCertificate) -> tuple[str, str, str]:
    return certificate.anchor, certificate.issuer, certificate.subject
