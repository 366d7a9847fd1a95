"""The front over mutual TLS: who gets in, what is never resumed, and what its processes survive."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.errors import StateError
from tests.kit.front import InProcess, OwnProcesses, limits, own_processes, post, read_answer, read_to_end
from tests.kit.tls import Pair, TestAuthority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def client(authority: TestAuthority) -> Pair:
    return authority.issue("client")


@pytest.fixture(scope="module")
def server(authority: TestAuthority) -> Pair:
    return authority.issue("server", server=True)


@pytest.fixture
def front(authority: TestAuthority, server: Pair) -> Iterator[OwnProcesses]:
    with own_processes(limits(1), authority.files(server)) as running:
        yield running


def _connect(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSocket:
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        return context.wrap_socket(raw, server_hostname="127.0.0.1", session=session)
    except BaseException:
        raw.close()
        raise


def _ask(port: int, context: ssl.SSLContext, raw: bytes) -> tuple[int, bytes]:
    with _connect(port, context) as connection:
        connection.sendall(raw)
        status, _, body = read_answer(connection)
        return status, body


def _until(true: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return true()


def _running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


# One process, several ways in.


@pytest.fixture(scope="module")
def near(authority: TestAuthority, server: Pair) -> Iterator[InProcess]:
    with InProcess(limits(1), authority.files(server)) as running:
        yield running


def test_the_certificate_reaches_the_application(
    near: InProcess, authority: TestAuthority, client: Pair
) -> None:
    _, body = _ask(near.server.port, authority.client(client), post("/who"))
    assert json.loads(body)["certificate"] == client.der.hex()


def test_a_session_is_never_resumed(near: InProcess, authority: TestAuthority, client: Pair) -> None:
    context = authority.client(client)
    with _connect(near.server.port, context) as first:
        first.sendall(post("/"))
        read_answer(first)
        session = first.session
        assert first.version() == "TLSv1.3"
        assert session is None or not session.has_ticket
    with _connect(near.server.port, context, session) as second:
        second.sendall(post("/"))
        read_answer(second)
        assert not second.session_reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2])
def test_tls_1_2_is_refused_unless_a_setting_admits_it(
    near: InProcess, authority: TestAuthority, client: Pair, server: Pair, version: ssl.TLSVersion
) -> None:
    context = authority.client(client)
    context.maximum_version = version
    with pytest.raises(ssl.SSLError):
        _connect(near.server.port, context)
    with InProcess(limits(1), authority.files(server, tls12=True)) as lenient:
        assert _ask(lenient.server.port, context, post("/", b"a")) == (200, b"a")


def _refused(port: int, context: ssl.SSLContext) -> bool:
    """Whether a client gets no answer: TLS 1.3 tells it only after its own handshake is over."""
    try:
        _ask(port, context, post("/"))
    except (ssl.SSLError, ConnectionError):
        return True
    return False


def test_no_certificate_or_a_foreign_one_gets_no_answer(
    near: InProcess, authority: TestAuthority, server: Pair, tmp_path: Path
) -> None:
    asked = len(near.application.asked)
    stranger = TestAuthority(tmp_path, "stranger").issue("client")
    for pair in (None, stranger, server):
        assert _refused(near.server.port, authority.client(pair))
    assert len(near.application.asked) == asked
    reasons = {line["reason"] for line in near.lines if line["event"] == "handshake-failed"}
    assert {"PEER_DID_NOT_RETURN_A_CERTIFICATE", "CERTIFICATE_VERIFY_FAILED"} <= reasons


def test_plain_http_to_the_tls_port_gets_no_answer(near: InProcess) -> None:
    with near.connect() as connection:
        connection.sendall(post("/"))
        assert b"HTTP/1.1 200" not in read_to_end(connection)


def test_files_that_will_not_do_are_found_at_the_start(authority: TestAuthority, server: Pair) -> None:
    other = authority.issue("other", server=True)
    mixed = Pair(other.key, server.certificate)
    with pytest.raises(StateError, match=r"server\.pem and .*other\.key\.pem cannot be used together"):
        InProcess(limits(1), authority.files(mixed)).server.bind()


def test_a_large_answer_with_close_arrives_whole(
    near: InProcess, authority: TestAuthority, client: Pair
) -> None:
    with _connect(near.server.port, authority.client(client)) as connection:
        connection.sendall(post("/large", b"", "Connection: close"))
        time.sleep(0.5)
        assert len(read_answer(connection)[2]) == 8_000_000
        assert read_to_end(connection) == b""


def test_a_refusal_is_read_though_more_is_being_sent(
    near: InProcess, authority: TestAuthority, client: Pair
) -> None:
    with _connect(near.server.port, authority.client(client)) as connection:
        connection.sendall(post("/", b"a" * 300_000))
        status, headers, body = read_answer(connection)
        assert (status, headers["connection"], body) == (413, "close", b"<fault>body-too-large</fault>")
        assert read_to_end(connection) == b""


def test_one_counterpart_does_not_starve_another(
    authority: TestAuthority, server: Pair, client: Pair
) -> None:
    other = authority.client(authority.issue("other-client"))
    greedy = authority.client(client)
    with InProcess(limits(1, working_per_counterpart=6), authority.files(server), threads=4) as front:
        held = [_connect(front.server.port, greedy) for _ in range(6)]
        for connection in held:
            connection.sendall(post("/hold"))
        assert _until(lambda: len(front.application.asked) == 3)  # three of four threads
        started = time.monotonic()
        assert _ask(front.server.port, greedy, post("/"))[0] == 503  # the seventh of six
        assert _ask(front.server.port, other, post("/", b"a")) == (200, b"a")
        assert time.monotonic() - started < 1
        front.application.release.set()
        assert [read_answer(connection)[0] for connection in held] == [200] * 6
        assert _ask(front.server.port, greedy, post("/", b"a")) == (200, b"a")
        for connection in held:
            connection.close()


def test_beyond_its_connections_the_oldest_without_a_request_gives_way(
    authority: TestAuthority, server: Pair, client: Pair
) -> None:
    context = authority.client(client)
    with InProcess(limits(1, connections_per_counterpart=3), authority.files(server)) as front:
        busy = _connect(front.server.port, context)
        busy.sendall(post("/hold"))
        assert _until(lambda: len(front.application.asked) == 1)
        idle = [_connect(front.server.port, context) for _ in range(2)]
        for connection in idle:
            connection.sendall(post("/"))
            read_answer(connection)
        newest = _connect(front.server.port, context)
        newest.sendall(post("/", b"new"))
        assert read_answer(newest)[2] == b"new"
        assert read_to_end(idle[0]) == b""
        idle[1].sendall(post("/", b"still"))
        assert read_answer(idle[1])[2] == b"still"
        front.application.release.set()
        assert read_answer(busy)[0] == 200
        for connection in (busy, *idle, newest):
            connection.close()


@pytest.mark.parametrize("occupied_by", ["silent", "idle"])
def test_when_every_place_is_taken_silence_gives_way(
    authority: TestAuthority, server: Pair, client: Pair, occupied_by: str
) -> None:
    context = authority.client(client)
    with InProcess(limits(1, connections=4), authority.files(server)) as front:
        held: list[socket.socket] = []
        for _ in range(4):
            if occupied_by == "silent":
                held.append(front.connect())
            else:
                held.append(_connect(front.server.port, context))
                held[-1].sendall(post("/"))
                read_answer(held[-1])
        started = time.monotonic()
        assert _ask(front.server.port, context, post("/", b"a")) == (200, b"a")
        assert time.monotonic() - started < 2
        for connection in held:
            connection.close()


# Several processes, and what happens to them.


def test_workers_share_connections(front: OwnProcesses, authority: TestAuthority, client: Pair) -> None:
    context = authority.client(client)
    pids = {json.loads(_ask(front.port, context, post("/who"))[1])["pid"] for _ in range(40)}
    assert pids <= set(front.workers())
    assert len(front.workers()) == 2


def test_a_new_certificate_is_taken_up_without_dropping_a_request(
    authority: TestAuthority, client: Pair
) -> None:
    pair = authority.issue("renewed", server=True)
    old = pair.der
    context = authority.client(client)
    with own_processes(limits(1), authority.files(pair)) as front:
        kept = _connect(front.port, context)
        kept.sendall(post("/"))
        read_answer(kept)
        end = threading.Event()
        answers: list[int] = []
        failures: list[str] = []
        seen: set[bytes | None] = set()

        def churn() -> None:
            while not end.is_set():
                try:
                    with _connect(front.port, context) as connection:
                        seen.add(connection.getpeercert(True))
                        connection.sendall(post("/", b"a"))
                        answers.append(read_answer(connection)[0])
                except OSError as error:
                    failures.append(repr(error))

        threads = [threading.Thread(target=churn) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            pair.certificate.write_text("not a certificate", encoding="ascii")
            front.parent.send_signal(signal.SIGHUP)
            assert "cannot be used together" in front.wait_for("tls-reload-failed")["error"]
            fresh = authority.issue("renewed", server=True).der
            front.parent.send_signal(signal.SIGHUP)
            front.wait_for("tls-reloaded", count=2)
            assert _until(lambda: fresh in seen)
            time.sleep(0.2)
            seen.clear()
            time.sleep(0.3)
        finally:
            end.set()
            for thread in threads:
                thread.join()
        assert failures == []
        assert len(answers) > 20
        assert set(answers) == {200}
        assert fresh != old
        assert seen == {fresh}
        kept.sendall(post("/", b"kept"))
        assert read_answer(kept)[::2] == (200, b"kept")
        kept.close()


def test_a_killed_worker_is_started_again(
    front: OwnProcesses, authority: TestAuthority, client: Pair
) -> None:
    context = authority.client(client)
    before = front.workers()
    os.kill(before[0], signal.SIGKILL)
    died = front.wait_for("worker-died")
    assert (died["pid"], died["status"]) == (before[0], -signal.SIGKILL)
    for _ in range(20):
        assert _ask(front.port, context, post("/", b"a")) == (200, b"a")
    assert _until(lambda: len(front.workers()) == 2)
    assert before[0] not in front.workers()
    assert before[1] in front.workers()


def test_workers_end_when_their_parent_is_killed(front: OwnProcesses) -> None:
    workers = front.workers()
    assert len(workers) == 2
    front.parent.kill()
    front.parent.wait()
    assert _until(lambda: not any(map(_running, workers)))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", front.port), timeout=2).close()


def test_a_stop_answers_the_request_in_flight(
    front: OwnProcesses, authority: TestAuthority, client: Pair
) -> None:
    context = authority.client(client)
    idle = _connect(front.port, context)
    idle.sendall(post("/"))
    read_answer(idle)
    busy = _connect(front.port, context)
    busy.sendall(post("/slow?1.0", b"in flight"))
    time.sleep(0.3)
    started = time.monotonic()
    front.parent.send_signal(signal.SIGTERM)
    assert read_to_end(idle) == b""
    assert time.monotonic() - started < 0.6
    status, headers, body = read_answer(busy)
    assert (status, headers["connection"], body) == (200, "close", b"in flight")
    assert read_to_end(busy) == b""
    idle.close()
    busy.close()
    assert front.stop() == 0
    assert time.monotonic() - started < 4


def test_a_stop_does_not_wait_for_a_hung_request_beyond_its_time(
    authority: TestAuthority, server: Pair, client: Pair
) -> None:
    with (
        own_processes(limits(1, stopping=1.0), authority.files(server)) as front,
        _connect(front.port, authority.client(client)) as connection,
    ):
        connection.sendall(post("/hold"))
        time.sleep(0.3)
        started = time.monotonic()
        assert front.stop() == 0
        assert time.monotonic() - started < 4


def test_workers_that_cannot_start_are_an_error_at_once(
    authority: TestAuthority, server: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONT_TEST_BROKEN", "1")
    with pytest.raises(AssertionError, match="the register cannot be opened"):
        OwnProcesses(limits(1), authority.files(server))
