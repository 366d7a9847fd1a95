"""The rules of a request's head, and the reader that applies them however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.transport.framing import Rejected, judge_head
from gateway.transport.limits import FrontLimits
from gateway.transport.reader import RequestReader
from tests.kit.examples import examples

_LIMITS = FrontLimits(body_bytes=100, body_bytes_by_path={"/pieces/1": 1000})
_HOST = ("host", "a")


def _status(method: str, version: str, target: bytes, *headers: tuple[str, str]) -> int:
    try:
        judge_head(method, version, target, headers, _LIMITS)
    except Rejected as rejected:
        return rejected.status
    return 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([_HOST, ("content-length", "100")], 200),
        ([_HOST, ("content-length", "101")], 413),
        ([_HOST, ("content-length", "٣")], 400),
        ([_HOST, ("content-length", "3 ")], 400),
        ([_HOST, ("content-length", "")], 400),
        ([_HOST, ("content-length", "1" * 19)], 400),
        ([_HOST, ("transfer-encoding", "Chunked")], 200),
        ([_HOST, ("transfer-encoding", "chunked,chunked")], 400),
        ([_HOST, ("transfer-encoding", "chunked"), ("content-length", "3")], 400),
        ([_HOST, ("content-length", "3"), ("content-length", "3")], 400),
        ([_HOST, _HOST, ("content-length", "3")], 400),
        ([("host", ""), ("content-length", "3")], 400),
        ([("content-length", "3")], 400),
        ([_HOST], 411),
        ([_HOST, ("content-length", "3"), ("expect", "100-Continue")], 200),
        ([_HOST, ("content-length", "3"), ("expect", "a")], 417),
        ([_HOST, ("content-length", "3"), ("upgrade", "h2c")], 400),
        ([_HOST, ("content-length", "3"), ("content-encoding", "a"), ("content-encoding", "a")], 400),
        ([_HOST, ("content-length", "3"), ("x-any", "a"), ("x-any", "a")], 200),
    ],
)
def test_headers(headers: list[tuple[str, str]], status: int) -> None:
    assert _status("POST", "1.1", b"/terminal/1", *headers) == status


@pytest.mark.parametrize(
    ("target", "status"),
    [(b"/", 200), (b"*", 400), (b"", 400), (b"a", 400), (b"/a b", 400), (b"/\xe3", 400), (b"/a#b", 400)],
)
def test_target(target: bytes, status: int) -> None:
    assert _status("POST", "1.1", target, _HOST, ("content-length", "0")) == status


@pytest.mark.parametrize(("version", "status"), [("1.1", 200), ("1.0", 200), ("0.9", 505), ("2.0", 505)])
def test_version(version: str, status: int) -> None:
    assert _status("POST", version, b"/", _HOST, ("content-length", "0")) == status


def test_host_may_be_missing_on_1_0_only() -> None:
    assert _status("POST", "1.0", b"/", ("content-length", "0")) == 200
    assert _status("POST", "1.1", b"/", ("content-length", "0")) == 400


def test_the_limit_is_the_one_of_the_path() -> None:
    head = judge_head("POST", "1.1", b"http://a/pieces/1?b=c?d", [_HOST, ("content-length", "1000")], _LIMITS)
    assert (head.path, head.query, head.limit, head.length) == ("/pieces/1", "b=c?d", 1000, 1000)


def test_framing_is_judged_before_the_method() -> None:
    assert _status("PUT", "1.1", b"/", _HOST) == 405
    assert _status("PUT", "1.1", b"/", _HOST, _HOST) == 400


_START = b"POST /a?b HTTP/1.1\r\nHost: a\r\n"
_REQUESTS = [
    _START + b"Content-Length: 5\r\nX-A:\r\n\r\nabcde",
    _START + b"Transfer-Encoding: chunked\r\nX-A:\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
]


@given(st.sampled_from(_REQUESTS), st.lists(st.integers(1, 120), max_size=10))
def test_a_request_is_the_same_however_it_is_cut(raw: bytes, cuts: list[int]) -> None:
    reader = RequestReader(_LIMITS)
    last = 0
    for cut in [*sorted(set(cuts)), len(raw)]:
        if raw[last:cut]:
            reader.feed(raw[last:cut])
            last = cut
    assert reader.whole
    assert not reader.pipelined
    assert reader.body() == b"abcde"
    assert reader.head is not None
    assert (reader.head.path, reader.head.query) == ("/a", "b")
    assert reader.headers[-1] == ("x-a", "")


@settings(max_examples=examples(300))
@given(st.sampled_from(_REQUESTS), st.data())
def test_a_changed_byte_is_refused_or_read_never_a_crash(raw: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:place] + data.draw(st.binary(min_size=0, max_size=3)) + raw[place + 1 :]
    reader = RequestReader(_LIMITS)
    try:
        reader.feed(changed)
    except Rejected as rejected:
        assert 400 <= rejected.status < 600
    else:
        assert reader.size <= 100


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_or_wait_for_more(raw: bytes) -> None:
    reader = RequestReader(_LIMITS)
    try:
        reader.feed(raw)
    except Rejected as rejected:
        assert rejected.status in {400, 405, 505}
    else:
        assert not reader.whole


def test_the_reader_reads_one_request_after_the_other() -> None:
    reader = RequestReader(_LIMITS)
    for body in (b"abc", b""):
        reader.feed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        assert (reader.whole, reader.keep_alive, reader.body()) == (True, True, body)
        reader.begin()
        assert (reader.whole, reader.head, reader.head_raw) == (False, None, 0)
