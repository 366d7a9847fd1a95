"""Requests that are framed wrongly, too large or too slow: their status, and the connection closes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from gateway.transport.limits import FrontLimits
from tests.kit.front import InProcess, limits, post, read_answer, read_to_end, send_all

_START = b"POST /terminal/1 HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(scope="module")
def front() -> Iterator[InProcess]:
    with InProcess(limits(0.1, body_bytes_by_path={"/pieces/1": 1_000_000})) as running:
        yield running


def _chunked(chunks: bytes) -> bytes:
    return _START + b"Transfer-Encoding: chunked\r\n\r\n" + chunks


_BAD = {
    "length and chunked": (_START + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked and length": (_START + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "length twice, same": (_START + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    "length twice, different": (_START + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "length list": (_START + b"Content-Length: 6, 6\r\n\r\nabcdef", 400),
    "length +6": (_START + b"Content-Length: +6\r\n\r\nabcdef", 400),
    "length -1": (_START + b"Content-Length: -1\r\n\r\nabcdef", 400),
    "length 0x6": (_START + b"Content-Length: 0x6\r\n\r\nabcdef", 400),
    "length 0_6": (_START + b"Content-Length: 0_6\r\n\r\nabcdef", 400),
    "length empty": (_START + b"Content-Length:\r\n\r\n", 400),
    "coding xchunked": (_START + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "coding chunked, identity": (_START + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
    "coding gzip, chunked": (_START + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "coding twice": (
        _START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "coding on 1.0": (b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "space before colon": (_START + b"Content-Length : 3\r\n\r\nabc", 400),
    "folded header": (_START + b"X-A: b\r\n c\r\nContent-Length: 3\r\n\r\nabc", 400),
    "bare LF": (b"POST / HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc", 400),
    "bare CR": (_START + b"X-A: b\rX-B: c\r\nContent-Length: 3\r\n\r\nabc", 400),
    "NUL": (_START + b"X-A: b\0c\r\nContent-Length: 3\r\n\r\nabc", 400),
    "no Host": (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400),
    "two Hosts": (_START + b"Host: b\r\nContent-Length: 3\r\n\r\nabc", 400),
    "two Content-Types": (
        _START + b"Content-Type: text/xml\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc",
        400,
    ),
    "two SOAPActions": (_START + b"SOAPAction: a\r\nSOAPAction: b\r\nContent-Length: 3\r\n\r\nabc", 400),
    "chunk size 0x6": (_chunked(b"0x6\r\nabcdef\r\n0\r\n\r\n"), 400),
    "chunk size and LF": (_chunked(b"6\nabcdef\r\n0\r\n\r\n"), 400),
    "chunk size of 17 digits": (_chunked(b"10000000000000006\r\nabcdef\r\n0\r\n\r\n"), 400),
    "trailer": (_chunked(b"3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"), 400),
    "200 headers": (_START + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n", 431),
    "a header of 100 KB": (_START + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n", 431),
    "a header of 20 MB": (_START + b"X-A: " + b"a" * 20_000_000 + b"\r\n\r\n", 431),
    "2 MB of headers": (_START + b"".join(b"X-%05d: %s\r\n" % (n, b"a" * 990) for n in range(2000)), 431),
    "a target of 100 KB": (b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "length of 10 GB": (_START + b"Content-Length: 10000000000\r\n\r\nabc", 413),
    "chunk extension of 2 MB": (_chunked(b"3;" + b"a" * 2_000_000 + b"\r\nabc\r\n0\r\n\r\n"), 413),
    "600,000 chunks of one byte": (_chunked(b"1\r\na\r\n" * 600_000 + b"0\r\n\r\n"), 413),
    "no length": (_START + b"\r\n", 411),
    "GET with a body": (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400),
    "Expect of something else": (_START + b"Expect: 200-ok\r\nContent-Length: 3\r\n\r\n", 417),
    "Upgrade": (_START + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc", 400),
    "HTTP/2.0": (b"POST / HTTP/2.0\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 505),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500, 400),
    "fragment": (b"POST /a#b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400),
    "Host with a space": (b"POST / HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", _BAD)
def test_a_bad_request_is_refused_and_the_connection_closes(front: InProcess, name: str) -> None:
    raw, status = _BAD[name]
    asked = len(front.application.asked)
    received, seconds = front.exchange(raw)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in received
    assert received.count(b"\r\nDate: ") == 1
    assert seconds < 2
    assert len(front.application.asked) == asked


@pytest.mark.parametrize(
    "cut", [b"Content-Length: 9\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc", b"X"]
)
def test_a_request_cut_off_is_refused(front: InProcess, cut: bytes) -> None:
    asked = len(front.application.asked)
    with front.connect() as connection:
        connection.sendall(_START + cut)
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")
    assert len(front.application.asked) == asked


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "BREW"])
def test_another_method_is_told_which_are_allowed(front: InProcess, method: str) -> None:
    received, _ = front.exchange(f"{method} /terminal/1 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert received.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nAllow: GET, POST\r\n" in received
    assert received.endswith(b"\r\n\r\n" if method == "HEAD" else b"<fault>method</fault>")


def test_connect_is_no_tunnel(front: InProcess) -> None:
    received, _ = front.exchange(
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert received.startswith(b"HTTP/1.1 405 ")
    assert received.count(b"HTTP/1.1 ") == 1


def test_a_good_request_is_answered_and_the_connection_kept(front: InProcess) -> None:
    with front.connect() as connection:
        for body in (b"first", b"", b"third"):
            connection.sendall(post("/terminal/1?a=%20b", body, "SOAPAction: x", "X-Empty:"))
            status, headers, echoed = read_answer(connection)
            assert (status, echoed, headers["connection"]) == (200, body, "keep-alive")
        request = front.application.asked[-1]
    assert (request.method, request.path, request.query) == ("POST", "/terminal/1", "a=%20b")
    assert (request.header("soapaction"), request.header("x-empty"), request.header("x-a")) == ("x", "", None)
    assert (request.peer_address, request.peer_certificate) == ("127.0.0.1", None)
    assert "third" not in repr(request)


def test_bytes_one_at_a_time_make_the_same_request(front: InProcess) -> None:
    with front.connect() as connection:
        for byte in _START + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n":
            connection.sendall(bytes((byte,)))
        assert read_answer(connection)[::2] == (200, b"abcde")


@pytest.mark.parametrize("target", ["http://a/terminal/1", "https://a:8443/terminal/1"])
def test_an_absolute_target_names_the_same_path(front: InProcess, target: str) -> None:
    with front.connect() as connection:
        connection.sendall(post(target))
        assert read_answer(connection)[0] == 200
    assert front.application.asked[-1].path == "/terminal/1"


@pytest.mark.parametrize(("path", "limit"), [("/terminal/1", 262_144), ("/pieces/1", 1_000_000)])
def test_the_body_limit_of_a_path(front: InProcess, path: str, limit: int) -> None:
    with front.connect() as connection:
        connection.sendall(post(path, b"a" * limit))
        assert len(read_answer(connection)[2]) == limit
        connection.sendall(
            post(path, b"a" * limit).replace(b"Content-Length: %d" % limit, b"Transfer-Encoding: chunked")[
                :-limit
            ]
        )
        connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (limit, b"a" * limit))
        assert len(read_answer(connection)[2]) == limit
    for raw in (
        post(path, b"a" * (limit + 1)),
        f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + b"%x\r\n%s\r\n0\r\n\r\n" % (limit + 1, b"a" * (limit + 1)),
    ):
        received, _ = front.exchange(raw)
        assert received.startswith(b"HTTP/1.1 413 ")
        assert received.endswith(b"<fault>body-too-large</fault>")


@pytest.mark.parametrize(("headers", "status"), [(64, 200), (65, 431)])
def test_the_number_of_headers(front: InProcess, headers: int, status: int) -> None:
    extra = [f"X-{number}: a" for number in range(headers - 3)]
    received, _ = front.exchange(post("/", b"", "Connection: close", *extra))
    assert received.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(("size", "status"), [(32_768, 200), (32_769, 431)])
def test_the_size_of_the_head(front: InProcess, size: int, status: int) -> None:
    short = post(
        "/", b"", "Connection: close", *(f"X-{number}: {'a' * 8000}" for number in range(4)), "X-5: "
    )
    raw = short[:-4] + b"a" * (size - len(short)) + b"\r\n\r\n"
    assert len(raw) == size
    received, _ = front.exchange(raw)
    assert received.startswith(b"HTTP/1.1 %d " % status)


def test_endless_line_ends_before_a_request_are_a_head_too_large(front: InProcess) -> None:
    received, _ = front.exchange(b"\r\n" * 20_000)
    assert received.startswith(b"HTTP/1.1 414 ")


def test_expect_100_continue(front: InProcess) -> None:
    with front.connect() as connection:
        connection.sendall(post("/", b"abc", "Expect: 100-continue")[:-3])
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert read_answer(connection)[::2] == (200, b"abc")
        connection.sendall(post("/", b"abc", "Expect: 100-continue"))
        assert read_answer(connection)[::2] == (200, b"abc")
    received, _ = front.exchange(_START + b"Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 413 ")


def test_http_1_0(front: InProcess) -> None:
    received, _ = front.exchange(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"Connection: close\r\n\r\nabc")
    with front.connect() as connection:
        connection.sendall(b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc")
        assert read_answer(connection)[1]["connection"] == "keep-alive"


@pytest.mark.parametrize("second", [post("/", b"second"), b"rubbish", b"GET / HTTP/1.1\r\n"])
def test_of_pipelined_requests_the_first_is_answered(front: InProcess, second: bytes) -> None:
    received, _ = front.exchange(post("/", b"first") + second)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"Connection: close\r\n\r\nfirst")


def test_a_request_pipelined_while_the_first_is_worked_on_waits(front: InProcess) -> None:
    with front.connect() as connection:
        connection.sendall(post("/slow?0.3", b"first"))
        time.sleep(0.1)
        connection.sendall(post("/", b"second"))
        assert read_answer(connection)[2] == b"first"
        assert read_answer(connection)[2] == b"second"


@pytest.mark.parametrize("path", ["/boom", "/split"])
def test_an_unknown_exception_is_a_reference_to_the_peer_and_no_more(front: InProcess, path: str) -> None:
    with front.connect() as connection:
        connection.sendall(post(path))
        status, _, body = read_answer(connection)
        connection.sendall(post("/", b"goes on"))
        assert read_answer(connection)[2] == b"goes on"
    line = next(line for line in reversed(front.lines) if line["event"] == "request-failed")
    assert (status, body) == (500, f"<fault>{line['reference']}</fault>".encode())
    assert "山田" not in repr(front.lines)
    assert "__call__" in line["where"] or path == "/split"


# Deadlines, at a tenth of the real ones: 0.5 s for headers, 2 s for a body, 1.5 s idle, 2 s for writing.


@pytest.mark.parametrize("start", [b"", b"POST /terminal/1 HTTP/1.1\r\nHo", b"\r\n"])
def test_headers_that_do_not_come(front: InProcess, start: bytes) -> None:
    received, seconds = front.exchange(start)
    assert received == b""
    assert 0.4 < seconds < 1.5


def test_headers_that_drip(front: InProcess) -> None:
    started = time.monotonic()
    with front.connect() as connection:
        for byte in _START * 5:
            send_all(connection, bytes((byte,)))
            time.sleep(0.05)
            if time.monotonic() - started > 1.2:
                break
        assert read_to_end(connection) == b""
    assert time.monotonic() - started < 2


def test_a_body_that_drips_is_told_and_cut(front: InProcess) -> None:
    started = time.monotonic()
    with front.connect() as connection:
        connection.sendall(_START + b"Content-Length: 1000\r\n\r\n")
        connection.settimeout(0.1)
        received = b""
        while not received:
            send_all(connection, b"a")
            try:
                received = connection.recv(65536)
            except TimeoutError:
                assert time.monotonic() - started < 5
        assert received.startswith(b"HTTP/1.1 408 ")
        assert 1.9 < time.monotonic() - started < 3
        connection.settimeout(5)
        read_to_end(connection)
    assert time.monotonic() - started < 4


def test_an_idle_connection_closes(front: InProcess) -> None:
    with front.connect() as connection:
        connection.sendall(post("/"))
        read_answer(connection)
        started = time.monotonic()
        assert read_to_end(connection) == b""
        assert 1.2 < time.monotonic() - started < 2.5


def test_an_answer_that_nobody_reads_is_forgotten(front: InProcess) -> None:
    with front.connect() as connection:
        connection.sendall(post("/large"))
        started = time.monotonic()
        time.sleep(3.5)
        received = read_to_end(connection)
        assert len(received) < 8_000_000
        assert time.monotonic() - started < 5


def test_an_old_connection_is_closed_with_its_answer() -> None:
    with InProcess(limits(0.1, age=0.3)) as young, young.connect() as connection:
        connection.sendall(post("/"))
        assert read_answer(connection)[1]["connection"] == "keep-alive"
        connection.sendall(post("/slow?0.4"))
        assert read_answer(connection)[1]["connection"] == "close"
        assert read_to_end(connection) == b""


def test_more_requests_than_threads_and_places_get_503() -> None:
    with InProcess(limits(1, queue=2), threads=1) as small:
        held = [small.connect() for _ in range(3)]
        for connection in held:
            connection.sendall(post("/hold"))
        time.sleep(0.3)
        with small.connect() as connection:
            connection.sendall(post("/", b"one too many"))
            status, headers, _ = read_answer(connection)
            assert (status, headers["retry-after"], headers["connection"]) == (503, "1", "keep-alive")
            small.application.release.set()
            assert [read_answer(other)[0] for other in held] == [200, 200, 200]
            connection.sendall(post("/", b"again"))
            assert read_answer(connection)[::2] == (200, b"again")
        for connection in held:
            connection.close()


def test_bodies_being_read_are_bounded_together() -> None:
    with (
        InProcess(limits(1, buffered_bytes=150_000)) as small,
        small.connect() as first,
        small.connect() as second,
    ):
        first.sendall(post("/", b"a" * 100_000)[:-1])
        time.sleep(0.2)
        send_all(second, post("/", b"a" * 100_000))
        received = read_to_end(second)
        assert received.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in received
        first.sendall(b"a")
        assert read_answer(first)[0] == 200
        first.sendall(post("/", b"a" * 100_000))
        assert read_answer(first)[0] == 200


def test_an_answer_may_be_withheld_or_trickle(front: InProcess) -> None:
    assert front.exchange(post("/hang-up"))[0] == b""
    started = time.monotonic()
    with front.connect() as connection:
        connection.sendall(post("/trickle"))
        received = read_to_end(connection)
    assert b"HTTP/1.1 200 OK".startswith(received)
    assert len(received) in {2, 3}
    assert 1.9 < time.monotonic() - started < 3


def test_the_application_is_closed_and_its_periodic_work_survives_a_failure() -> None:
    with InProcess(FrontLimits()) as running:
        time.sleep(0.4)
    assert running.application.periods > 3
    assert running.application.closed
    assert {"event": "periodic-failed", "error": "RuntimeError"}.items() <= next(
        line for line in running.lines if line["event"] == "periodic-failed"
    ).items()
