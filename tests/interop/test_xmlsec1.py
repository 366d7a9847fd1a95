"""xmlsec1, the command line, verifies what we sign: answers and faults, with every kind of key.

It reads our bytes with its own libxml2 and OpenSSL and knows nothing of us. ``make tools`` gets it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from tests.kit import replies
from tests.kit.door import Door, question, signer_of, tls_of
from tests.tools import find, not_run

_XMLSEC1 = find("xmlsec1")
_SOAP, _WSA, _WSSE, _WSSE11 = (replies.NAMES[prefix] for prefix in ("s", "a", "w", "w11"))
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
IDENTIFIED = (
    f"{_SOAP}:Body",
    f"{_WSU}:Timestamp",
    f"{_WSSE}:BinarySecurityToken",
    f"{_WSSE11}:SignatureConfirmation",
    *(f"{_WSA}:{name}" for name in ("To", "Action", "MessageID", "RelatesTo")),
)
KINDS = ("P-256", "P-384", "RSA-2048")

pytestmark = pytest.mark.skipif(_XMLSEC1 is None, reason=not_run("xmlsec1"))


@pytest.fixture(scope="module", params=KINDS)
def door(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    opened = Door.open(tmp_path_factory.mktemp("door"), gateway_key=request.param)
    yield opened
    opened.close()


@pytest.fixture
def answer(door: Door) -> bytes:
    got = door.post(question().raw(), tls_of("terminal-1"))
    assert got.status == 200
    return got.body


@pytest.fixture
def fault(door: Door) -> bytes:
    got = door.post(question("records-1").raw(), tls_of("records-1"))
    assert replies.read(got.body).fault == "juki:NotPermitted"
    return got.body


def verifies(raw: bytes, folder: Path, certificate: bytes) -> bool:
    """Whether ``xmlsec1 --verify`` accepts the bytes with this certificate's key."""
    message, pem = folder / "message.xml", folder / "certificate.pem"
    message.write_bytes(raw)
    pem.write_bytes(certificate)
    version = subprocess.run([str(_XMLSEC1), "--version"], capture_output=True, text=True, check=True).stdout
    lax = (
        () if version.startswith("xmlsec1 1.2") else ("--lax-key-search",)
    )  # from 1.3 on; the KeyInfo is WSS's
    ids = [option for name in IDENTIFIED for option in ("--id-attr:Id", name)]
    done = subprocess.run(
        [str(_XMLSEC1), "--verify", *lax, *ids, "--pubkey-cert-pem", str(pem), str(message)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("OK" in done.stdout + done.stderr) is (done.returncode == 0), done
    return done.returncode == 0


def certificate_in(raw: bytes) -> bytes:
    """The token's certificate as PEM."""
    token = etree.fromstring(raw).find("s:Header/w:Security/w:BinarySecurityToken", replies.NAMES)
    text = "\n".join(token.text[at : at + 64] for at in range(0, len(token.text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n".encode()


def test_answer_and_fault_verify_as_sent(answer: bytes, fault: bytes, tmp_path: Path) -> None:
    for raw in (answer, fault):
        assert verifies(raw, tmp_path, certificate_in(raw))
        references = etree.fromstring(raw).findall(".//d:Reference", replies.NAMES)
        assert len(references) == len(IDENTIFIED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">match<", b">mismatch<"),
        (b"addressing/anonymous</", b"addressing/none</"),
        (b"</wsu:Created>", b" </wsu:Created>"),
        (b"</wsa:RelatesTo>", b"0</wsa:RelatesTo>"),
    ],
)
def test_a_changed_answer_does_not(answer: bytes, tmp_path: Path, old: bytes, new: bytes) -> None:
    assert answer.count(old) == 1
    assert not verifies(answer.replace(old, new), tmp_path, certificate_in(answer))


def test_a_changed_fault_does_not(fault: bytes, tmp_path: Path) -> None:
    changed = fault.replace(b"NotPermitted</juki:code>", b"InvalidRequest</juki:code>")
    assert changed != fault
    assert not verifies(changed, tmp_path, certificate_in(fault))


def test_the_key_of_another_does_not(answer: bytes, tmp_path: Path) -> None:
    other = signer_of("terminal-1").certificate.public_bytes(Encoding.PEM)
    assert not verifies(answer, tmp_path, other)
