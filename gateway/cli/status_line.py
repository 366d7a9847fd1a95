"""What ``status`` learns over the network: whether the system is ready, and which counterparts are.

Each is asked GET /health/ready with the system's own TLS credential; all together have two seconds.
"""

from __future__ import annotations

import ssl
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from clients._http import HttpCaller, HttpReply
from clients.connect import http_caller
from gateway.clock import Clock
from gateway.errors import CounterpartAnswerInvalid, CounterpartError, StateError
from gateway.settings import Destination, Settings, clock_of
from gateway.state import StateFolder
from gateway.transport.pages import READY
from gateway.trust import TrustStore
from gateway.trust.renewal import pair_at

SECONDS: Final = 2.0
"""Time for all questions together; they are asked at once."""
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, never bound
_OK, _UNAVAILABLE = 200, 503


@dataclass(slots=True)
class Health:
    """What one server said. ``ready`` is None for a server that answers HTTP and has no such question."""

    reachable: bool = False
    ready: bool | None = None
    detail: str = f"no answer within {SECONDS:.0f} s"
    milliseconds: float | None = None

    @property
    def good(self) -> bool:
        """Whether messages can be sent there."""
        return self.reachable and self.ready is not False

    def document(self) -> dict[str, Any]:
        """As JSON."""
        spent = None if self.milliseconds is None else round(self.milliseconds, 1)
        return {
            "reachable": self.reachable,
            "ready": self.ready,
            "detail": self.detail,
            "milliseconds": spent,
        }


def ask_counterparts(
    settings: Settings, state: StateFolder, trust: TrustStore, clock: Clock
) -> dict[str, Health]:
    """The health of every destination by id, within two seconds whatever happens."""
    asked: dict[str, tuple[Health, threading.Thread]] = {}
    deadline = time.monotonic() + SECONDS

    def ask(destination: Destination, health: Health) -> None:
        try:
            caller = http_caller(settings, state.path, destination=destination.id, trust=trust, clock=clock)
        except (StateError, OSError, ValueError) as error:  # ssl.SSLError is an OSError
            health.detail = f"our own TLS files: {error}"
            return
        _ask(caller, health, deadline)

    for destination in settings.destinations:
        health = Health()
        # A look-up of a host's name may hang for longer than we wait: nobody waits for the thread.
        thread = threading.Thread(target=ask, args=(destination, health), daemon=True)
        asked[destination.id] = health, thread
        thread.start()
    for _, thread in asked.values():
        thread.join(max(0.0, deadline - time.monotonic()) + 0.1)
    return {name: health if not thread.is_alive() else Health() for name, (health, thread) in asked.items()}


def ask_itself(settings: Settings, state: StateFolder, port: int) -> Health:
    """The health of the system that is served on ``port`` of this machine."""
    health = Health()
    scheme = "http" if settings.listen.plain_http else "https"
    host = _ANY.get(settings.listen.host, settings.listen.host)
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
    try:
        caller = HttpCaller(
            url,
            _own_context(settings, state) if scheme == "https" else None,
            check_server=_must_be(state, settings),
            answer_bytes=settings.limits.body_bytes,
        )
    except (StateError, OSError, ValueError) as error:
        health.detail = f"our own TLS files: {error}"
        return health
    _ask(caller, health, time.monotonic() + SECONDS)
    return health


def _ask(caller: HttpCaller, health: Health, deadline: float) -> None:
    begun = time.monotonic()
    try:
        reply = caller.get(READY, deadline=deadline)
    except CounterpartError as error:
        health.detail = cause_of(error)
        return
    finally:
        caller.close()
    health.milliseconds = (time.monotonic() - begun) * 1000
    _read(reply, health)


def _read(reply: HttpReply, health: Health) -> None:
    health.reachable = True
    text = reply.body[:1000].decode("utf-8", "replace").strip()
    if reply.status in (_OK, _UNAVAILABLE):
        health.ready = reply.status == _OK
        health.detail = "ready" if health.ready else text or "not ready"
    else:
        health.detail = f"answers {reply.status} to {READY}"


def cause_of(error: CounterpartError) -> str:
    """An error with what the system's libraries say of it."""
    cause = error.__cause__
    told = ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        told = cause.verify_message
    elif isinstance(cause, ssl.SSLError):
        told = cause.reason or ""
    elif isinstance(cause, OSError):
        told = cause.strerror or ""
    return f"{error} ({told})" if told else str(error)


def _own_context(settings: Settings, state: StateFolder) -> ssl.SSLContext:
    """TLS to ourselves: the server must have our own certificate, whatever name it is reached by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    pair = pair_at(settings, state.path, "tls", clock_of(settings, state.path).now())
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def _must_be(state: StateFolder, settings: Settings) -> Any:
    file = pair_at(settings, state.path, "tls", clock_of(settings, state.path).now()).certificate

    def check(certificate: bytes) -> None:
        own = x509.load_pem_x509_certificate(file.read_bytes())
        if certificate != own.public_bytes(Encoding.DER):
            raise CounterpartAnswerInvalid(f"another certificate than {file.name} is served (SIGHUP reloads)")

    return check
