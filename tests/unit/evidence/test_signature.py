"""What is kept of a message's signature holds without the message, and only for what was signed."""

from __future__ import annotations

import pytest
from lxml import etree

from gateway.evidence import (
    signature_holds,
    signature_made,
    signature_of,
    signed_info_of,
)
from gateway.transport.faults import failure_fault, unsigned_envelope
from gateway.wss.profile import SIGNATURE_ALGORITHMS
from gateway.wss.sign import Outgoing, new_message_id, sign
from tests.kit.evidence import file_signer, signed_message
from tests.kit.identities import NOW, authority
from tests.kit.messages import Style, good_request

KINDS = ("RSA-2048", "P-256", "P-384")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_holds(kind: str) -> None:
    raw, _ = signed_message(kind=kind)
    signature = signature_of(raw)
    assert signature is not None
    assert signature_holds(signature)
    for changed in (
        signature._replace(signed=bytes([signature.signed[0] ^ 1]) + signature.signed[1:]),
        signature._replace(value=signature.value[:-1] + bytes([signature.value[-1] ^ 1])),
        signature._replace(certificate=file_signer(kind, "another").certificate_der),
        signature._replace(certificate=b"none"),
        signature._replace(algorithm="rsa-sha512" if kind.startswith("RSA") else "rsa-sha256"),
        signature._replace(algorithm="rsa-md5"),
    ):
        assert not signature_holds(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_message_needs_no_parsing(kind: str) -> None:
    signer = file_signer(kind)
    body = etree.fromstring('<t:Question xmlns:t="urn:test">&lt;ds:SignedInfo &gt;</t:Question>')
    message = sign(Outgoing(body, to="urn:to", action="urn:a", message_id=new_message_id()), signer, NOW)
    assert signature_made(message) == signature_of(message.raw)


def test_our_own_unsigned_fault_has_no_signature() -> None:
    assert signature_of(unsigned_envelope(failure_fault("reference"))) is None


@pytest.mark.parametrize("algorithm", sorted(SIGNATURE_ALGORITHMS))
def test_a_strangers_message_in_every_algorithm(algorithm: str) -> None:
    allowed = SIGNATURE_ALGORITHMS[algorithm]
    kind = {"RSA": "RSA-2048", "EC": "P-384" if allowed.hash == "sha384" else "P-256"}[allowed.key]
    raw = good_request(authority().identity(kind), method=algorithm).raw()
    signature = signature_of(raw)
    assert signature is not None
    assert signature.algorithm.endswith(allowed.hash)
    assert signature_holds(signature)


def test_a_strangers_prefix_lists() -> None:
    raw = good_request(style=Style(prefix_list="wsu soap", signed_info_prefixes="soap wsse")).raw()
    signature = signature_of(raw)
    assert signature is not None
    assert signature_holds(signature)


def test_bytes_without_a_signature() -> None:
    assert signature_of(b"<none/>") is None
    assert signature_of(b"not XML") is None
    assert signed_info_of(b"<none/>") is None
