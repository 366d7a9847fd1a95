"""The contract's files as served at ``?wsdl`` and ``?xsd=NAME``: bytes from an allow-list."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from gateway.data import data_folder

if TYPE_CHECKING:
    from gateway.contract.service import Service

CONTENT_TYPE = "text/xml; charset=utf-8"

# Imports name files beside each other; over HTTP they are queries of the same address.
_IMPORT = re.compile(rb'schemaLocation="([a-z0-9_-]+[.]xsd)"')
_ADDRESS = re.compile(rb'(<soap:address location=)"[^"]*"')


def served_file(service: Service, query: str, address: str) -> tuple[bytes, str] | None:
    """The bytes and content type for a query string of a service's path, or None for any unknown one.

    ``query`` is compared as sent, ``wsdl`` or ``xsd=`` and a name of the service's list, so that no text
    from outside becomes a path. ``address`` is the URL that the WSDL gives as the service's own.
    """
    if query == "wsdl":
        # A function as replacement: backslashes of an address must not be read as group references.
        place = b"".join((rb"<soap:address location=", quoteattr(address).encode()))
        return _ADDRESS.sub(lambda _: place, _bytes(service.wsdl)), CONTENT_TYPE
    if query.startswith("xsd="):
        for name in service.files:
            if query == f"xsd={name}":
                return _bytes(name), CONTENT_TYPE
    return None


@cache
def _bytes(name: str) -> bytes:
    return _IMPORT.sub(rb'schemaLocation="?xsd=\1"', (data_folder("wsdl") / name).read_bytes())
