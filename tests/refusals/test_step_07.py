"""Step 7: the certificate. One change each to a good little PKI, and the exact rule that refuses it."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.refusals import Refused
from gateway.trust import TrustedCertificate, TrustStore, Usage, read_certificate
from tests.kit.forge import (
    AT,
    DAY,
    DEMANDED,
    ISSUING,
    LEAF,
    ROOT,
    Forge,
    altered,
    der,
    eku,
    key,
    make,
    make_crl,
    name,
    unknown,
    usage,
)
from tests.kit.refusal import check, expect_refusal

SECOND = timedelta(seconds=1)
FAULTS = {"token-unreadable": "wsse:InvalidSecurityToken", "key-type": "wsse:UnsupportedAlgorithm"}
FAULTS["key-size"] = FAULTS["key-type"]


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


def accepts(store: TrustStore, certificate: x509.Certificate, at: datetime = AT) -> TrustedCertificate:
    try:
        return store.check(der(certificate), usage=Usage.SIGNING, at=at)
    except Refused as refused:
        check(False, f"{refused}; found {refused.found}; wanted {refused.wanted}")
        raise


def refuses(
    store: TrustStore,
    certificate: x509.Certificate | bytes,
    rule: str,
    at: datetime = AT,
    used: Usage = Usage.SIGNING,
) -> None:
    raw = certificate if isinstance(certificate, bytes) else der(certificate)
    with expect_refusal(rule, FAULTS.get(rule, "wsse:FailedAuthentication")):
        store.check(raw, usage=used, at=at)


def test_good_certificate_is_trusted(forge: Forge) -> None:
    leaf = forge.leaf()
    trusted = accepts(forge.store(), leaf)
    check(trusted.certificate == leaf and trusted.der == der(leaf), "another certificate")
    check(trusted.fingerprint == leaf.fingerprint(hashes.SHA256()).hex(), "another fingerprint")
    check((trusted.subject, trusted.issuer) == ("CN=system,C=JP", "CN=issuing,C=JP"), "other names")
    check(
        trusted.anchor == "forge" and trusted.not_after == leaf.not_valid_after_utc, "another anchor or end"
    )
    check(
        [one.subject for one in trusted.chain] == ["CN=system,C=JP", "CN=issuing,C=JP", "CN=root,C=JP"],
        "chain",
    )
    check([one.crl_number for one in trusted.chain] == [1, 1, None], "CRLs of the chain")


# token-unreadable


def patched(certificate: x509.Certificate, old: str, new: str) -> bytes:
    raw = der(certificate)
    check(raw.count(bytes.fromhex(old)) == 1, "the bytes to change stand elsewhere too")
    return raw.replace(bytes.fromhex(old), bytes.fromhex(new))


def test_bytes_that_are_no_certificate(forge: Forge) -> None:
    good = forge.leaf()
    raw = der(good)
    for bad in (
        b"",
        b"0",
        b"\x30\x03\x02\x01\x01",
        raw[:-1],
        raw + b"\0",
        raw[1:],
        good.public_bytes(Encoding.PEM),
    ):
        refuses(forge.store(), bad, "token-unreadable")


def test_extension_that_stands_twice(forge: Forge) -> None:
    # subjectKeyIdentifier (2.5.29.14) renamed to keyUsage (2.5.29.15), which is there already
    refuses(forge.store(), patched(forge.leaf(), "0603551d0e", "0603551d0f"), "token-unreadable")


def test_extension_that_cannot_be_read(forge: Forge) -> None:
    # the BOOLEAN cA of basicConstraints made an OCTET STRING
    raw = patched(forge.leaf(ISSUING), "30060101ff020100", "30060401ff020100")
    refuses(forge.store(), raw, "token-unreadable")


def test_certificate_of_16_kib_and_one_byte_more(forge: Forge) -> None:
    def sized(length: int) -> x509.Certificate:
        filler = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.9"), bytes(length))
        return make(
            "system", key("leaf", "RSA-2048"), "rsa", key("rsa", "RSA-2048"), (*LEAF, (filler, False))
        )

    issuing = make("rsa", key("rsa", "RSA-2048"), "root", key("root"), ISSUING)
    store = forge.store(intermediates=(issuing,), revocation="off")
    length = 16_384 - len(der(sized(10_000))) + 10_000
    at_limit = sized(length)
    check(len(der(at_limit)) == 16_384, f"{len(der(at_limit))} bytes")
    accepts(store, at_limit)
    refuses(store, sized(length + 1), "token-unreadable")


# key-type, key-size: of step 5, judged here for the certificates of connections too


@pytest.mark.parametrize("kind", ["Ed25519", "DSA", "P-521", "k1"])
def test_key_of_another_kind(forge: Forge, kind: str) -> None:
    refuses(forge.store(), forge.leaf(kind=kind), "key-type")


def test_key_of_an_unknown_algorithm(forge: Forge) -> None:
    # id-ecPublicKey 1.2.840.10045.2.1 renamed to 2.9
    raw = patched(forge.leaf(), "06072a8648ce3d0201", "06072a8648ce3d0209")
    with expect_refusal("key-type", FAULTS["key-type"]):
        read_certificate(raw)


def test_short_rsa_key(forge: Forge) -> None:
    refuses(forge.store(), forge.leaf(kind="RSA-1024"), "key-size")
    refuses(forge.store(), forge.leaf(kind="RSA-2040"), "key-size")


@pytest.mark.parametrize("kind", ["RSA-2048", "P-256", "P-384"])
def test_good_keys(forge: Forge, kind: str) -> None:
    accepts(forge.store(), forge.leaf(kind=kind))


# certificate-path


def test_other_authority_of_the_same_name(forge: Forge) -> None:
    other = make("system", key("leaf"), "issuing", key("other"), LEAF)
    refuses(forge.store(), other, "certificate-path")


def test_self_signed(forge: Forge) -> None:
    refuses(forge.store(), make("system", key("leaf"), "system", key("leaf"), LEAF), "certificate-path")


def test_signature_of_the_certificate_changed(forge: Forge) -> None:
    raw = bytearray(der(forge.leaf()))
    raw[-1] ^= 1
    refuses(forge.store(), bytes(raw), "certificate-path")


def test_intermediate_not_configured(forge: Forge) -> None:
    refuses(forge.store(intermediates=()), forge.leaf(), "certificate-path")


def test_stranger_names_no_subject_in_the_record(forge: Forge) -> None:
    stranger = make("a person", key("leaf"), "elsewhere", key("other"), LEAF)
    try:
        forge.store().check(der(stranger), usage=Usage.SIGNING, at=AT)
    except Refused as refused:
        check(refused.rule.name == "certificate-path", refused.rule.name)
        check("a person" not in refused.found + refused.wanted + str(refused), "the record names the subject")
        check("elsewhere" in refused.found, "the record does not name the issuer")
    else:
        check(False, "accepted")


def test_unknown_critical_extension(forge: Forge) -> None:
    accepts(forge.store(), forge.leaf(altered(LEAF, unknown(critical=False))))
    refuses(forge.store(), forge.leaf(altered(LEAF, unknown(critical=True))), "certificate-path")


NAMES = x509.NameConstraints([x509.DirectoryName(name("elsewhere"))], None)


@pytest.mark.parametrize(
    "extensions",
    [
        pytest.param(altered(ISSUING, unknown(critical=True)), id="unknown critical extension"),
        pytest.param(altered(ISSUING, (usage("crl_sign"), True)), id="no keyCertSign"),
        pytest.param(altered(ISSUING, without=x509.BasicConstraints), id="no basic constraints"),
        pytest.param(
            altered(ISSUING, (x509.BasicConstraints(True, 0), False)), id="basic constraints not critical"
        ),
        pytest.param(altered(ISSUING, (x509.BasicConstraints(False, None), True)), id="not an authority"),
        pytest.param(altered(ISSUING, (NAMES, True)), id="names that it may not issue"),
        pytest.param(altered(ISSUING, (NAMES, False)), id="name constraints not critical"),
    ],
)
def test_intermediate_that_may_not_issue(forge: Forge, extensions: Any) -> None:
    forge.issuing = make("issuing", key("issuing"), "root", key("root"), extensions)
    refuses(forge.store(revocation="off"), forge.leaf(), "certificate-path")


def test_path_longer_than_allowed(forge: Forge) -> None:
    below = make("below", key("below"), "issuing", key("issuing"), ISSUING)
    leaf = make("system", key("leaf"), "below", key("below"), LEAF)
    refuses(forge.store(intermediates=(forge.issuing, below), revocation="off"), leaf, "certificate-path")


# certificate-not-yet-valid, certificate-expired: both ends belong to the validity


def test_leaf_validity_to_the_second(forge: Forge) -> None:
    leaf = forge.leaf(begin=AT - 5 * SECOND, end=AT + 5 * SECOND)
    store = forge.store()
    accepts(store, leaf, AT - 5 * SECOND)
    refuses(store, leaf, "certificate-not-yet-valid", AT - 6 * SECOND)
    refuses(store, leaf, "certificate-not-yet-valid", AT - 5 * SECOND - timedelta(microseconds=1))
    accepts(store, leaf, AT + 5 * SECOND)
    refuses(store, leaf, "certificate-expired", AT + 6 * SECOND)
    refuses(store, leaf, "certificate-expired", AT + 5 * SECOND + timedelta(microseconds=1))


def test_memo_does_not_outlive_expiry(forge: Forge) -> None:
    leaf = forge.leaf(begin=AT, end=AT + 5 * SECOND)
    store = forge.store()
    accepts(store, leaf, AT)
    refuses(store, leaf, "certificate-expired", AT + 6 * SECOND)
    refuses(store, leaf, "certificate-not-yet-valid", AT - SECOND)
    accepts(store, leaf, AT + 5 * SECOND)


def test_authority_validity(forge: Forge) -> None:
    issuing = make(
        "issuing", key("issuing"), "root", key("root"), ISSUING, begin=AT - 5 * SECOND, end=AT + 5 * SECOND
    )
    store = forge.store(intermediates=(issuing,))
    leaf = forge.leaf()
    accepts(store, leaf, AT + 5 * SECOND)
    refuses(store, leaf, "certificate-expired", AT + 6 * SECOND)
    refuses(store, leaf, "certificate-not-yet-valid", AT - 6 * SECOND)


def test_anchor_validity(forge: Forge) -> None:
    root = make("root", key("root"), "root", key("root"), ROOT, begin=AT - 5 * SECOND, end=AT + 5 * SECOND)
    store = forge.store(certificate=root)
    accepts(store, forge.leaf(), AT + 5 * SECOND)
    refuses(store, forge.leaf(), "certificate-expired", AT + 6 * SECOND)


def test_authority_that_ended_before_the_leaf_began(forge: Forge) -> None:
    issuing = make(
        "issuing", key("issuing"), "root", key("root"), ISSUING, begin=AT - 9 * DAY, end=AT - 8 * DAY
    )
    refuses(forge.store(intermediates=(issuing,)), forge.leaf(begin=AT - DAY), "certificate-path")


def test_expired_stranger(forge: Forge) -> None:
    stranger = make("system", key("leaf"), "elsewhere", key("other"), LEAF, begin=AT - 9 * DAY, end=AT - DAY)
    refuses(forge.store(), stranger, "certificate-expired")
    early = make("system", key("leaf"), "elsewhere", key("other"), LEAF, begin=AT + DAY, end=AT + 9 * DAY)
    refuses(forge.store(), early, "certificate-not-yet-valid")


def test_record_shows_the_chain_with_days_left(forge: Forge) -> None:
    leaf = forge.leaf(end=AT - DAY)
    try:
        forge.store().check(der(leaf), usage=Usage.SIGNING, at=AT)
    except Refused as refused:
        lines = refused.found.split(" | ")
        check(lines[0] == "now 2026-11-25T00:00:00Z", lines[0])
        check(
            [line.rpartition(" ")[2] for line in lines[1:]]
            == ["days_left=-1", "days_left=400", "days_left=500"],
            "days",
        )
        check(f"serial={leaf.serial_number:x} " in lines[1], lines[1])
        ends = [(link[0], link[2]) for link in refused.about.chain]
        check(ends[0] == ("CN=system,C=JP", AT - DAY) and len(ends) == 3, str(ends))
        check(refused.wanted == "from 2026-11-15T00:00:00Z to 2026-11-24T00:00:00Z", refused.wanted)
    else:
        check(False, "accepted")


# certificate-is-ca


def test_authority_as_leaf(forge: Forge) -> None:
    signs = (usage("digital_signature", "key_cert_sign"), True)
    for extensions in (
        altered(LEAF, (x509.BasicConstraints(True, 0), True)),
        altered(LEAF, signs),
        altered(LEAF, signs, (x509.BasicConstraints(True, 0), True)),
    ):
        refuses(forge.store(), forge.leaf(extensions), "certificate-is-ca")
    refuses(forge.store(), forge.issuing, "certificate-is-ca")
    refuses(forge.store(), forge.root, "certificate-is-ca")


# certificate-key-usage


def test_key_usage(forge: Forge) -> None:
    accepts(forge.store(), forge.leaf(altered(LEAF, (usage("digital_signature", "key_encipherment"), False))))
    for wrong in (usage("key_encipherment"), usage("content_commitment"), usage("key_agreement")):
        refuses(forge.store(), forge.leaf(altered(LEAF, (wrong, True))), "certificate-key-usage")
    refuses(forge.store(), forge.leaf(altered(LEAF, without=x509.KeyUsage)), "certificate-key-usage")
    for used in Usage:
        refuses(forge.store(), forge.leaf(altered(LEAF, (wrong, True))), "certificate-key-usage", used=used)


# certificate-extended-key-usage


def test_extended_key_usage(forge: Forge) -> None:
    accepts(forge.store(), forge.leaf(altered(LEAF, (eku("1.2.3.9", DEMANDED), False))))
    for wrong in (eku("1.2.3.9"), eku("2.5.29.37.0"), eku(DEMANDED + ".1")):
        refuses(forge.store(), forge.leaf(altered(LEAF, (wrong, False))), "certificate-extended-key-usage")
    none = forge.leaf(altered(LEAF, without=x509.ExtendedKeyUsage))
    refuses(forge.store(), none, "certificate-extended-key-usage")
    accepts(forge.store(extended_key_usage={Usage.TLS_CLIENT: "1.3.6.1.5.5.7.3.2"}), none)


def test_extended_key_usage_is_of_the_usage(forge: Forge) -> None:
    store = forge.store(extended_key_usage={Usage.SIGNING: DEMANDED, Usage.TLS_CLIENT: "1.3.6.1.5.5.7.3.2"})
    leaf = forge.leaf()
    accepts(store, leaf)
    refuses(store, leaf, "certificate-extended-key-usage", used=Usage.TLS_CLIENT)
    store.check(der(leaf), usage=Usage.TLS_SERVER, at=AT)


def test_authority_that_limits_its_extended_key_usages(forge: Forge) -> None:
    for limits, good in ((eku(DEMANDED), True), (eku("1.2.3.9"), False)):
        forge.issuing = make(
            "issuing", key("issuing"), "root", key("root"), altered(ISSUING, (limits, False))
        )
        if good:
            accepts(forge.store(), forge.leaf())
        else:
            refuses(forge.store(), forge.leaf(), "certificate-extended-key-usage")


# certificate-revoked


def test_revoked_leaf(forge: Forge) -> None:
    leaf, another = forge.leaf(), forge.leaf()
    forge.write_crl("issuing", revoked=[leaf.serial_number])
    store = forge.store()
    refuses(store, leaf, "certificate-revoked")
    accepts(store, another)


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
