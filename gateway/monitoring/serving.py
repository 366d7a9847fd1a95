"""The monitor's life as a process of its own, forked by the server beside its workers: HTTP on its own port.

GET /metrics         what Prometheus takes
GET /health/live     200 while a worker serves
GET /health/ready    200, or 503 with the reasons, as the system's own port says
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from gateway import telemetry
from gateway.companion import stopping_of
from gateway.delivery import fatal
from gateway.errors import StateError
from gateway.monitoring.look import Looker
from gateway.monitoring.metrics import SystemCollector
from gateway.outbox.tallies import DeliveryTallies
from gateway.settings import Settings, clock_of
from gateway.state import MONITORING_PORT, StateFolder
from gateway.store import Store, schema
from gateway.store.configured import open_store
from gateway.transport.pages import LIVE, READY
from gateway.transport.tallies import Tallies
from gateway.transport.workers import frames
from gateway.trust.configured import trust_store

METRICS_PATH: Final = "/metrics"
_LOOK_SECONDS: Final = 0.5  # between two looks whether to end
_ANSWER_SECONDS: Final = 10.0  # for a look, when the database hangs
_CLOSE_SECONDS: Final = 2.0  # for a look that is under way when the system ends
_READ_SECONDS: Final = 5.0  # for one read of a request
_AT_ONCE: Final = 16  # requests

Page = tuple[HTTPStatus, str, bytes]
_TEXT: Final = "text/plain; charset=utf-8"


class Watch:
    """What is asked, by one thread; the database is opened with the first question, and again if it fails."""

    def __init__(
        self, state: StateFolder, settings: Settings, tallies: Tallies, deliveries: DeliveryTallies
    ) -> None:
        self._state = state
        self._settings = settings
        self._tallies = tallies
        self._deliveries = deliveries
        self._opened: tuple[Store, str, Looker] | None = None

    def reasons(self) -> tuple[str, ...]:
        """Why no message should be sent here now. Raises StoreError, StateError."""
        _, looker = self._looker()
        return looker().reasons

    def metrics(self) -> bytes:
        """The text for Prometheus. Raises StoreError, StateError."""
        tables, looker = self._looker()
        destinations = tuple(one.id for one in self._settings.destinations)
        registry = CollectorRegistry()
        registry.register(SystemCollector(looker(), self._tallies, self._deliveries, destinations, tables))
        return generate_latest(registry)

    def _looker(self) -> tuple[str, Looker]:
        if self._opened is None:
            state, settings = self._state, self._settings
            clock, trust = clock_of(settings, state.path), trust_store(settings, state.path)
            store = open_store(state.path, settings, clock=clock, on_fatal=fatal(state))
            looker = Looker(state, settings, store, trust, clock, self._tallies)
            self._opened = store, schema.version(store.database), looker
        return self._opened[1:]

    def close(self) -> None:
        """Close the database."""
        if self._opened is not None:
            self._opened[0].close()


def monitor(
    state: StateFolder,
    settings: Settings,
    tallies: Tallies,
    deliveries: DeliveryTallies,
    *,
    parent: int,
    ready: Callable[[], None],
) -> None:
    """Answer until SIGTERM or until ``parent`` is gone. Raises StateError when the port cannot be had."""
    stopping = stopping_of(parent)
    watch = Watch(state, settings, tallies, deliveries)
    looks = ThreadPoolExecutor(1, "look")  # the database's connections and the last look are this thread's

    def page(path: str) -> Page:
        if path == METRICS_PATH:
            return HTTPStatus.OK, CONTENT_TYPE_LATEST, looks.submit(watch.metrics).result(_ANSWER_SECONDS)
        if path == LIVE:
            serving, _ = tallies.serving()
            return _health(() if serving else ("no process serves",), "live")
        if path == READY:
            return _health(looks.submit(watch.reasons).result(_ANSWER_SECONDS), "ready")
        return HTTPStatus.NOT_FOUND, _TEXT, b"not found\n"

    try:
        with _listening(state, settings, page) as server:
            state.remember_port(int(server.server_address[1]), MONITORING_PORT)
            ready()
            while not stopping():
                server.handle_request()
    finally:
        with suppress(TimeoutError):  # a database that hangs keeps nobody from ending
            looks.submit(watch.close).result(_CLOSE_SECONDS)
        looks.shutdown(wait=False, cancel_futures=True)


def _listening(state: StateFolder, settings: Settings, page: Callable[[str], Page]) -> _Server:
    """On the port that is set; else on the one of before, or another where that was taken meanwhile."""
    host, wanted = settings.monitoring.host, settings.monitoring.port
    remembered = state.remembered_port(MONITORING_PORT) or 0
    try:
        try:
            return _Server((host, wanted or remembered), page)
        except OSError:
            if wanted or not remembered:
                raise
            return _Server((host, 0), page)
    except OSError as error:
        where = f"{host} port {wanted or 'any'}"
        raise StateError(f"monitoring: {where} cannot be listened on ({error.strerror})") from None


def _health(reasons: tuple[str, ...], good: str) -> Page:
    if reasons:
        return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, "; ".join(reasons).encode() + b"\n"
    return HTTPStatus.OK, _TEXT, good.encode() + b"\n"


class _Server(ThreadingHTTPServer):
    """So many requests at once, each in a thread; a further one is closed."""

    daemon_threads = True
    block_on_close = False
    timeout = _LOOK_SECONDS

    def __init__(self, address: tuple[str, int], page: Callable[[str], Page]) -> None:
        self.page = page
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look-up of the host's name that HTTPServer makes."""
        socketserver.TCPServer.server_bind(self)

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether there is a place for one more."""
        return self._places.acquire(blocking=False)

    def process_request_thread(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        """As it is, and the place is free again."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A peer that went away."""


class _Handler(BaseHTTPRequestHandler):
    """GET of a page; nothing of a request is logged or quoted."""

    timeout = _READ_SECONDS
    server_version, sys_version = "juki-gateway", ""
    server: _Server

    def do_GET(self) -> None:
        """The page of the path."""
        try:
            status, kind, body = self.server.page(self.path.partition("?")[0])
        except Exception as error:  # noqa: BLE001 - a failed look is an answer too
            telemetry.warning("monitoring-failed", error=type(error).__name__, where=frames(error))
            status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"the system could not be looked at\n"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""
