"""HttpCaller against a raw socket server: whatever the other side does, an error by kind and in time."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients._http import HttpCaller, HttpReply
from gateway.errors import CounterpartAnswerInvalid, CounterpartTimeout, CounterpartUnavailable
from tests.kit.raw_server import Behaviour, RawServer, answer, sends, silent, trickles
from tests.kit.tls import TestAuthority

DEADLINE = 0.6
IN_TIME = DEADLINE + 0.5
LARGEST = 10_000


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    started: list[RawServer] = []

    def start(behaviour: Behaviour, tls: ssl.SSLContext | None = None, *, reads: bool = True) -> RawServer:
        started.append(RawServer(behaviour, tls, reads=reads))
        return started[-1]

    yield start
    for server in started:
        server.stop()


_made: list[HttpCaller] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Every caller of a test is closed after it."""
    yield
    while _made:
        _made.pop().close()


def caller(port: int, tls: ssl.SSLContext | None = None, **options: Any) -> HttpCaller:
    scheme = "http" if tls is None else "https"
    values = {"check_server": lambda _der: None, "answer_bytes": LARGEST, **options}
    _made.append(HttpCaller(f"{scheme}://127.0.0.1:{port}/", tls, **values))
    return _made[-1]


def post(http: HttpCaller, body: bytes = b"<a/>", *, seconds: float = DEADLINE) -> HttpReply:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:a"'}
    return http.post("/terminal/1", body, headers, deadline=time.monotonic() + seconds)


# What works.


def test_an_answer_and_what_was_sent(serve: Callable[..., RawServer]) -> None:
    server = serve(sends(answer()))
    http = caller(server.port)
    assert post(http) == HttpReply(200, "text/xml; charset=utf-8", b"<b/>")
    assert post(http, b"<c/>").body == b"<b/>"
    http.close()
    first, second = server.requests
    assert server.connections == 1
    head, _, body = first.partition(b"\r\n\r\n")
    assert body == b"<a/>"
    assert second.endswith(b"<c/>")
    assert head.split(b"\r\n") == [
        b"POST /terminal/1 HTTP/1.1",
        b"Host: 127.0.0.1:%d" % server.port,
        b"Content-Length: 4",
        b"Accept-Encoding: identity",
        b"Content-Type: text/xml; charset=utf-8",
        b'SOAPAction: "urn:a"',
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<b\r\n2\r\n/>\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<b/>",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n<b/>",
    ],
)
def test_other_ways_to_write_it(serve: Callable[..., RawServer], raw: bytes) -> None:
    assert post(caller(serve(sends(raw)).port)).body == b"<b/>"


def test_any_status_is_handed_on_and_no_redirect_followed(serve: Callable[..., RawServer]) -> None:
    elsewhere = serve(sends(answer()))
    location = f"Location: http://127.0.0.1:{elsewhere.port}/"
    server = serve(sends(answer(b"", location, status="307 Temporary Redirect")))
    assert post(caller(server.port)).status == 307
    assert elsewhere.connections == 0


