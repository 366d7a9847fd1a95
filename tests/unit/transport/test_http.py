"""Answers as bytes, limits, counts, and log lines that a peer cannot multiply."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.errors import StateError
from gateway.transport.counts import SharedCounts
from gateway.transport.http import HttpAnswer, HttpRequest, date_line, head_of, plain_answer
from gateway.transport.limits import FrontLimits
from gateway.transport.periodic import Sampled
from gateway.transport.server import Server


def test_the_head_of_an_answer() -> None:
    head = head_of(HttpAnswer(500, b"abc", headers=(("X-A", "b"),)))
    assert head == (
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/xml; charset=utf-8\r\nX-A: b\r\n"
        b"Content-Length: 3\r\n"
    )


@pytest.mark.parametrize(
    "answer",
    [
        HttpAnswer(200, b"", headers=(("X-A", "a\r\nX-B: c"),)),
        HttpAnswer(200, b"", headers=(("X A", "a"),)),
        HttpAnswer(200, b"", headers=(("X-A", "あ"),)),
        HttpAnswer(200, b"", content_type="text/xml\n"),
        HttpAnswer(200, b"", headers=(("Content-length", "3"),)),
        HttpAnswer(200, b"", headers=(("Transfer-Encoding", "chunked"),)),
        HttpAnswer(200, b"", headers=(("Connection", "close"),)),
        HttpAnswer(200, b"", headers=(("Content-Type", "text/html"),)),
        HttpAnswer(299, b""),
    ],
)
def test_an_answer_that_could_be_split_is_an_error(answer: HttpAnswer) -> None:
    with pytest.raises(ValueError, match=r"header|HTTPStatus"):
        head_of(answer)


def test_plain_answers() -> None:
    assert plain_answer(503).body == b"503 Service Unavailable\n"
    assert plain_answer(400, "Host").body == b"400 Bad Request: Host\n"


def test_the_date_line() -> None:
    assert date_line().startswith(b"Date: ")
    assert date_line().endswith(b" GMT\r\n")


def test_a_request_shows_nothing_of_its_content() -> None:
    request = HttpRequest("POST", "/a", "", (("x-a", "secret"),), b"secret", b"secret", "127.0.0.1")
    assert "secret" not in repr(request)
    assert request.header("x-a") == "secret"
    assert request.header("x-b") is None


@pytest.mark.parametrize("name", ["handshake", "body_bytes", "connections"])
def test_a_limit_of_nothing_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        FrontLimits(**{name: 0})


def test_the_limits_are_the_profile_s() -> None:
    limits = FrontLimits()
    assert dataclasses.astuple(dataclasses.replace(limits, body_bytes_by_path={}))[:8] == (
        *(5.0, 5.0, 20.0, 20.0, 15.0, 300.0, 2.0, 25.0),
    )
    assert (limits.header_count, limits.head_bytes, limits.body_bytes) == (64, 32 * 1024, 256 * 1024)
    assert (limits.working_per_counterpart, limits.connections_per_counterpart) == (64, 384)
    assert limits.connections == 1024


def test_counts_are_summed_over_processes_and_forgotten_with_one() -> None:
    counts = SharedCounts(2)
    bucket, other = counts.bucket(b"certificate"), counts.bucket(b"another")
    assert counts.bucket(b"certificate") == bucket
    assert [counts.add(0, bucket), counts.add(1, bucket), counts.add(1, bucket)] == [1, 2, 3]
    counts.remove(1, bucket)
    assert counts.add(0, bucket) == 3
    counts.clear(0)
    assert counts.add(1, bucket) == 2
    assert other == bucket or counts.add(0, other) == 1


def test_a_flood_of_one_event_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [10.0]
    monkeypatch.setattr("gateway.transport.periodic.time.monotonic", lambda: now[0])
    lines: list[tuple[str, dict[str, object]]] = []
    sampled = Sampled(lambda event, **fields: lines.append((event, fields)), per_second=2)
    for _ in range(5):
        sampled("a", peer="x")
    sampled("b")
    now[0] += 1
    sampled("a", peer="y")
    sampled("a", peer="z")
    assert lines == [
        ("a", {"peer": "x"}),
        ("a", {"peer": "x"}),
        ("b", {}),
        ("a", {"peer": "y", "left_out": 3}),
        ("a", {"peer": "z"}),
    ]


@pytest.mark.parametrize(
    ("host", "allow", "text"),
    [
        ("127.0.0.1", False, "not switched on"),
        ("0.0.0.0", True, "loopback only"),  # noqa: S104 - it must be refused
    ],
)
def test_plain_http_is_for_loopback_and_only_when_switched_on(host: str, allow: bool, text: str) -> None:
    with pytest.raises(StateError, match=text):
        Server(
            host=host,
            port=0,
            tls=None,
            limits=FrontLimits(),
            workers=1,
            threads=1,
            make_application=lambda: lambda request: HttpAnswer(200, b""),
            refuse=lambda rule: HttpAnswer(500, b""),
            failure=lambda reference: HttpAnswer(500, b""),
            log=lambda event, **fields: None,
            allow_plain=allow,
        ).bind()
