"""Step 8, arithmetic: every digest and the signature value, by both engines."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from gateway.refusals import Refused
from gateway.wss import engine
from gateway.wss.algorithms import step_5_algorithms
from gateway.wss.engine import Question, TwoEngines, canonical
from gateway.wss.engine_lxml import LxmlEngine
from gateway.wss.envelope import step_3_shape
from gateway.wss.parse import step_2_parse
from gateway.wss.profile import Profile
from gateway.wss.references import step_6_references
from gateway.wss.security import step_4_security
from gateway.wss.verify import Verifier
from tests.kit import identities, signing, tree
from tests.kit.identities import NOW, Identity
from tests.kit.messages import WSSE, Draft, good_answer, good_request
from tests.kit.refusal import REQUEST, Bench, check, expect_refusal, replaced
from tests.kit.tree import Node

FAULT = "wsse:FailedCheck"
KINDS = ["RSA-2048", "P-256"]
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def with_value(draft: Draft, value: bytes) -> Draft:
    """The draft with these bytes as SignatureValue."""
    draft.root.one("SignatureValue").text = base64.b64encode(value).decode()
    return draft


def value_of(draft: Draft) -> bytes:
    """The SignatureValue's bytes."""
    return base64.b64decode(draft.signature_value)


def signed_bytes(draft: Draft) -> bytes:
    """What the signature value is computed over."""
    return tree.canonical(draft.signed_info)


# Digests


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("東京都", "大阪府", id="text in the Body"),
        pytest.param("葛\U000e0100", "葛", id="variation selector cut"),
        pytest.param("葛\U000e0100", "葛\U000e0101", id="another variation selector"),
        pytest.param("𠮷", "吉", id="the variant kanji's plain form"),
        pytest.param("note=", "other=", id="attribute's name"),
        pytest.param("&quot;c&quot;", "c", id="attribute's value"),
        pytest.param("<t:empty></t:empty>", "", id="element cut"),
        pytest.param("<t:empty></t:empty>", "<t:empty> </t:empty>", id="one space"),
        pytest.param("<t:empty></t:empty>", '<e:empty xmlns:e="urn:e"></e:empty>', id="another namespace"),
        pytest.param("<wsu:Created>2026", "<wsu:Created>2025", id="Created"),
        pytest.param(":09:05.678Z", ":09:06.678Z", id="Expires"),
        pytest.param(">https://127.0.0.1:8443/", ">https://127.0.0.2:8443/", id="To"),
        pytest.param(":Ask</wsa:Action>", ":Delete</wsa:Action>", id="Action"),
        pytest.param("urn:uuid:3f1a6c52", "urn:uuid:3f1a6c53", id="MessageID"),
    ],
)
def test_a_signed_part_is_not_what_was_signed(bench: Bench, kind: str, old: str, new: str) -> None:
    raw = replaced(good_request(identities.identity(kind)).raw(), old, new)
    bench.refuses(raw, "digest", FAULT)


def test_the_tokens_prefix_is_signed(bench: Bench) -> None:
    draft = good_request()
    draft.token.name = "w:BinarySecurityToken"
    draft.token.attributes["xmlns:w"] = WSSE
    bench.refuses(draft, "digest", FAULT)


@pytest.mark.parametrize("place", range(6))
def test_a_digest_value_is_another(bench: Bench, place: int) -> None:
    draft = good_request()
    draft.references[place].one("DigestValue").text = "A" * 43 + "="
    with_value(draft, signing.signature_value(draft.signed_info, draft.identity))
    bench.refuses(draft, "digest", FAULT)


@pytest.mark.parametrize("length", [1, 31, 33, 64])
def test_a_digest_of_another_length(bench: Bench, length: int) -> None:
    draft = good_request()
    value = draft.references[0].one("DigestValue")
    value.text = base64.b64encode((base64.b64decode(value.text) + bytes(64))[:length]).decode()
    with_value(draft, signing.signature_value(draft.signed_info, draft.identity))
    bench.refuses(draft, "digest", FAULT)