def test_the_environments_proxy_is_not_asked(
    serve: Callable[..., RawServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert post(caller(serve(sends(answer())).port)).status == 200


def test_an_answer_at_the_limit(serve: Callable[..., RawServer]) -> None:
    assert len(post(caller(serve(sends(answer(b"x" * LARGEST))).port)).body) == LARGEST


def test_a_connection_that_the_server_closed_is_not_used_again(serve: Callable[..., RawServer]) -> None:
    server = serve(sends(answer(), then_close=True))
    http = caller(server.port)
    for _ in range(3):
        assert post(http).status == 200
        time.sleep(0.05)
    assert server.connections == 3


def test_a_connection_that_the_server_wants_closed_is_not_used_again(serve: Callable[..., RawServer]) -> None:
    server = serve(sends(answer(b"<b/>", "Connection: close")))
    http = caller(server.port)
    assert [post(http).status for _ in range(2)] == [200, 200]
    assert server.connections == 2


def test_more_than_one_answer_spoils_the_connection(serve: Callable[..., RawServer]) -> None:
    """What came unasked is never taken for the answer to the next request."""
    server = serve(sends(answer(b"<b/>") + answer(b"<unasked/>")))
    http = caller(server.port)
    assert [post(http).body for _ in range(3)] == [b"<b/>"] * 3


def test_many_threads_have_connections_of_their_own(serve: Callable[..., RawServer]) -> None:
    server = serve(lambda connection: (time.sleep(0.1), connection.sendall(answer()))[1])
    http = caller(server.port)
    replies: list[HttpReply] = []
    threads = [threading.Thread(target=lambda: replies.append(post(http, seconds=3))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(replies) == server.connections == 5


def test_file_descriptors_beyond_select(serve: Callable[..., RawServer]) -> None:
    """A busy server has more than 1,024 of them: select() could not look at such a connection."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip("not run: no more than 1,200 file descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    held = [socket.socket() for _ in range(1050)]
    try:
        http = caller(serve(sends(answer())).port)
        assert [post(http).status for _ in range(2)] == [200, 200]
        http.close()
    finally:
        for one in held:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# What takes too long.

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100\r\n\r\n"
SLOW: dict[str, Behaviour] = {
    "no answer": silent,
    "trickled status line": trickles(b"", b"HTTP/1.1 200 OK\r\n" * 9),
    "trickled headers": trickles(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"b" * 100),
    "trickled body": trickles(HEAD, b"x" * 100),
    "trickled chunks": trickles(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 50),
    "no end of the body": trickles(HEAD + b"x" * 99, b"", 0),
    "endless 100 Continue": trickles(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 9, 0.02),
    "body until the connection closes": trickles(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100),
}


@pytest.mark.parametrize("name", sorted(SLOW))
def test_the_deadline_is_for_all_of_it(serve: Callable[..., RawServer], name: str) -> None:
    behaviour = SLOW[name]

    def then_silent(connection: socket.socket) -> None:
        behaviour(connection)
        silent(connection)

    http = caller(serve(then_silent).port)
    begun = time.monotonic()
    with pytest.raises(CounterpartTimeout):
        post(http)
    assert DEADLINE - 0.1 <= time.monotonic() - begun < IN_TIME


def test_a_request_that_nobody_reads(serve: Callable[..., RawServer]) -> None:
    server = serve(lambda _connection: time.sleep(1.5), reads=False)
    begun = time.monotonic()
    with pytest.raises(CounterpartTimeout):
        post(caller(server.port), b"x" * 20_000_000)
    assert time.monotonic() - begun < IN_TIME


def test_a_handshake_that_nobody_answers(serve: Callable[..., RawServer]) -> None:
    server = serve(silent, reads=False)
    context = ssl.create_default_context()
    begun = time.monotonic()
    with pytest.raises(CounterpartTimeout):
        post(caller(server.port, context))
    assert time.monotonic() - begun < IN_TIME


def test_a_deadline_that_has_passed_already(serve: Callable[..., RawServer]) -> None:
    server = serve(sends(answer()))
    with pytest.raises(CounterpartTimeout):
        post(caller(server.port), seconds=-1)
    assert server.requests == []


# What is no answer.

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "cut in the head": b"HTTP/1.1 200 OK\r\nContent-",
    "cut in the body": HEAD + b"x" * 50,
    "cut in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nxxx",
    "cut before the last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "status of one digit": b"HTTP/1.1 2 OK\r\n\r\n",
    "a chunk that is no number": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a chunk of -2": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n<b/>",
    "a header line of 70,000": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    "200 headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
}
LARGE: dict[str, bytes] = {
    "one byte too many": answer(b"x" * (LARGEST + 1)),
    "one byte too many without a length": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LARGEST + 1),
    "one byte too many in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"2711\r\n"
    + b"x" * 10_001
    + b"\r\n0\r\n\r\n",
    "a length of 10 GB": b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n" + b"x" * 1_000_000,
    "a chunk of -1, then without end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"
    + b"x" * 1_000_000,
    "a chunk extension of 1 MB": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"
    + b"x" * 1_000_000
    + b"\r\nx\r\n0\r\n\r\n",
    "trailers of 1 MB": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    + b"X: a\r\n" * 200_000
    + b"\r\n",
}


@pytest.mark.parametrize("name", [*sorted(BROKEN), *sorted(LARGE)])
def test_what_is_no_answer_within_the_bounds(serve: Callable[..., RawServer], name: str) -> None:
    raw = {**BROKEN, **LARGE}[name]
    server = serve(sends(raw, then_close=True))
    http = caller(server.port)
    begun = time.monotonic()
    with pytest.raises(CounterpartUnavailable) as caught:
        post(http)
    assert time.monotonic() - begun < IN_TIME
    assert "x" * 20 not in str(caught.value)
    # Nothing of it is left for the next request.
    server.behaviour = sends(answer())
    assert post(http).body == b"<b/>"
    assert server.connections == 2


def test_an_endless_answer_is_not_collected(serve: Callable[..., RawServer]) -> None:
    """Bounds are judged while it arrives: the memory stays at the bound, whatever is sent."""
    sent: list[int] = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n")
        for _ in range(2000):
            sent.append(connection.send(b"x" * 65536))

    with pytest.raises(CounterpartUnavailable):
        post(caller(serve(endless).port), seconds=5)
    time.sleep(0.1)
    assert sum(sent) < 20_000_000


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(CounterpartUnavailable):
        post(caller(port))
    assert time.monotonic() - begun < IN_TIME


# TLS.


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tls"))


def server_context(authority: TestAuthority) -> ssl.SSLContext:
    pair = authority.issue("server", server=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def test_tls_and_the_check_of_the_server(serve: Callable[..., RawServer], authority: TestAuthority) -> None:
    server = serve(sends(answer()), server_context(authority))
    seen: list[bytes] = []
    http = caller(server.port, authority.client(None), check_server=seen.append)
    assert [post(http).status for _ in range(2)] == [200, 200]
    http.close()
    assert (len(seen), server.connections) == (1, 1)
    assert seen[0][:1] == b"\x30"


def test_a_server_that_the_check_refuses_gets_no_byte(
    serve: Callable[..., RawServer], authority: TestAuthority
) -> None:
    server = serve(sends(answer()), server_context(authority))

    def refuse(_der: bytes) -> None:
        raise CounterpartAnswerInvalid("not that one")

    with pytest.raises(CounterpartAnswerInvalid):
        post(caller(server.port, authority.client(None), check_server=refuse))
    assert server.requests == []


def test_a_server_of_another_authority_gets_no_byte(
    serve: Callable[..., RawServer], authority: TestAuthority, tmp_path: Path
) -> None:
    server = serve(sends(answer()), server_context(authority))
    other = TestAuthority(tmp_path / "other")
    with pytest.raises(CounterpartUnavailable):
        post(caller(server.port, other.client(None)))
    assert server.requests == []


def test_a_trickle_under_tls(serve: Callable[..., RawServer], authority: TestAuthority) -> None:
    server = serve(trickles(HEAD, b"x" * 100), server_context(authority))
    begun = time.monotonic()
    with pytest.raises(CounterpartTimeout):
        post(caller(server.port, authority.client(None)))
    assert time.monotonic() - begun < IN_TIME


# What is used wrongly.


@pytest.mark.parametrize("value", ["a\nb", "a\r\nX: b"])
def test_a_header_that_breaks_the_line_is_a_bug(serve: Callable[..., RawServer], value: str) -> None:
    server = serve(sends(answer()))
    with pytest.raises(ValueError, match="breaks the line"):
        caller(server.port).post("/", b"", {"SOAPAction": value}, deadline=time.monotonic() + 1)
    assert server.requests == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "https://127.0.0.1/", "http:///", "127.0.0.1:80"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        HttpCaller(url, None, check_server=lambda _der: None, answer_bytes=1)


def test_tls_for_a_plain_address() -> None:
    with pytest.raises(ValueError, match="address"):
        HttpCaller(
            "http://127.0.0.1/", ssl.create_default_context(), check_server=lambda _der: None, answer_bytes=1
        )
