"""The composition root: the only place that knows every part, for the gateway and for simulated systems.

A system is its settings, its services and a use case behind each operation; everything else (front,
verification, admission, guard, signing, journal) is the same for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from clients._connect import connect
from clients._soap import Exchange
from clients.national_server import NationalServer
from gateway import telemetry
from gateway.access import Admission, Counterparts
from gateway.capture import Captured, Captures
from gateway.clock import Clock, SystemClock
from gateway.contract import SERVICES
from gateway.errors import StateError
from gateway.flows.identity_verification import IdentityVerification
from gateway.flows.ports import NationalRegister
from gateway.refusals import RULES
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Retention, SamplingLimits, Store
from gateway.transport import faults
from gateway.transport.call import Binding
from gateway.transport.endpoint import Endpoint, Keeping
from gateway.transport.http import Application, HttpAnswer, HttpRequest
from gateway.transport.limits import FrontLimits
from gateway.transport.pages import Pages
from gateway.transport.rates import Rates
from gateway.transport.readiness import Readiness
from gateway.transport.replies import Replies
from gateway.transport.server import Server
from gateway.transport.tls import TlsFiles
from gateway.trust import Signer, TrustStore
from gateway.trust.configured import authority_files, signer, trust_store
from gateway.wss.configured import profile_of
from gateway.wss.engine import Engine, TwoEngines
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.engine_xmlsec import XmlsecEngine
from gateway.wss.verify import Verifier

_SLACK = timedelta(seconds=1)  # for our own part of a request that waits for a counterpart
_SWEEP_SECONDS = 60.0
_FLUSH_SECONDS = 2.0

Handlers = Mapping[str, Mapping[str, Callable[[Any], Any]]]
"""Use cases by service name and operation name."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the use cases of a system may be made from, in one worker process."""

    state: StateFolder
    settings: Settings
    clock: Clock
    trust: TrustStore
    signer: Signer
    store: Store


class System(Protocol):
    """What makes one system different from another."""

    def handlers(self, parts: Parts) -> Handlers:
        """The use cases by service and operation; called once in each worker process."""
        ...

    def wrap(self, application: Application, parts: Parts) -> Application:
        """A chance to stand around the application; the gateway does not take it."""
        return application


class Gateway(System):
    """The 市町村CS (municipal communication server)."""

    def handlers(self, parts: Parts) -> Handlers:
        """Flow 2 behind the terminal's service."""
        national_id = _destination(parts.settings, "national_server")
        national: NationalRegister = NationalServer(
            connect(
                parts.settings,
                parts.state.path,
                destination=national_id,
                service=NationalServer.SERVICE,
                trust=parts.trust,
                clock=parts.clock,
                observe=watch(parts, national_id, NationalServer.SERVICE),
            )
        )
        return {"terminal": {"VerifyIdentity": IdentityVerification(national, national_id)}}


def serve(state: StateFolder, settings: Settings) -> None:
    """Run the gateway until it is told to end."""
    serve_system(state, settings, Gateway())


def serve_system(state: StateFolder, settings: Settings, system: System) -> None:
    """Run one system in the foreground: the database brought up to date, then the front with its workers."""
    clock = clock_of(settings)
    Store.open(state.path, clock=clock, upgrade=True).close()
    server = Server(
        host=settings.listen.host,
        port=settings.listen.port or state.remembered_port() or 0,
        tls=None if settings.listen.plain_http else _tls_files(state, settings),
        limits=_front_limits(settings),
        workers=_processes(settings),
        threads=settings.listen.threads,
        make_application=lambda: Running(state, settings, system, server.port),
        refuse=_refuse,
        failure=_failure,
        log=telemetry.event,
        on_ready=state.remember_port,
        allow_plain=settings.listen.plain_http,
    )
    server.run()


