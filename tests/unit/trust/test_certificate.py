"""Reading a stranger's bytes: a certificate or a refusal, never another error."""

from __future__ import annotations

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.refusals import Refused
from gateway.trust import DEVELOPMENT_MARK, Anchor, TrustStore, Usage, is_development, read_certificate
from tests.kit.examples import examples
from tests.kit.forge import AT, ISSUING, LEAF, ROOT, altered, der, key, make

GOOD = der(make("system", key("leaf"), "root", key("root"), LEAF))
STORE = TrustStore([Anchor("root", make("root", key("root"), "root", key("root"), ROOT), revocation="off")])


def rule(raw: bytes) -> str:
    try:
        read_certificate(raw)
        STORE.check(raw, usage=Usage.SIGNING, at=AT)
    except Refused as refused:
        return refused.rule.name
    return "good"


def test_good() -> None:
    assert rule(GOOD) == "good"
    assert read_certificate(GOOD) is read_certificate(bytes(bytearray(GOOD)))


@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    assert rule(raw) == "token-unreadable"


@settings(max_examples=examples(400))
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_octet_changed(place: int, octet: int) -> None:
    raw = bytearray(GOOD)
    same = raw[place] == octet
    raw[place] = octet
    if same:
        assert rule(bytes(raw)) == "good"
    else:
        # Nothing that differs from what was signed may pass, whatever it is that refuses it.
        assert rule(bytes(raw)) not in {"good", ""}


@settings(max_examples=examples(100))
@given(st.integers(0, len(GOOD) - 1))
def test_cut_short(length: int) -> None:
    assert rule(GOOD[:length]) == "token-unreadable"


@pytest.mark.parametrize("oid", ["2.5.29.99", "1.2.3"])
def test_extension_that_nobody_knows_is_no_mark(oid: str) -> None:
    other = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x05\x00")
    assert not is_development(make("x", key("x"), "x", key("x"), (*ISSUING, (other, False))))


def test_development_mark() -> None:
    mark = x509.UnrecognizedExtension(DEVELOPMENT_MARK, b"\x05\x00")
    assert is_development(make("x", key("x"), "x", key("x"), altered(ISSUING, (mark, False))))
