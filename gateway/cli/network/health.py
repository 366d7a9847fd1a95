"""Asks a server whether it is ready: GET /health/ready over mutual TLS, with the system's own credential."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterable
from pathlib import Path

READY_PATH = "/health/ready"


def probe_context(trusted: Iterable[Path], certificate: Path, key: Path) -> ssl.SSLContext:
    """The TLS side of the question. Raises ssl.SSLError or OSError for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    for file in trusted:
        context.load_verify_locations(cafile=file)
    context.load_cert_chain(certificate, key)
    return context


def is_ready(host: str, port: int, context: ssl.SSLContext, *, seconds: float = 2) -> bool:
    """Whether the server answers 200; a server that cannot be reached or is not ready is False."""
    connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
