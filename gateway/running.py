"""Runs a system, be it the gateway or a simulated counterpart: what is the same for all of them.

A system is its settings, its services and a use case behind each operation; front, verification, admission,
guard, evidence, signing, journal and housekeeping are put together here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway import telemetry
from gateway.access import Admission, Counterparts
from gateway.clock import Clock
from gateway.companion import Companion
from gateway.contract import SERVICES
from gateway.delivery import dispatchers, fatal
from gateway.kept_refused import KeptRefused
from gateway.monitoring import monitors
from gateway.monitoring.readiness import readiness_of
from gateway.outbox.tallies import DeliveryTallies
from gateway.refusals import RULES
from gateway.settings import Settings, clock_of
from gateway.state import StateFolder
from gateway.store import Retention, SamplingLimits, Store
from gateway.store.configured import open_store
from gateway.store.evidence_configured import sealer_of
from gateway.store.evidence_sealer import Sealer
from gateway.store.failures import unbroken
from gateway.store_life import begin_evidence, erase_old_accesses, seal_at_the_end, tell_lost_guard
from gateway.transport import faults
from gateway.transport.call import Binding
from gateway.transport.endpoint import Endpoint
from gateway.transport.http import Application, Batching, HttpAnswer, HttpRequest
from gateway.transport.limits import FrontLimits
from gateway.transport.pages import Pages
from gateway.transport.rates import Rates
from gateway.transport.readiness import Readiness
from gateway.transport.replies import Replies
from gateway.transport.server import Server
from gateway.transport.tallies import Tallies
from gateway.transport.tls import TlsFiles
from gateway.transport.working import Keeping
from gateway.trust import TrustStore
from gateway.trust.configured import authority_files, signer, trust_store
from gateway.trust.renewal import CurrentPair, RenewedSigner
from gateway.wss.configured import profile_of
from gateway.wss.engine import Engine, TwoEngines
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.engine_xmlsec import XmlsecEngine
from gateway.wss.verify import Verifier

_SLACK = timedelta(seconds=1)  # for our own part of a request that waits for a counterpart
_SWEEP_SECONDS = 60.0
_FLUSH_SECONDS = 2.0
_KEY_SECONDS = 1.0
_ERASE_SECONDS = 3600.0  # accesses at the end of their retention

Handlers = Mapping[str, Mapping[str, Callable[[Any], Any]]]
"""Use cases by service name and operation name."""

Periodic = tuple[float, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the use cases of a system may be made from, in one worker process."""

    state: StateFolder
    settings: Settings
    clock: Clock
    trust: TrustStore
    signer: RenewedSigner
    store: Store


class System(Protocol):
    """What makes one system different from another."""

    def handlers(self, parts: Parts) -> Handlers:
        """The use cases by service and operation; called once in each worker process."""
        ...

    def periodic(self, parts: Parts) -> Sequence[Periodic]:
        """What is to be done from time to time: seconds, and what; in each worker process."""
        return ()

    def companions(self, state: StateFolder, settings: Settings, chain: int) -> Sequence[Companion]:
        """Further processes of this system beside its workers and dispatchers."""
        return ()

    def wrap(self, application: Application, parts: Parts) -> Application:
        """A chance to stand around the application; the gateway does not take it."""
        return application


