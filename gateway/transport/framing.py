"""Where a request begins and ends, judged from its head alone: no I/O, no request smuggling (RFC 9112).

The parser (llhttp through httptools) already refuses bare CR and LF, NUL, folded headers, white space before
the colon, Content-Length beside Transfer-Encoding, and lengths that are not digits. What it lets pass is
judged here, and so are the rules that must not depend on a parser's version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.transport.limits import FrontLimits

METHODS = ("GET", "POST")
"""What the application is asked for; every other method is a 405."""

_SINGLE = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "content-type",
        "content-encoding",
        "soapaction",
        "expect",
        "upgrade",
        "authorization",
    }
)
_HOST = re.compile(r"[A-Za-z0-9.\-_~%!$&'()*+,;=:\[\]]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_TARGET = re.compile(r"[\x21\x22\x24-\x7e]+")
_ABSOLUTE = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://[^/?]+")


class Rejected(Exception):
    """The request cannot be read: ``status`` and a fixed text, and the connection closes.

    ``rule`` names a rule of the message profile's step 1, whose SOAP fault is then the answer.
    """

    def __init__(self, status: int, why: str, rule: str | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request that may go on to its body."""

    method: str
    path: str
    query: str
    chunked: bool
    length: int
    """Bytes announced; 0 when chunked."""
    limit: int
    """Bytes that the body may have."""
    expects_continue: bool


def judge_head(
    method: str,
    version: str,
    target: bytes,
    headers: Sequence[tuple[str, str]],
    limits: FrontLimits,
) -> Head:
    """Decide whether the request is framed without doubt; header names are lower case.

    Raises ``Rejected``: 400 for framing, 405, 411, 413, 417, 505.
    """
    if version not in {"1.1", "1.0"}:
        raise Rejected(505, "version")
    single = _single_headers(headers)
    host = single.get("host")
    if host is None and version == "1.1":
        raise Rejected(400, "no Host")
    if host is not None and _HOST.fullmatch(host) is None:
        raise Rejected(400, "Host")
    length = single.get("content-length")
    coding = single.get("transfer-encoding")
    if length is not None and coding is not None:
        raise Rejected(400, "Content-Length and Transfer-Encoding")
    if length is not None and _LENGTH.fullmatch(length) is None:
        raise Rejected(400, "Content-Length")
    if coding is not None and (version == "1.0" or coding.lower() != "chunked"):
        raise Rejected(400, "Transfer-Encoding")
    if method not in METHODS:
        raise Rejected(405, "method", "method")
    path, query = _split(target)
    size = int(length or 0)
    if method == "GET" and (size or coding is not None):
        raise Rejected(400, "GET with a body")
    if method == "POST" and length is None and coding is None:
        raise Rejected(411, "Content-Length is missing")
    if "upgrade" in single:
        raise Rejected(400, "Upgrade is not offered")
    limit = limits.body_limit(path)
    if size > limit:
        raise Rejected(413, "body too large", "body-too-large")
    expect = single.get("expect")
    if expect is not None and expect.lower() != "100-continue":
        raise Rejected(417, "Expect")
    # RFC 9110 section 10.1.1: an expectation in an HTTP/1.0 request is ignored.
    waits = expect is not None and version == "1.1" and (size > 0 or coding is not None)
    return Head(method, path, query, coding is not None, size, limit, waits)


def _single_headers(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The headers that may stand once only, by name."""
    single: dict[str, str] = {}
    for name, value in headers:
        if name in _SINGLE:
            if name in single:
                raise Rejected(400, f"two {name} headers")
            single[name] = value
    return single


@lru_cache(maxsize=256)
def _split(target: bytes) -> tuple[str, str]:
    """Path and query of the request target, in origin form or absolute form (RFC 9112 section 3.2)."""
    text = target.decode("latin-1")
    if _TARGET.fullmatch(text) is None:
        raise Rejected(400, "request target")
    absolute = _ABSOLUTE.match(text)
    if absolute is not None:
        text = text[absolute.end() :]
        if not text.startswith("/"):
            text = "/" + text
    if not text.startswith("/"):
        raise Rejected(400, "request target")
    path, _, query = text.partition("?")
    return path, query
