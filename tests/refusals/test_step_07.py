"""Step 7: the certificate. One change each to a good little PKI, and the exact rule that refuses it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.refusals import Refused
from gateway.trust import Usage, read_certificate
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
    name,
    unknown,
    usage,
)
from tests.kit.refusal import check, expect_refusal
from tests.kit.verdict import FAULTS, accepts, refuses

SECOND = timedelta(seconds=1)


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    return Forge(tmp_path)


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


def test_record_tells_which_key_usage(forge: Forge) -> None:
    for extensions, wanted in (
        (altered(LEAF, without=x509.KeyUsage), "no key usage"),
        (altered(LEAF, (usage("key_agreement"), True)), "a key usage without digitalSignature"),
    ):
        try:
            forge.store().check(der(forge.leaf(extensions)), usage=Usage.SIGNING, at=AT)
        except Refused as refused:
            check(refused.found.startswith(f"{wanted} | subject=CN=system,C=JP serial="), refused.found)
        else:
            check(False, "accepted")


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
