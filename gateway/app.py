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
from clients._soap import Channel, Exchange
from clients.national_server import NationalServer
from clients.prefectural_server import PrefecturalServer
from gateway import telemetry
from gateway.access import Admission, Counterparts
from gateway.capture import Captured, Captures
from gateway.clock import Clock, SystemClock
from gateway.contract import SERVICES
from gateway.delivery import companions, exchange_evidence
from gateway.domain.identifiers import MunicipalityCode
from gateway.domain.identity_record import IdentityRecord
from gateway.domain.search import Place, SearchTerms
from gateway.errors import StateError, StoreError
from gateway.flows.budgets import Budget, Budgeted, Spending
from gateway.flows.identity_verification import (
    IdentityVerification,
    is_negative_verification,
    subject_of_verification,
)
from gateway.flows.person_search import LocalSearch, PersonSearch, is_negative_search, subject_of_search
from gateway.flows.ports import LocalRegister, NationalRegister, OtherRegister
from gateway.refusals import RULES
from gateway.settings import Settings
from gateway.state import StateFolder
from gateway.store import Register, Retention, SamplingLimits, Store, TooMany
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


class Gateway(System):
    """The 市町村CS (municipal communication server)."""

    def handlers(self, parts: Parts) -> Handlers:
        """Flows 2 and 4 behind the terminal's service."""
        settings, clock, store = parts.settings, parts.clock, parts.store
        if settings.system.municipality is None:
            raise StateError(f"{parts.state.settings_file}: a municipal CS needs [system] municipality")
        home = MunicipalityCode(settings.system.municipality)
        national_id = _destination(settings, "national_server")
        national: NationalRegister = NationalServer(_channel(parts, national_id, NationalServer.SERVICE))
        others: dict[Place, tuple[str, OtherRegister]] = {Place.NATION: (national_id, national)}
        prefectural_id = _destination(settings, "prefectural_server")
        if any(destination.id == prefectural_id for destination in settings.destinations):
            channel = _channel(parts, prefectural_id, PrefecturalServer.SERVICE)
            others[Place.PREFECTURE] = (prefectural_id, PrefecturalServer(channel))
        here: LocalRegister = LocalPeople(store.register)
        spending: Spending = store.budgets
        budget = Budget(
            window=timedelta(seconds=settings.budgets.window_seconds),
            per_operator=settings.budgets.per_operator,
            per_terminal=settings.budgets.per_terminal,
            per_person=settings.budgets.per_person,
        )
        alarms = telemetry.Alarms(parts.state.run)

        def budgeted(
            handler: Callable[[Any], Any], subject: Callable[[Any], str], negative: Callable[[Any], bool]
        ) -> Callable[[Any], Any]:
            return Budgeted(
                handler,
                subject=subject,
                negative=negative,
                budget=budget,
                spending=spending,
                clock=clock,
                alarm=lambda kind: alarms.begin("budget-used-up", kind),
            )

        search = PersonSearch(home, LocalSearch(here, clock, Place.HERE, "M"), others)
        return {
            "terminal": {
                "VerifyIdentity": budgeted(
                    IdentityVerification(national, national_id),
                    subject_of_verification,
                    is_negative_verification,
                ),
                "SearchPerson": budgeted(search, subject_of_search, is_negative_search),
            }
        }


class LocalPeople:
    """The store's register as the flows see it."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def search(
        self, terms: SearchTerms, *, limit: int, within: str | None = None
    ) -> Sequence[IdentityRecord] | None:
        """As LocalRegister.search."""
        whole = within is None or len(within) > 2
        found = self._register.search(
            terms,
            limit=limit,
            municipality=within if whole else None,
            prefecture=None if whole else within,
        )
        return None if isinstance(found, TooMany) else found.records


def _channel(parts: Parts, destination: str, service: str) -> Channel:
    return connect(
        parts.settings,
        parts.state.path,
        destination=destination,
        service=service,
        trust=parts.trust,
        clock=parts.clock,
        observe=watch(parts, destination, service),
    )


def serve(state: StateFolder, settings: Settings) -> None:
    """Run the gateway until it is told to end."""
    serve_system(state, settings, Gateway())


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
    """What is done with every exchange of a channel: a log line, evidence, on a demo network files of it."""
    captures = Captures(parts.state.data) if parts.settings.development.capture else None

    def observe(exchange: Exchange) -> None:
        _asked(destination, exchange)
        now = parts.clock.now()
        parts.store.keep(exchange_evidence(destination, exchange, now))
        if captures is not None:
            _keep(captures, destination, service, exchange, now)

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
