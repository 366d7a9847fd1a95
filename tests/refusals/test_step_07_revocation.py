"""Step 7, revocation: one change each to a good list, and the exact rule that refuses the certificate."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.refusals import Refused
from gateway.trust import Usage
from tests.kit.forge import AT, ISSUING, Forge, altered, der, key, make, make_crl, name, unknown, usage
from tests.kit.refusal import check
from tests.kit.verdict import accepts, refuses

SECOND = timedelta(seconds=1)


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


# certificate-revoked


def test_revoked_leaf(forge: Forge) -> None:
    leaf, another = forge.leaf(), forge.leaf()
    forge.write_crl("issuing", revoked=[leaf.serial_number])
    store = forge.store()
    refuses(store, leaf, "certificate-revoked")
    accepts(store, another)


def test_record_shows_since_when(forge: Forge) -> None:
    leaf = forge.leaf()
    forge.write_crl("issuing", number=8, revoked=[leaf.serial_number])
    try:
        forge.store().check(der(leaf), usage=Usage.SIGNING, at=AT)
    except Refused as refused:
        pieces = refused.found.split(" | ")
        check(pieces[0] == f"{leaf.serial_number:x} since 2026-11-24T00:00:00Z", pieces[0])
        check(len(pieces) == 4 and len(refused.about.chain) == 3, "the chain is not shown")
        check(refused.wanted == "not in CRL 8 of CN=issuing,C=JP", refused.wanted)
    else:
        check(False, "accepted")


def test_revoked_authority(forge: Forge) -> None:
    forge.write_crl("root", revoked=[forge.issuing.serial_number])
    refuses(forge.store(), forge.leaf(), "certificate-revoked")


def test_certificate_on_hold(forge: Forge) -> None:
    leaf = forge.leaf()
    hold = x509.CRLReason(x509.ReasonFlags.certificate_hold)
    forge.write_crl("issuing", revoked=[leaf.serial_number], entry=(hold, False))
    refuses(forge.store(), leaf, "certificate-revoked")


def test_serial_on_the_list_of_another_authority(forge: Forge) -> None:
    leaf = forge.leaf()
    forge.write_crl("root", revoked=[leaf.serial_number])
    accepts(forge.store(), leaf)


def test_memo_does_not_outlive_revocation(forge: Forge) -> None:
    store, leaf = forge.store(), forge.leaf()
    accepts(store, leaf)
    forge.write_crl("issuing", number=2, revoked=[leaf.serial_number])
    store.reload()
    refuses(store, leaf, "certificate-revoked")


# revocation-unknown


def delta(_forge: Forge) -> bytes:
    return make_crl("issuing", key("issuing"), more=[(x509.DeltaCRLIndicator(1), True)])


def part_of_the_certificates(_forge: Forge) -> bytes:
    point = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    return make_crl("issuing", key("issuing"), more=[(point, True)])


def entry_of_another_issuer(_forge: Forge) -> bytes:
    other = x509.CertificateIssuer([x509.DirectoryName(name("elsewhere"))])
    return make_crl("issuing", key("issuing"), revoked=[5], entry=(other, True))


def without_next_update(_forge: Forge) -> bytes:
    """A good list but for nextUpdate, which cryptography would not leave out: cut, and signed anew."""
    listed = x509.load_pem_x509_crl(make_crl("issuing", key("issuing"))).tbs_certlist_bytes
    _, header, content = _element(listed)
    content = listed[header : header + content]
    times = [at for at in range(len(content)) if content[at : at + 2] == b"\x17\x0d"]
    content = content[: times[1]] + content[times[1] + 15 :]
    tbs = _sequence(content)
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    value = key("issuing").sign(tbs, ec.ECDSA(hashes.SHA256()))
    whole = _sequence(tbs + algorithm + b"\x03" + bytes([len(value) + 1]) + b"\0" + value)
    text = base64.encodebytes(whole)
    return b"-----BEGIN X509 CRL-----\n" + text + b"-----END X509 CRL-----\n"


def _element(raw: bytes) -> tuple[int, int, int]:
    """Tag, length of the header and length of the content of the DER element at the start."""
    if raw[1] < 0x80:
        return raw[0], 2, raw[1]
    more = raw[1] & 0x7F
    return raw[0], 2 + more, int.from_bytes(raw[2 : 2 + more], "big")


def _sequence(content: bytes) -> bytes:
    length = len(content)
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    head = size if length < 0x80 else bytes([0x80 | len(size)]) + size
    return b"\x30" + head + content


USELESS = {
    "missing": lambda forge: None,
    "empty": lambda forge: b"",
    "no CRL": lambda forge: b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    "half written": lambda forge: make_crl("issuing", key("issuing"))[:200],
    "two PEM blocks": lambda forge: make_crl("issuing", key("issuing")) * 2,
    "signed by another key": lambda forge: make_crl("issuing", key("other")),
    "of another issuer": lambda forge: make_crl("elsewhere", key("issuing")),
    "of the root": lambda forge: make_crl("root", key("root")),
    "no number": lambda forge: make_crl("issuing", key("issuing"), number=None),
    "no next update": without_next_update,
    "unknown critical extension": lambda forge: make_crl(
        "issuing", key("issuing"), more=[unknown(critical=True)]
    ),
    "a delta": delta,
    "of part of the certificates": part_of_the_certificates,
    "entry of another issuer": entry_of_another_issuer,
    "entry with an unknown critical extension": lambda forge: make_crl(
        "issuing", key("issuing"), revoked=[5], entry=unknown(critical=True)
    ),
    "weak digest": lambda forge: make_crl("issuing", key("issuing"), digest=hashes.SHA224()),
    "from the future": lambda forge: make_crl("issuing", key("issuing"), begin=AT + timedelta(seconds=61)),
}


@pytest.mark.parametrize("flaw", USELESS)
def test_list_that_cannot_be_used(forge: Forge, flaw: str) -> None:
    content = USELESS[flaw](forge)
    if content is None:
        forge.file("issuing").unlink()
    else:
        forge.put("issuing", content)
    refuses(forge.store(), forge.leaf(), "revocation-unknown")


def test_list_that_can_just_be_used(forge: Forge) -> None:
    forge.write_crl("issuing", more=[unknown(critical=False)], begin=AT + timedelta(seconds=60))
    accepts(forge.store(), forge.leaf())


def test_no_list_of_the_root(forge: Forge) -> None:
    refuses(forge.store(crl_files=(forge.file("issuing"),)), forge.leaf(), "revocation-unknown")


def test_no_list_at_all(forge: Forge) -> None:
    refuses(forge.store(crl_files=()), forge.leaf(), "revocation-unknown")
    accepts(forge.store(crl_files=(), revocation="off"), forge.leaf())


def test_authority_that_may_not_sign_lists(forge: Forge) -> None:
    forge.issuing = make(
        "issuing", key("issuing"), "root", key("root"), altered(ISSUING, (usage("key_cert_sign"), True))
    )
    refuses(forge.store(), forge.leaf(), "revocation-unknown")


# revocation-stale: nextUpdate itself is still good


@pytest.mark.parametrize("authority", ["root", "issuing"])
def test_next_update_to_the_second(forge: Forge, authority: str) -> None:
    forge.write_crl(authority, end=AT + 5 * SECOND)
    store, leaf = forge.store(), forge.leaf()
    refuses(store, leaf, "revocation-stale", AT + 6 * SECOND)
    accepts(store, leaf, AT + 5 * SECOND)
    refuses(store, leaf, "revocation-stale", AT + 6 * SECOND)
    refuses(store, leaf, "revocation-stale", AT + 5 * SECOND + timedelta(microseconds=1))
