"""Step 1, HTTP: what method, path and headers say, before a byte is read as XML. Faults are unsigned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit import replies
from tests.kit.door import TERMINAL, Door, question, tls_of
from tests.kit.refusal import check

CLIENT = "soap:Client"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    opened = Door.open(tmp_path_factory.mktemp("door"))
    yield opened
    opened.close()


def refuses(door: Door, rule: str, status: int, **changes: Any) -> None:
    """A message that is good but for one thing of HTTP gets the rule's fault, and asks nothing."""
    before = len(door.asked)
    raw = changes.pop("raw", None) or question().raw()
    answer = door.post(raw, tls_of("terminal-1"), **changes)
    record = door.refused(answer, rule, CLIENT, status=status)
    check(record.step == 1, f"step {record.step}")
    check(record.peer == "terminal-1", f"peer {record.peer}")
    check(record.message_id is None, "the message was read")
    check(record.size == len(raw), f"size {record.size}")
    allowed = dict(answer.headers).get("Allow")
    check(allowed == ("POST" if rule == "method" else None), f"Allow: {allowed}")
    check(len(door.asked) == before, "the question was asked")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "post", "HEAD"])
def test_another_method(door: Door, method: str) -> None:
    refuses(door, "method", 405, method=method)


@pytest.mark.parametrize(
    "path",
    ["/", "/terminal", "/terminal/2", "/terminal/1/", "//terminal/1", "/terminal/%31", "/TERMINAL/1", ""],
)
def test_another_path(door: Door, path: str) -> None:
    refuses(door, "path", 404, path=path)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_unknown_path_is_unknown_by_every_method(door: Door, method: str) -> None:
    refuses(door, "path", 404, path="/nothing", method=method)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "text/plain",
        "application/xml",
        "application/soap+xml; charset=utf-8",
        "multipart/related; type=text/xml",
        "text/xmlx",
        "text/xml; charset=utf-8; charset=utf-8",
        "text/xml; boundary=x",
        'text/xml; charset="utf-8',
        "text/xml, text/xml",
        "text/xml charset=utf-8",
    ],
)
def test_another_content_type(door: Door, value: str | None) -> None:
    refuses(door, "content-type", 415, headers={"content-type": value})


@pytest.mark.parametrize(
    "value", ["utf-16", "iso-8859-1", "Shift_JIS", "us-ascii", '"utf-16"', "utf8", '""', "UTF_8"]
)
def test_another_charset(door: Door, value: str) -> None:
    refuses(door, "charset", 415, headers={"content-type": f"text/xml; charset={value}"})


@pytest.mark.parametrize("value", ["gzip", "deflate", "br", "identity, gzip", "GZIP", ""])
def test_a_content_encoding(door: Door, value: str) -> None:
    refuses(door, "content-encoding", 415, headers={"content-encoding": value})


def test_a_body_beyond_the_limit(door: Door) -> None:
    refuses(door, "body-too-large", 413, raw=b"x" * (TERMINAL.body_bytes + 1))


def test_a_body_at_the_limit_is_read(door: Door) -> None:
    answer = door.post(b"x" * TERMINAL.body_bytes, tls_of("terminal-1"))
    record = door.record(replies.read(answer.body).reference)
    check((answer.status, record.step) == (500, 2), f"step {record.step}, {answer.status}")


@pytest.mark.parametrize(
    "value",
    [
        "text/xml",
        "text/xml;charset=utf-8",
        "TEXT/XML; Charset=UTF-8",
        'text/xml; charset="utf-8"',
        "text/xml ; charset = utf-8 ;",
        "text/xml;",
        " text/xml; charset=utf-8 ",
    ],
)
def test_what_a_client_may_say(door: Door, value: str) -> None:
    asked = question()
    answer = door.post(asked.raw(), tls_of("terminal-1"), headers={"content-type": value})
    check(answer.status == 200, f"{value!r}: {answer.status} {answer.body!r}")
    message = door.verified(answer.body, asked)
    check(message.bound and not message.is_fault, "the answer is not bound")


def test_identity_is_no_encoding(door: Door) -> None:
    answer = door.post(question().raw(), tls_of("terminal-1"), headers={"content-encoding": "identity"})
    check(answer.status == 200, f"{answer.status}")


def test_a_stranger_is_told_no_more(door: Door) -> None:
    """A connection of nobody gets the same fault without the detail: step 1 comes before everything."""
    answer = door.post(b"", None, method="PUT")
    door.refused(answer, "method", CLIENT, status=405, detail=False)


def test_without_fault_detail_no_more_is_told(door: Door) -> None:
    answer = door.post(b"", tls_of("terminal-quiet"), method="PUT")
    door.refused(answer, "method", CLIENT, status=405, detail=False)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/terminal/1", "wsdl", 200),
        ("/terminal/1", "xsd=types-1.xsd", 200),
        ("/terminal/1", "xsd=../../keys/signing.key.pem", 404),
        ("/terminal/1", "wsdl&x", 404),
        ("/terminal/1", "", 405),
        ("/terminal/2", "wsdl", 404),
        ("/health/live", "", 200),
        ("/health/ready", "", 200),
        ("/", "", 404),
    ],
)
def test_what_a_get_gets(door: Door, path: str, query: str, status: int) -> None:
    answer = door.post(b"", tls_of("terminal-1"), method="GET", path=path, query=query)
    check(answer.status == status, f"{answer.status} {answer.body[:200]!r}")
    check(dict(answer.headers).get("Allow") == ("POST" if status == 405 else None), f"{answer.headers}")
