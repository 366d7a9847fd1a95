"""From settings to a channel: who we are, whom we ask, where, and how long we wait."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from clients._http import HttpCaller
from clients._soap import Channel, Exchange
from gateway.clock import Clock
from gateway.data import data_folder
from gateway.errors import CounterpartAnswerInvalid, StateError
from gateway.refusals import Refused
from gateway.settings import Counterpart, Settings
from gateway.trust import TrustedCertificate, TrustStore, Usage
from gateway.trust.configured import authority_files, signer
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
) -> Channel:
    """A channel to a service of the configured destination.

    ``folder`` is our state folder, ``destination`` the id of a counterpart, ``service`` its name in the
    contract (``national``). Raises StateError when the settings do not name the destination.
    """
    target = next((target for target in settings.destinations if target.id == destination), None)
    counterpart = next((known for known in settings.counterparts if known.id == destination), None)
    if target is None or counterpart is None:
        raise StateError(f"gateway.toml: {destination!r} is not a destination and counterpart")
    signing, tls = _holders(counterpart)

    def check_server(certificate: bytes) -> None:
        try:
            trusted = trust.check(certificate, usage=Usage.TLS_SERVER, at=clock.now())
        except Refused as refusal:
            raise CounterpartAnswerInvalid(
                f"the server's TLS certificate was refused: {refusal}"
            ) from refusal
        if _holder(trusted) not in tls:
            raise CounterpartAnswerInvalid("the server's TLS certificate is not the counterpart's")

    return Channel(
        wsdl=data_folder("wsdl") / f"{service}-1.wsdl",
        url=f"{target.url}{service}/1",
        http=HttpCaller(
            target.url,
            _tls_context(settings, folder) if target.url.startswith("https:") else None,
            check_server=check_server,
            answer_bytes=settings.limits.body_bytes,
        ),
        signer=signer(settings, folder),
        verifier=Verifier(trust, profile_of(settings)),
        is_counterpart=lambda certificate: _holder(certificate) in signing,
        clock=clock,
        deadline_seconds=target.deadline_seconds,
        observe=observe,
    )


def _tls_context(settings: Settings, folder: Path) -> ssl.SSLContext:
    """TLS 1.3 (1.2 by the same setting as for serving), our certificate, the configured authorities only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2 if settings.listen.tls12 else ssl.TLSVersion.TLSv1_3
    for authority in authority_files(settings, folder):
        context.load_verify_locations(cafile=authority)
    credentials = settings.credentials
    context.load_cert_chain(folder / credentials.tls_certificate, folder / credentials.tls_key)
    return context


def _holders(
    counterpart: Counterpart,
) -> tuple[frozenset[tuple[str, str, str]], frozenset[tuple[str, str, str]]]:
    return (
        frozenset((holder.anchor, holder.issuer, holder.subject) for holder in counterpart.signing),
        frozenset((holder.anchor, holder.issuer, holder.subject) for holder in counterpart.tls),
    )


def _holder(certificate: TrustedCertificate) -> tuple[str, str, str]:
    return certificate.anchor, certificate.issuer, certificate.subject
