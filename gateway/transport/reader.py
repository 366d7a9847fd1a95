"""Bytes of a connection become requests, one at a time, within the limits: the parser and its rules."""

from __future__ import annotations

import httptools

from gateway.transport.framing import Head, Rejected, judge_head
from gateway.transport.limits import FrontLimits


class _Stop(Exception):
    """Ends the parser's work on bytes that nobody will answer."""


class RequestReader:
    """Fed with bytes until ``whole``; ``begin`` makes it ready for the next request.

    ``feed`` raises ``Rejected`` and is not to be called again after that. ``pipelined`` tells that more
    than one request was fed: what came behind the first is lost, and so the connection must close.
    """

    __slots__ = (
        "_body", "_chunk_raw", "_header_bytes", "_limits", "_parser", "_rejected", "_target", "bodiless",
        "head", "head_raw", "headers", "keep_alive", "pipelined", "size", "whole",
    )  # fmt: skip

    def __init__(self, limits: FrontLimits) -> None:
        self._limits = limits
        self._parser = httptools.HttpRequestParser(self)
        self.begin()

    def begin(self) -> None:
        """Forget the last request."""
        self._target = b""
        self._header_bytes = self._chunk_raw = 0
        self._body: list[bytes] = []
        self._rejected: Rejected | None = None
        self.head: Head | None = None
        self.headers: list[tuple[str, str]] = []
        self.head_raw = self.size = 0
        self.whole: bool = False
        self.pipelined: bool = False
        self.keep_alive: bool = False
        self.bodiless: bool = False

    def end(self) -> None:
        """Break the cycle with the parser, which holds this object's methods."""
        del self._parser
        self._body = []

    def body(self) -> bytes:
        """The body of the whole request."""
        return self._body[0] if len(self._body) == 1 else b"".join(self._body)

    def feed(self, data: bytes) -> None:
        """Read on; raises ``Rejected``. Up to 256 KB come at once: each limit is judged as it is met."""
        if self.head is None:
            room = self._limits.head_bytes - self.head_raw
            self.head_raw += min(len(data), room)
            if len(data) > room:
                self._parse(data[:room])
                if self.head is None:
                    raise Rejected(431 if self.headers else 414, "request head too large")
                data = data[room:]
                if self.whole:
                    self.pipelined = True
                    return
        self._parse(data)
        if self.head is not None and self.head.chunked and not self.whole:
            # Sizes and extensions of chunks are not in the body: what is on the wire is bounded too.
            self._chunk_raw += len(data)
            if self._chunk_raw > self.head.limit + self.head.limit // 4 + self._limits.head_bytes:
                raise Rejected(413, "body too large", "body-too-large")

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            if self._rejected is not None:
                raise self._rejected from None
            if not self.pipelined:
                raise
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self.whole:
                self.pipelined = True  # bytes behind a whole request are not answered, whatever they are
            elif isinstance(error, httptools.HttpParserInvalidMethodError) and _names_method(data):
                raise Rejected(405, "method", "method") from None
            else:
                raise Rejected(400, "malformed request") from None

    # What the parser calls. An exception in one of these ends its work on the bytes at hand.

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        if self.whole:
            self.pipelined = True
            raise _Stop

    def on_url(self, piece: bytes) -> None:
        """A piece of the request target."""
        self._target += piece
        if len(self._target) > self._limits.target_bytes:
            self._reject(Rejected(414, "request target too long"))

    def on_header(self, name: bytes, value: bytes | None) -> None:
        """One header, or a trailer."""
        value = value or b""
        if self.head is not None:
            self._reject(Rejected(400, "trailer"))
        size = len(name) + len(value)
        self._header_bytes += size
        limits = self._limits
        if (
            len(self.headers) >= limits.header_count
            or size > limits.header_bytes
            or self._header_bytes > limits.head_bytes
        ):
            self._reject(Rejected(431, "headers too large or too many"))
        self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """The head is whole: judge it before any of the body."""
        method = self._parser.get_method().decode("ascii")
        self.bodiless = method == "HEAD"  # nobody reads a body behind the answer to HEAD
        try:
            self.head = judge_head(
                method, self._parser.get_http_version(), self._target, self.headers, self._limits
            )
        except Rejected as rejected:
            self._reject(rejected)

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        self.size += len(piece)
        if self.head is None or self.size > self.head.limit:
            self._reject(Rejected(413, "body too large", "body-too-large"))
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.whole = True
        self.keep_alive = self._parser.should_keep_alive()

    def _reject(self, rejected: Rejected) -> None:
        self._rejected = rejected
        raise rejected


def _names_method(data: bytes) -> bool:
    """Whether the bytes begin with a method by the look of it, known or not."""
    method, space, _ = data[:25].partition(b" ")
    return bool(space) and method.isalpha() and method.isupper()
