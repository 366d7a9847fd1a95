"""What the HTTP front hands to the application and takes back: one request, one answer, as values."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "content-type", "date"})


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One whole request, read within every limit of the front.

    Header names are lower case, values as sent (ISO 8859-1). ``path`` and ``query`` are the raw bytes of the
    request target as ASCII text, still percent-encoded. ``peer_certificate`` is DER, None on plain HTTP;
    ``peer_address`` is the IP address without the port.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    peer_certificate: bytes | None = field(repr=False)
    peer_address: str

    def header(self, name: str) -> str | None:
        """The first header of this lower-case name, None when there is none."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class Manner(Enum):
    """How an answer is sent. Only a simulated counterpart that misbehaves uses more than the first."""

    WHOLE = "whole"
    HANG_UP = "hang up"  # nothing is sent, the connection ends
    TRICKLE = "trickle"  # one byte a second
    CUT = "cut"  # half of it is sent, the connection ends


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the application answers; length, date and connection headers are added by the front."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = "text/xml; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = Manner.WHOLE


Application = Callable[[HttpRequest], HttpAnswer]
"""Called in a worker thread; every exception becomes a 500 with a reference."""

Rest = Callable[[], HttpAnswer]
"""What is left to do for an answer; it may wait for somebody."""


class Batching(Protocol):
    """An application that answers several requests at once, without waiting for anybody."""

    def together(self, requests: Sequence[HttpRequest]) -> Sequence[HttpAnswer | Rest]:
        """One for each request: its answer, committed, or what is left to do, in a thread that may wait.

        Called in one thread. Never waits for a counterpart or another request.
        """
        ...


Log = Callable[..., None]
"""``log(event, **fields)``; the front passes no personal data and no bytes of a message."""


def head_of(answer: HttpAnswer) -> bytes:
    """Status line and headers of an answer, without what the connection adds and the empty line.

    Raises ``ValueError`` for a header that could split the answer or that belongs to the front.
    """
    return _head(answer.status, answer.content_type, answer.headers) + b"Content-Length: %d\r\n" % len(
        answer.body
    )


@lru_cache(maxsize=256)
def _head(status: int, content_type: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """All of it that does not depend on the body; nearly every answer has one of a few."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    for name, value in (("Content-Type", content_type), *headers):
        if _TOKEN.fullmatch(name) is None or _FIELD_VALUE.fullmatch(value) is None:
            raise ValueError("an answer's header has characters that HTTP does not allow")
        lines.append(f"{name}: {value}")
    if any(name.lower() in _OURS for name, _ in headers):
        raise ValueError("an answer names a header that is the front's own")
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def plain_answer(status: int, text: str = "", headers: tuple[tuple[str, str], ...] = ()) -> HttpAnswer:
    """A short answer for people, where no SOAP message was read; ``text`` never quotes the request."""
    phrase = HTTPStatus(status).phrase
    body = f"{status} {phrase}: {text}\n" if text else f"{status} {phrase}\n"
    return HttpAnswer(status, body.encode("ascii"), "text/plain; charset=us-ascii", headers)


class _DateLine:
    """The Date header (RFC 9110 section 6.6.1), formatted once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._line = b""

    def __call__(self) -> bytes:
        second = int(time.time())
        if second != self._second:
            self._line = f"Date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
            self._second = second
        return self._line


date_line = _DateLine()
"""The Date header of this second, with its line end."""