class Running:
    """One worker process's application: its parts, opened after the fork, and its housekeeping."""

    def __init__(self, state: StateFolder, settings: Settings, system: System, port: int) -> None:
        clock = clock_of(settings)
        trust = trust_store(settings, state.path)
        store = Store.open(
            state.path,
            clock=clock,
            retention=Retention(
                refusals=timedelta(days=settings.refusals.keep_days),
                most_refusals=settings.refusals.most_records,
            ),
            sampling=SamplingLimits(recorded_per_peer=settings.refusals.per_minute),
        )
        self._store = store
        self._clock = clock
        self._parts = Parts(state, settings, clock, trust, signer(settings, state.path), store)
        alarms = telemetry.Alarms(state.run)
        self._readiness = Readiness(store, trust, clock, state.data, alarms, skew=profile_of(settings).skew)
        self._application = system.wrap(self._endpoint(system.handlers(self._parts), port), self._parts)
        self.periodic: Sequence[tuple[float, Callable[[], None]]] = (
            (_SWEEP_SECONDS, self._sweep),
            (_FLUSH_SECONDS, store.refusals.flush),
            (Readiness.SECONDS, self._readiness.look),
        )

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The answer to one request."""
        return self._application(http)

    def close(self) -> None:
        """Write what is pending and close the database."""
        self._store.close()

    def _engine(self) -> Engine:
        share = self._parts.settings.profile.second_engine_share
        if not share:
            return LxmlEngine()
        alarms = telemetry.Alarms(self._parts.state.run)
        return TwoEngines(LxmlEngine(), XmlsecEngine(), share=share, alarm=alarms.begin)

    def _sweep(self) -> None:
        while self._store.sweep(self._clock.now()):
            pass

    def _endpoint(self, handlers: Handlers, port: int) -> Endpoint:
        settings, parts = self._parts.settings, self._parts
        bases = addresses_of(settings, port)
        bindings = {
            service.path: Binding(
                service,
                frozenset(base.rstrip("/") + service.path for base in bases),
                operations,
                _longest_wait(settings),
            )
            for name, operations in handlers.items()
            for service in (SERVICES[name],)
        }
        profile = profile_of(settings)
        return Endpoint(
            bindings=bindings,
            pages=Pages(
                {path: (binding.service, bases[0].rstrip("/") + path) for path, binding in bindings.items()},
                self._readiness.reasons,
            ),
            admission=Admission(
                parts.trust, Counterparts(settings.counterparts), plain_http=settings.listen.plain_http
            ),
            verifier=Verifier(parts.trust, profile, self._engine()),
            replies=Replies(parts.signer, parts.clock),
            store=parts.store,
            clock=parts.clock,
            keeping=Keeping(
                question=timedelta(seconds=settings.guard.question_seconds),
                change=timedelta(days=settings.guard.change_days),
                skew=profile.skew,
            ),
            readiness=self._readiness,
            rates=Rates(settings.limits.requests_per_minute, _processes(settings)),
        )


def _processes(settings: Settings) -> int:
    return settings.listen.workers or os.cpu_count() or 1


def clock_of(settings: Settings) -> Clock:
    """The machine's clock, moved by the development network's offset."""
    return SystemClock(timedelta(seconds=settings.clock.offset_seconds))


def addresses_of(settings: Settings, port: int) -> tuple[str, ...]:
    """The base addresses by which callers reach the system, the first being the one that it tells."""
    scheme = "http" if settings.listen.plain_http else "https"
    return settings.listen.addresses or (f"{scheme}://{settings.listen.host}:{port}/",)


def _destination(settings: Settings, role: str) -> str:
    """The id of the destination that has this role; the role's own name where the settings name none."""
    called = {destination.id for destination in settings.destinations}
    return next(
        (known.id for known in settings.counterparts if known.role == role and known.id in called), role
    )


def _longest_wait(settings: Settings) -> timedelta:
    seconds = max((destination.deadline_seconds for destination in settings.destinations), default=0.0)
    return timedelta(seconds=seconds) + _SLACK


def _tls_files(state: StateFolder, settings: Settings) -> TlsFiles:
    credentials = settings.credentials
    return TlsFiles(
        key=state.resolve(credentials.tls_key),
        certificate=state.resolve(credentials.tls_certificate),
        authorities=authority_files(settings, state.path),
        tls12=settings.listen.tls12,
    )


def _front_limits(settings: Settings) -> FrontLimits:
    limits = settings.limits
    return FrontLimits(
        handshake=limits.handshake_seconds,
        headers=limits.headers_seconds,
        body=limits.body_seconds,
        writing=limits.answer_seconds,
        idle=limits.idle_seconds,
        age=limits.connection_seconds,
        header_count=limits.headers,
        head_bytes=limits.header_bytes,
        body_bytes=limits.body_bytes,
        body_bytes_by_path={service.path: service.body_bytes for service in SERVICES.values()},
        connections=limits.connections,
        connections_per_counterpart=limits.connections_per_counterpart,
        working_per_counterpart=limits.requests_per_counterpart,
    )


def watch(parts: Parts, destination: str, service: str) -> Callable[[Exchange], None]:
    """What is done with every exchange of a channel: a log line, and on a demo network its bytes are kept."""
    captures = Captures(parts.state.data) if parts.settings.development.capture else None

    def observe(exchange: Exchange) -> None:
        _asked(destination, exchange)
        if captures is not None:
            _keep(captures, destination, service, exchange, parts.clock.now())

    return observe


def _keep(captures: Captures, destination: str, service: str, exchange: Exchange, now: datetime) -> None:
    captured = Captured(
        reference=telemetry.current_reference(),
        destination=destination,
        service=service,
        operation=exchange.operation,
        message_id=exchange.message_id,
        request=exchange.request,
        answer=exchange.answer,
        answer_message_id=exchange.answer_message_id,
        signer=exchange.signer,
        verified=exchange.verified,
        milliseconds=exchange.milliseconds,
        outcome=exchange.outcome,
        at=now,
    )
    try:
        captures.keep(captured)
    except StateError:  # a picture that is missing never fails a message
        telemetry.warning("not-captured", destination=destination)


def _asked(destination: str, exchange: Exchange) -> None:
    """One line for each question that was asked on behalf of a message."""
    telemetry.event(
        "asked",
        destination=destination,
        operation=exchange.operation,
        message_id=exchange.message_id,
        outcome=exchange.outcome,
        signer=exchange.signer,
        total_ms=exchange.milliseconds,
        bytes_out=len(exchange.request),
        bytes_in=len(exchange.answer or b""),
    )


def _refuse(rule_name: str) -> HttpAnswer:
    rule = RULES[rule_name]
    fault = faults.refusal_fault(rule, faults.new_reference(), detail=False)
    headers = (("Allow", "POST"),) if rule_name == "method" else ()
    return HttpAnswer(rule.status, faults.unsigned_envelope(fault), headers=headers)


def _failure(reference: str) -> HttpAnswer:
    return HttpAnswer(500, faults.unsigned_envelope(faults.failure_fault(reference)))