def serve_system(state: StateFolder, settings: Settings, system: System) -> None:
    """Run one system in the foreground: the database brought up to date, then the front with its workers."""
    clock = clock_of(settings, state.path)
    alarms = telemetry.Alarms(state.run)
    alarms.start_anew()
    chain = unbroken(lambda: begin_evidence(state, settings, clock))
    tallies = Tallies(_processes(settings), settings.listen.threads)
    deliveries = DeliveryTallies([one.id for one in settings.destinations], settings.outbox.processes)
    server = Server(
        host=settings.listen.host,
        port=settings.listen.port or state.remembered_port() or 0,
        tls=None if settings.listen.plain_http else _tls_files(state, settings, clock),
        limits=_front_limits(settings),
        workers=_processes(settings),
        threads=settings.listen.threads,
        make_application=lambda: Running(state, settings, system, server.port, chain, tallies),
        refuse=_refuse,
        failure=_failure,
        log=lambda event, **fields: _tell(alarms, server.name_of, event, **fields),
        on_ready=state.remember_port,
        allow_plain=settings.listen.plain_http,
        companions=(
            *dispatchers(state, settings, chain, deliveries),
            *monitors(state, settings, tallies, deliveries),
            *system.companions(state, settings, chain),
        ),
        tallies=tallies,
    )
    server.run()
    seal_at_the_end(state, settings, clock, chain)


def server_here(
    state: StateFolder, settings: Settings, system: System, *, log: Callable[..., None]
) -> Server:
    """A system's front with one worker in this process and nothing beside it: for tools that listen.

    ``start()`` it and ``stop()`` it; its database is ``state``'s, which nobody else may serve meanwhile.
    """
    clock = clock_of(settings, state.path)
    chain = begin_evidence(state, settings, clock)
    server = Server(
        host=settings.listen.host,
        port=settings.listen.port,
        tls=_tls_files(state, settings, clock),
        limits=_front_limits(settings),
        workers=0,
        threads=settings.listen.threads,
        make_application=lambda: Running(state, settings, system, server.port, chain),
        refuse=_refuse,
        failure=_failure,
        log=log,
    )
    return server


def _tell(alarms: telemetry.Alarms, name_of: Callable[[int], str], event: str, **fields: Any) -> None:
    """The front's log lines; a process that ended by itself is an alarm too."""
    telemetry.event(event, **fields)
    if event == "worker-died":
        alarms.renew("worker-ended", name_of(fields["worker"]))