def test_a_part_of_an_answer_is_not_what_was_signed(bench: Bench) -> None:
    raw = good_answer().raw()
    bench.refuses_answer(replaced(raw, "match", "mismatch"), "digest", FAULT)
    bench.refuses_answer(replaced(raw, 'Value="', 'Value="A'), "digest", FAULT)


def test_the_namespace_context_of_a_prefix_list_is_signed(bench: Bench) -> None:
    draft = good_request()
    listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": "q"}
    draft.root.attributes["xmlns:q"] = "urn:q"
    draft.reference(draft.body).one("Transform").append(Node("ec:InclusiveNamespaces", listed))
    bench.accepts(draft.resign())
    bench.refuses(replaced(draft.raw(), 'xmlns:q="urn:q"', 'xmlns:q="urn:r"'), "digest", FAULT)


def test_the_default_namespace_of_a_prefix_list_is_signed(bench: Bench) -> None:
    # lxml alone drops #default and would compute the same digest for both.
    draft = good_request()
    listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": "#default"}
    draft.root.attributes["xmlns"] = "urn:q"
    draft.reference(draft.body).one("Transform").append(Node("ec:InclusiveNamespaces", listed))
    bench.accepts(draft.resign())
    with expect_refusal("digest", FAULT):
        bench.request(replaced(draft.raw(), 'xmlns="urn:q"', 'xmlns="urn:r"'))


