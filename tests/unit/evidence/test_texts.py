"""The texts that are digested: exactly these bytes, and nothing can be written in two ways."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence import (
    ChainStart,
    Entry,
    Head,
    Lost,
    Signature,
    chain_text,
    entry_text,
    link_of,
    parse_chain,
)
from gateway.evidence.entry import instant_text, opening, read, read_instant, written

AT = datetime(2026, 11, 23, 9, 0, 1, tzinfo=UTC)


def test_the_text_of_an_entry_byte_by_byte() -> None:
    signature = Signature("rsa-sha256", b"\x01" * 32, b"\x02" * 6, b"certificate")
    entry = Entry.message(
        b"<m/>",
        at=AT,
        direction="in",
        peer="131016-terminal-1",
        kind="request",
        outcome="answered",
        operation="VerifyIdentity",
        message_id="urn:uuid:1",
        signature=signature,
    )
    assert entry_text(opening("local", 3), 17, entry).decode() == (
        "juki-evidence entry 1\n"
        "chain local 3\n"
        "number 17\n"
        "at 2026-11-23T09:00:01.000000Z\n"
        "direction in\n"
        "kind request\n"
        "peer 131016-terminal-1\n"
        "operation VerifyIdentity\n"
        "message-id urn:uuid:1\n"
        "relates-to -\n"
        "outcome answered\n"
        "size 4\n"
        f"digest {hashlib.sha256(b'<m/>').hexdigest()}\n"
        "signature rsa-sha256\n"
        f"signed {'01' * 32}\n"
        "value AgICAgIC\n"
        f"certificate {hashlib.sha256(b'certificate').hexdigest()}\n"
    )


def test_an_entry_without_signature() -> None:
    entry = Entry(AT, "in", "127.0.0.1", "refusal", None, None, None, "path ref", None, b"\x00" * 32, 9)
    text = entry_text(opening("local", 1), 1, entry).decode()
    assert text.endswith(f"digest {'00' * 32}\nsignature -\nsigned -\nvalue -\ncertificate -\n")
    assert "\noutcome path%20ref\n" in text


def test_the_link() -> None:
    text = b"an entry"
    made = hashlib.sha256(
        f"previous {'aa' * 32}\nentry {hashlib.sha256(text).hexdigest()}\n".encode()
    ).digest()
    assert link_of(b"\xaa" * 32, text) == made


def test_the_text_of_a_chain() -> None:
    start = ChainStart("local", 3, AT, "restore", Head("local", 2, 9, b"\x0a" * 32), Lost(7, b"\x0b" * 32))
    text = chain_text(start).decode()
    assert text == (
        "juki-evidence chain 1\nnode local\nepoch 3\nstarted 2026-11-23T09:00:01.000000Z\nreason restore\n"
        f"after 2 9 {'0a' * 32}\nlost 7 {'0b' * 32}\n"
    )
    assert parse_chain(text) == start
    assert start.name == "local-3"


def test_the_first_chain_of_a_node() -> None:
    start = ChainStart("a b", 1, AT, "start", None)
    assert parse_chain(chain_text(start).decode()) == start
    assert start.name == "a%20b-1"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: text.replace("epoch 1", "epoch 01"),
        lambda text: text.replace("reason start", "reason end"),
        lambda text: text.replace("lost -", "lost 0"),
        lambda text: text.replace("2026-11-23", "2026-13-23"),
        lambda text: text.replace("node local", "node %ff"),
    ],
)
def test_another_text_is_no_chain(change: object) -> None:
    text = chain_text(ChainStart("local", 1, AT, "start", None)).decode()
    with pytest.raises(ValueError, match=r".+"):
        parse_chain(change(text))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "%"),
        ("-", "%2D"),
        ("a-b", "a-b"),
        ("%", "%25"),
        ("a b\n", "a%20b%0A"),
        ("市", "%E5%B8%82"),
    ],
)
def test_written_values(value: str | None, text: str) -> None:
    assert written(value) == text
    if value is not None:
        assert read(text) == value


@given(st.text())
def test_every_value_is_written_once_and_read_back(value: str) -> None:
    text = written(value)
    assert text.isascii()
    assert not set(text) & set(" \n\r\t")
    assert text != "-"
    assert read(text) == value


@pytest.mark.parametrize("text", ["%2d", "%4", "a b", "é", ""])
def test_what_is_not_written_so_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="not a written value"):
        read(text)


def test_instants() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert instant_text(AT.astimezone(tokyo)) == "2026-11-23T09:00:01.000000Z"
    assert read_instant(instant_text(AT)) == AT
    with pytest.raises(ValueError, match="aware"):
        instant_text(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
