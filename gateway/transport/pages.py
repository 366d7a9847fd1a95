"""What a GET gets: the contract (``?wsdl``, ``?xsd=…``) and the health questions. Nothing else is served."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.contract import Service, served_file
from gateway.transport.http import HttpAnswer, HttpRequest, plain_answer

LIVE = "/health/live"
READY = "/health/ready"


class Pages:
    """The contract of the services by path, and health.

    ``unready`` gives the reasons why no message should be sent here now; none means ready.
    """

    def __init__(
        self, services: Mapping[str, tuple[Service, str]], unready: Callable[[], tuple[str, ...]]
    ) -> None:
        self._services = services  # path -> service and its first address
        self._unready = unready

    def __call__(self, http: HttpRequest) -> HttpAnswer:
        """The page, 404 for a path that has none, 405 for a service asked without ``?wsdl``."""
        if http.path == LIVE:
            return plain_answer(200, "live")
        if http.path == READY:
            reasons = self._unready()
            return plain_answer(503, "; ".join(reasons)) if reasons else plain_answer(200, "ready")
        if http.path not in self._services:
            return plain_answer(404)
        service, address = self._services[http.path]
        if not http.query:
            return plain_answer(
                405, "a message is sent by POST; ?wsdl gives the contract", (("Allow", "POST"),)
            )
        served = served_file(service, http.query, address)
        if served is None:
            return plain_answer(404)
        content, content_type = served
        return HttpAnswer(200, content, content_type)
