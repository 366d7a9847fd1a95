"""Runs a system, be it the gateway or a simulated counterpart: what is the same for all of them.

A system is its settings, its services and a use case behind each operation; front, verification, admission,
guard, evidence, signing, journal and housekeeping are put together here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway import telemetry
from gateway.access import Admission, Counterparts
from gateway.clock import Clock, SystemClock
from gateway.contract import SERVICES
from gateway.delivery import companions
from gateway.errors import StoreError
from gateway.refusals import RULES
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Retention, SamplingLimits, Store
from gateway.store.evidence_configured import seal_copies, sealer_of
from gateway.store.evidence_sealer import Sealer, lost_seal
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


def serve_system(state: StateFolder, settings: Settings, system: System) -> None:
    """Run one system in the foreground: the database brought up to date, then the front with its workers."""
    clock = clock_of(settings)
    chain = _begin_evidence(state, settings, clock)
    server = Server(
        host=settings.listen.host,
        port=settings.listen.port or state.remembered_port() or 0,
        tls=None if settings.listen.plain_http else _tls_files(state, settings),
        limits=_front_limits(settings),
        workers=_processes(settings),
        threads=settings.listen.threads,
        make_application=lambda: Running(state, settings, system, server.port, chain),
        refuse=_refuse,
        failure=_failure,
        log=telemetry.event,
        on_ready=state.remember_port,
        allow_plain=settings.listen.plain_http,
        companions=companions(state, settings),
    )
    server.run()


def _begin_evidence(state: StateFolder, settings: Settings, clock: Clock) -> int:
    """Bring the database up to date and begin this start's chain, which says so when the database is an older
    copy than the newest seal outside."""
    store = Store.open(state.path, clock=clock, upgrade=True)
    try:
        copies = seal_copies(settings, state.path)
        lost = None if copies is None else lost_seal(store.evidence_rows, copies)
        alarms = telemetry.Alarms(state.run)
        # A further start that finds nothing lost is the operator's word that the loss was seen.
        (alarms.end if lost is None else alarms.begin)("evidence-restored")
        chain = store.evidence.begin(lost)
        # What a killed process left, and the word of a restore.
        sealer = sealer_of(settings, state.path, store, signer(settings, state.path), clock)
        sealer.seal()
        sealer.copy()
        return chain
    finally:
        store.close()


class Running:
    """One worker process's application: its parts, opened after the fork, and its housekeeping."""

    def __init__(self, state: StateFolder, settings: Settings, system: System, port: int, chain: int) -> None:
        """``chain`` is the evidence chain of this start, which all its workers share."""
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
        store.evidence.use(chain)
        self._store = store
        self._clock = clock
        self._parts = Parts(state, settings, clock, trust, signer(settings, state.path), store)
        alarms = telemetry.Alarms(state.run)
        self._seal = self._sealer(alarms)
        self._readiness = Readiness(store, trust, clock, state.data, alarms, skew=profile_of(settings).skew)
        self._application = system.wrap(self._endpoint(system.handlers(self._parts), port), self._parts)
        self.periodic: Sequence[tuple[float, Callable[[], None]]] = (
            (_SWEEP_SECONDS, self._sweep),
            (_FLUSH_SECONDS, store.refusals.flush),
            (Sealer.SECONDS, self._seal),
            (Readiness.SECONDS, self._readiness.look),
        )

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The answer to one request."""
        return self._application(http)

    def close(self) -> None:
        """Seal and write what is pending, and close the database."""
        try:
            self._seal.seal()
            self._seal.copy()
        except StoreError:
            telemetry.warning("not-sealed-at-the-end")  # the next start does it
        finally:
            self._store.close()

    def _engine(self) -> Engine:
        share = self._parts.settings.profile.second_engine_share
        if not share:
            return LxmlEngine()
        alarms = telemetry.Alarms(self._parts.state.run)
        return TwoEngines(LxmlEngine(), XmlsecEngine(), share=share, alarm=alarms.begin)

    def _sealer(self, alarms: telemetry.Alarms) -> Sealer:
        def tell(begins: bool) -> None:
            (alarms.begin if begins else alarms.end)("seal-not-copied")

        parts = self._parts
        return sealer_of(parts.settings, parts.state.path, parts.store, parts.signer, parts.clock, tell)

    def _sweep(self) -> None:
        now = self._clock.now()
        while self._store.sweep(now):
            pass
        self._sweep_budgets(now)

    def _sweep_budgets(self, now: datetime) -> None:
        """Forget old negative answers; an alarm is over once nobody is above the budget any more."""
        budgets = self._parts.settings.budgets
        since = now - timedelta(seconds=budgets.window_seconds)
        self._store.budgets.sweep(before=since)
        alarms = telemetry.Alarms(self._parts.state.run)
        for kind, most in (
            ("operator", budgets.per_operator),
            ("terminal", budgets.per_terminal),
            ("person", budgets.per_person),
        ):
            if self._store.budgets.highest(kind, since=since) < most:
                alarms.end("budget-used-up", kind)

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


def _refuse(rule_name: str) -> HttpAnswer:
    rule = RULES[rule_name]
    fault = faults.refusal_fault(rule, faults.new_reference(), detail=False)
    headers = (("Allow", "POST"),) if rule_name == "method" else ()
    return HttpAnswer(rule.status, faults.unsigned_envelope(fault), headers=headers)


def _failure(reference: str) -> HttpAnswer:
    return HttpAnswer(500, faults.unsigned_envelope(faults.failure_fault(reference)))