class Running:
    """One worker process's application: its parts, opened after the fork, and its housekeeping."""

    def __init__(
        self,
        state: StateFolder,
        settings: Settings,
        system: System,
        port: int,
        chain: int,
        tallies: Tallies | None = None,
    ) -> None:
        """``chain`` is the evidence chain of this start, which all its workers share; in ``tallies`` they
        count."""
        self._tallies = tallies
        clock = clock_of(settings, state.path)
        trust = trust_store(settings, state.path)
        store = open_store(
            state.path,
            settings,
            clock=clock,
            retention=Retention(
                refusals=timedelta(days=settings.refusals.keep_days),
                most_refusals=settings.refusals.most_records,
            ),
            sampling=SamplingLimits(recorded_per_peer=settings.refusals.per_minute),
            on_fatal=fatal(state),
        )
        store.evidence.use(chain)
        self._store = store
        self._clock = clock
        self._parts = Parts(state, settings, clock, trust, signer(settings, state.path), store)
        self._signs_with, self._key_problem = self._parts.signer.certificate_der, ""
        self._alarms = alarms = telemetry.Alarms(state.run)
        self._seal = self._sealer(alarms)
        self._readiness = readiness_of(state, settings, store, trust, clock, alarms)
        endpoint = self._endpoint(system.handlers(self._parts), port)
        self._application = system.wrap(endpoint, self._parts)
        # What stands around the endpoint may wait, or change the answer: it is called as a whole.
        self.batching: Batching | None = endpoint if self._application is endpoint else None
        self.periodic: Sequence[tuple[float, Callable[[], None]]] = (
            (_SWEEP_SECONDS, self._sweep),
            (_FLUSH_SECONDS, store.refusals.flush),
            (_ERASE_SECONDS, lambda: erase_old_accesses(store, settings, clock.now())),
            (Sealer.SECONDS, self._seal),
            (_KEY_SECONDS, self._look_at_key),
            (Readiness.SECONDS, self._readiness.look),
            *system.periodic(self._parts),
        )

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The answer to one request."""
        return self._application(http)

    def close(self) -> None:
        """Write what is pending, and close the database."""
        self._store.close()

    def _engine(self) -> Engine:
        share = self._parts.settings.profile.second_engine_share
        if not share:
            return LxmlEngine()
        return TwoEngines(LxmlEngine(), XmlsecEngine(), share=share, alarm=self._alarms.begin)

    def _sealer(self, alarms: telemetry.Alarms) -> Sealer:
        def tell(begins: bool) -> None:
            (alarms.begin if begins else alarms.end)("seal-not-copied")

        parts = self._parts
        return sealer_of(parts.settings, parts.state.path, parts.store, parts.signer, parts.clock, tell)

    def _look_at_key(self) -> None:
        """Tell when the signing key was exchanged, or could not be."""
        certificate = self._parts.signer.certificate_der
        if certificate != self._signs_with:
            self._signs_with = certificate
            telemetry.event("signing-key-renewed", fingerprint=hashlib.sha256(certificate).hexdigest())
        problem = self._parts.signer.problem
        if problem and problem != self._key_problem:
            telemetry.warning("signing-key-not-renewed", error=problem)
        self._key_problem = problem

    def _sweep(self) -> None:
        now = self._clock.now()
        while self._store.sweep(now):
            pass
        KeptRefused(self._parts.state).sweep()
        self._sweep_budgets(now)
        tell_lost_guard(self._store, self._alarms, now)
        self._alarms.lapse()

    def _sweep_budgets(self, now: datetime) -> None:
        """Forget old negative answers; an alarm is over once nobody is above the budget any more."""
        budgets = self._parts.settings.budgets
        since = now - timedelta(seconds=budgets.window_seconds)
        self._store.budgets.sweep(before=since)
        for kind, most in (
            ("operator", budgets.per_operator),
            ("terminal", budgets.per_terminal),
            ("person", budgets.per_person),
        ):
            if self._store.budgets.highest(kind, since=since) < most:
                self._alarms.end("budget-used-up", kind)

    def _endpoint(self, handlers: Handlers, port: int) -> Endpoint:
        settings, parts = self._parts.settings, self._parts
        bases = addresses_of(settings, port)
        engine = self._engine()
        pieces = Verifier(parts.trust, profile_of(settings, pieces=True), engine)
        bindings = {
            service.path: Binding(
                service,
                frozenset(base.rstrip("/") + service.path for base in bases),
                operations,
                _longest_wait(settings),
                pieces if service.takes_pieces else None,
                settings.limits.piece_body_bytes if service.takes_pieces else None,
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
            verifier=Verifier(parts.trust, profile, engine),
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
            alarms=self._alarms,
            kept_refused=KeptRefused(parts.state) if settings.refusals.keep_messages else None,
            tallies=self._tallies,
        )


def _processes(settings: Settings) -> int:
    return settings.listen.workers or os.cpu_count() or 1


def addresses_of(settings: Settings, port: int) -> tuple[str, ...]:
    """The base addresses by which callers reach the system, the first being the one that it tells."""
    scheme = "http" if settings.listen.plain_http else "https"
    return settings.listen.addresses or (f"{scheme}://{settings.listen.host}:{port}/",)


def _longest_wait(settings: Settings) -> timedelta:
    seconds = max((destination.deadline_seconds for destination in settings.destinations), default=0.0)
    return timedelta(seconds=seconds) + _SLACK


def _tls_files(state: StateFolder, settings: Settings, clock: Clock) -> Callable[[], TlsFiles]:
    """The TLS files of this instant."""
    current = CurrentPair(settings, state.path, "tls", clock)
    authorities = authority_files(settings, state.path)

    def files() -> TlsFiles:
        pair = current()
        return TlsFiles(pair.key, pair.certificate, authorities, settings.listen.tls12)

    return files


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
        body_bytes_by_path={
            service.path: limits.piece_body_bytes if service.takes_pieces else service.body_bytes
            for service in SERVICES.values()
        },
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
