"""Step 1: what HTTP says about a message, before a byte of it is read as XML (Basic Profile 1.1, 3.4)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from gateway.refusals import Refused
from gateway.transport.http import HttpRequest

_CONTENT_TYPE: Final = re.compile(
    r"text/xml[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*(?P<charset>\"[^\"]*\"|[^\s;\"]+)[ \t]*)?;?[ \t]*",
    re.IGNORECASE,
)
_SOAP_ACTION: Final = re.compile(r'"([^"]*)"|([^"]*)')


def step_1_http(request: HttpRequest, body_bytes: int) -> str | None:
    """The SOAPAction without its quotes, None when absent, once method and headers are as they must be."""
    if request.method != "POST":
        raise Refused("method", wanted="POST")
    if request.header("content-encoding") not in {None, "identity"}:
        raise Refused("content-encoding")
    charset = _charset(request.header("content-type") or "")
    if charset is None:
        raise Refused("content-type", wanted="text/xml; charset=utf-8")
    if charset != "utf-8":
        raise Refused("charset", wanted="utf-8")
    if len(request.body) > body_bytes:
        raise Refused("body-too-large", found=f"{len(request.body)} bytes", wanted=f"at most {body_bytes}")
    return _action(request.header("soapaction") or "")


@lru_cache(maxsize=64)
def _charset(content_type: str) -> str | None:
    """The charset of text/xml, in small letters; None for another type."""
    match = _CONTENT_TYPE.fullmatch(content_type.strip())
    return None if match is None else (match["charset"] or "utf-8").strip('"').lower()


@lru_cache(maxsize=64)
def _action(header: str) -> str | None:
    match = _SOAP_ACTION.fullmatch(header.strip())
    return None if match is None else match[1] or match[2] or None