def test_an_lxml_that_drops_the_default_namespace(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # It was taught the word and still drops it: no digest of such a list may be believed.
    monkeypatch.setattr(engine._taught, "default", False, raising=False)
    draft = good_request()
    listed = {"xmlns:ec": "http://www.w3.org/2001/10/xml-exc-c14n#", "PrefixList": "#default"}
    draft.reference(draft.body).one("Transform").append(Node("ec:InclusiveNamespaces", listed))
    if isinstance(bench.verifier._engine, LxmlEngine):
        with expect_refusal("canonicalization-failed", FAULT):
            bench.request(draft.resign())
    else:
        bench.accepts(draft.resign())


# The signature value


@pytest.mark.parametrize("kind", KINDS)
def test_the_value_is_of_another_key(bench: Bench, kind: str) -> None:
    draft = good_request(identities.identity(kind))
    other = identities.authority().identity(kind, "somebody else")
    bench.refuses(draft.resign(other), "signature-value", FAULT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [0, 1, -1])
def test_one_bit_of_the_value(bench: Bench, kind: str, place: int) -> None:
    draft = good_request(identities.identity(kind))
    value = bytearray(value_of(draft))
    value[place] ^= 1
    bench.refuses(with_value(draft, bytes(value)), "signature-value", FAULT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "change", ["one byte less", "one byte more", "zero before", "one byte", "twice", "zeros"]
)
def test_a_value_of_another_length(bench: Bench, kind: str, change: str) -> None:
    draft = good_request(identities.identity(kind))
    value = value_of(draft)
    other = {
        "one byte less": value[:-1],
        "one byte more": value + b"\0",
        "zero before": b"\0" + value,
        "one byte": b"\0",
        "twice": value + value,
        "zeros": bytes(len(value)),
    }[change]
    bench.refuses(with_value(draft, other), "signature-value", FAULT)


@pytest.mark.parametrize("kind", KINDS)
def test_signed_info_is_not_what_was_signed(bench: Bench, kind: str) -> None:
    draft = good_request(identities.identity(kind))
    draft.signed_info.attributes["Id"] = "added-later"
    bench.refuses(draft, "signature-value", FAULT)


def test_the_order_of_the_references_is_signed(bench: Bench) -> None:
    draft = good_request()
    draft.signed_info.append(draft.references[0].cut())
    bench.refuses(draft, "signature-value", FAULT)


@pytest.mark.parametrize(
    "attack",
    [
        "r = 0",
        "s = 0",
        "both zero",
        "both the order",
        "r + order",
        "s as order - s and r changed",
        "one byte each",
    ],
)
def test_ecdsa_values_outside_the_field(bench: Bench, attack: str) -> None:
    draft = good_request()
    value = value_of(draft)
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    r, s = {
        "r = 0": (0, s),
        "s = 0": (r, 0),
        "both zero": (0, 0),
        "both the order": (ORDER, ORDER),
        "r + order": ((r + ORDER) % 2**256, s),
        "s as order - s and r changed": (r ^ 1, ORDER - s),
        "one byte each": (1, 1),
    }[attack]
    bench.refuses(with_value(draft, r.to_bytes(32, "big") + s.to_bytes(32, "big")), "signature-value", FAULT)


@pytest.mark.parametrize("size", [33, 40, 48])
def test_an_ecdsa_value_with_longer_halves(bench: Bench, size: int) -> None:
    draft = good_request()
    value = value_of(draft)
    halves = value[:32].rjust(size, b"\0") + value[32:].rjust(size, b"\0")
    bench.refuses(with_value(draft, halves), "signature-value", FAULT)


def test_an_ecdsa_value_in_der(bench: Bench) -> None:
    # What gSOAP writes; XML Signature 1.1 section 6.4.3 wants r||s.
    draft = good_request()
    value = value_of(draft)
    der = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
    bench.refuses(with_value(draft, der), "signature-value", FAULT)


def test_the_cause_is_named_when_der_arrives(trust: object) -> None:
    draft = good_request()
    value = value_of(draft)
    der = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
    verifier = Verifier(trust)  # type: ignore[arg-type]
    with pytest.raises(Refused) as caught:
        verifier.request(with_value(draft, der).raw(), REQUEST, NOW)
    check("DER" in caught.value.found, f"found is {caught.value.found!r}")


def test_the_second_form_of_an_ecdsa_value_is_the_same_signed_message(bench: Bench) -> None:
    # (r, n - s) verifies as well as (r, s). So the guard compares SignedInfo, not the value.
    draft = good_request()
    first = bench.request(draft)
    value = value_of(draft)
    second = ORDER - int.from_bytes(value[32:], "big")
    other = bench.request(with_value(draft, value[:32] + second.to_bytes(32, "big")))
    check(first.signed_info_digest == other.signed_info_digest, "the same SignedInfo, another digest")
    check(first.about.signature_value != other.about.signature_value, "another value, the same text")


def rsa_identity() -> tuple[Identity, rsa.RSAPrivateKey]:
    """The RSA identity with its key, typed."""
    found = identities.identity("RSA-2048")
    if not isinstance(found.key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return found, found.key


@pytest.mark.parametrize("claimed", [signing.RSA_SHA256, signing.PSS_SHA256])
def test_the_other_padding_than_the_one_named(bench: Bench, claimed: str) -> None:
    found, key = rsa_identity()
    draft = good_request(found, method=claimed)
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if claimed == signing.RSA_SHA256:
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    value = key.sign(signed_bytes(draft), scheme, hashes.SHA256())
    bench.refuses(with_value(draft, value), "signature-value", FAULT)


@pytest.mark.parametrize("used", [hashes.SHA1(), hashes.SHA512()])  # noqa: S303
@pytest.mark.parametrize("claimed", [signing.RSA_SHA256, signing.ECDSA_SHA256])
def test_another_hash_than_the_one_named(bench: Bench, claimed: str, used: hashes.HashAlgorithm) -> None:
    kind = "RSA-2048" if claimed == signing.RSA_SHA256 else "P-256"
    draft = good_request(identities.identity(kind), method=claimed)
    name = f"urn:x#{'rsa' if kind.startswith('RSA') else 'ecdsa'}-{used.name}"
    value = signing.raw_signature(name, draft.identity, signed_bytes(draft))
    bench.refuses(with_value(draft, value), "signature-value", FAULT)


@pytest.mark.parametrize("salt", [0, 20, 64, 222])
def test_a_pss_salt_of_another_length(bench: Bench, salt: int) -> None:
    # RFC 6931 section 2.3.10: as long as the hash. Both engines must say the same.
    found, key = rsa_identity()
    draft = good_request(found, method=signing.PSS_SHA256)
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
    value = key.sign(signed_bytes(draft), scheme, hashes.SHA256())
    bench.refuses(with_value(draft, value), "signature-value", FAULT)


def test_a_pss_mask_by_another_hash(bench: Bench) -> None:
    found, key = rsa_identity()
    draft = good_request(found, method=signing.PSS_SHA256)
    scheme = padding.PSS(padding.MGF1(hashes.SHA512()), 32)
    value = key.sign(signed_bytes(draft), scheme, hashes.SHA256())
    bench.refuses(with_value(draft, value), "signature-value", FAULT)


def test_signed_info_as_the_message_itself_would_canonicalise_it(bench: Bench) -> None:
    # Signed over the inclusive form, while the exclusive one is named.
    draft = good_request()
    data = tree.canonical(draft.signed_info, inclusive=True)
    value = signing.raw_signature(signing.ECDSA_SHA256, draft.identity, data)
    bench.refuses(with_value(draft, value), "signature-value", FAULT)


def test_ecdsa_over_no_data(bench: Bench) -> None:
    draft = good_request()
    value = signing.raw_signature(signing.ECDSA_SHA256, draft.identity, b"")
    bench.refuses(with_value(draft, value), "signature-value", FAULT)


# Canonicalisation that fails: step 2 lets nothing through that has no canonical form, so the seam is tried


def test_an_element_without_a_canonical_form() -> None:
    element = etree.fromstring('<n:a xmlns:n="relative"/>')
    with expect_refusal("canonicalization-failed", FAULT):
        canonical(element)


def test_a_canonicaliser_that_yields_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    element = etree.fromstring("<a/>")
    monkeypatch.setattr(etree, "tostring", lambda *_args, **_options: b"")
    with expect_refusal("canonicalization-failed", FAULT):
        canonical(element)


def test_an_engine_that_is_asked_about_a_key_which_step_5_refuses() -> None:
    limits = Profile().limits
    envelope = step_3_shape(step_2_parse(good_request().raw(), limits))
    security = step_4_security(envelope, limits)
    found = identities.identity("Ed25519")
    key = found.certificate.public_key()
    algorithm, covered = step_5_algorithms(security), step_6_references(envelope, security)
    with expect_refusal("signature-value", FAULT):
        LxmlEngine().check(Question(security, algorithm, covered, key, found.der, b""))


# Two engines


class Yes:
    """An engine that finds everything good."""

    def check(self, question: Question) -> None:
        """Accept."""


class No:
    """An engine that finds everything bad."""

    def check(self, question: Question) -> None:
        """Refuse."""
        raise Refused("digest")


@pytest.mark.parametrize(("first", "second"), [(Yes(), No()), (No(), Yes())])
def test_engines_that_disagree(trust: object, first: Yes | No, second: Yes | No) -> None:
    alarms: list[str] = []
    verifier = Verifier(trust, engine=TwoEngines(first, second, share=1.0, alarm=alarms.append))  # type: ignore[arg-type]
    with expect_refusal("engines-disagree", FAULT):
        verifier.request(good_request().raw(), REQUEST, NOW)
    check(alarms == ["engines-disagree"], f"alarms {alarms}")


def test_engines_that_agree(trust: object) -> None:
    alarms: list[str] = []
    good = Verifier(trust, engine=TwoEngines(LxmlEngine(), Yes(), share=1.0, alarm=alarms.append))  # type: ignore[arg-type]
    good.request(good_request().raw(), REQUEST, NOW)
    bad = Verifier(trust, engine=TwoEngines(LxmlEngine(), No(), share=1.0, alarm=alarms.append))  # type: ignore[arg-type]
    with expect_refusal("digest", FAULT):
        bad.request(replaced(good_request().raw(), "東京都", "大阪府"), REQUEST, NOW)
    check(alarms == [], f"alarms {alarms}")


def test_the_second_engine_is_not_asked_when_the_share_is_nothing(trust: object) -> None:
    verifier = Verifier(trust, engine=TwoEngines(LxmlEngine(), No(), share=0.0, alarm=print))  # type: ignore[arg-type]
    verifier.request(good_request().raw(), REQUEST, NOW)
