"""Step 5, algorithms and keys: our own allow-list, before any engine sees the message."""

from __future__ import annotations

import pytest

from tests.kit import identities, signing, tree
from tests.kit.explicit_curve import explicit_parameters
from tests.kit.messages import EXC, Style, good_request
from tests.kit.refusal import Bench
from tests.kit.tree import Node

FAULT = "wsse:UnsupportedAlgorithm"
INVALID = "wsse:InvalidSecurity"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
OLD = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
OTHER_C14N = [
    C14N,
    C14N + "#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    EXC + "WithComments",
    "http://www.w3.org/2010/xml-c14n2",
    "http://www.w3.org/2001/10/xml-exc-c14n",
    EXC.upper(),
    f" {EXC}",
    "",
]


@pytest.mark.parametrize("algorithm", OTHER_C14N)
def test_another_canonicalization_method(bench: Bench, algorithm: str) -> None:
    draft = good_request()
    draft.root.one("CanonicalizationMethod").attributes["Algorithm"] = algorithm
    bench.refuses(draft.resign(), "canonicalization-algorithm", FAULT)


@pytest.mark.parametrize(
    "algorithm",
    [
        OLD + "rsa-sha1",
        OLD + "dsa-sha1",
        OLD + "hmac-sha1",
        MORE + "hmac-sha256",
        MORE + "hmac-sha384",
        MORE + "hmac-sha512",
        MORE + "hmac-md5",
        MORE + "rsa-md5",
        MORE + "rsa-sha224",
        MORE + "rsa-ripemd160",
        MORE + "ecdsa-sha1",
        MORE + "ecdsa-sha224",
        MORE + "ecdsa-sha512",
        MORE_2007 + "rsa-pss",
        MORE_2007 + "sha1-rsa-MGF1",
        MORE_2007 + "sha224-rsa-MGF1",
        MORE_2007 + "md5-rsa-MGF1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
        MORE + "RSA-SHA256",
        MORE + "rsa-sha256 ",
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "",
    ],
)
@pytest.mark.parametrize("kind", ["RSA-2048", "P-256"])
def test_another_signature_method(bench: Bench, algorithm: str, kind: str) -> None:
    # The HMAC ones are signed with the public key as the secret: right for a verifier that asks the message.
    draft = good_request(identities.identity(kind))
    draft.root.one("SignatureMethod").attributes["Algorithm"] = algorithm
    bench.refuses(draft.resign(), "signature-algorithm", FAULT)


def test_a_truncated_hmac(bench: Bench) -> None:
    draft = good_request()
    method = draft.root.one("SignatureMethod")
    method.attributes["Algorithm"] = OLD + "hmac-sha1"
    method.append(Node("ds:HMACOutputLength", text="0"))
    bench.refuses(draft.resign(), "signed-info-children", INVALID)


@pytest.mark.parametrize(
    "algorithm",
    [
        OLD + "sha1",
        MORE + "md5",
        MORE + "sha224",
        MORE_2007 + "sha3-256",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "http://www.w3.org/2001/04/xmlenc#SHA256",
        OLD + "sha256",
        "",
    ],
)
@pytest.mark.parametrize("place", [0, -1])
def test_another_digest_method(bench: Bench, algorithm: str, place: int) -> None:
    draft = good_request()
    draft.references[place].one("DigestMethod").attributes["Algorithm"] = algorithm
    bench.refuses(draft.resign(), "digest-algorithm", FAULT)


@pytest.mark.parametrize(
    "algorithm",
    [
        *OTHER_C14N,
        OLD + "enveloped-signature",
        OLD + "base64",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform",
        "http://www.w3.org/2002/07/decrypt#XML",
    ],
)
def test_another_transform(bench: Bench, algorithm: str) -> None:
    draft = good_request()
    draft.references[0].one("Transform").attributes["Algorithm"] = algorithm
    bench.refuses(draft.resign(), "transform-algorithm", FAULT)


@pytest.mark.parametrize("algorithm", [EXC, OLD + "enveloped-signature", OLD + "base64"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_one_more_transform(bench: Bench, algorithm: str, place: str) -> None:
    draft = good_request()
    transform = draft.references[0].one("Transform")
    extra = Node("ds:Transform", {"Algorithm": algorithm})
    (transform.before if place == "before" else transform.after)(extra)
    bench.refuses(draft.resign(), "transform-algorithm", FAULT)


def test_no_transform(bench: Bench) -> None:
    draft = good_request()
    draft.references[0].one("Transform").cut()
    bench.refuses(draft.resign(), "transform-algorithm", FAULT)


XPATH = '<ds:XPath xmlns:ds="http://www.w3.org/2000/09/xmldsig#">self::text()</ds:XPath>'
XSLT = (
    '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">'
    '<xsl:template match="/"><xsl:copy-of select="document(\'file:///etc/passwd\')"/></xsl:template></xsl:stylesheet>'
)


@pytest.mark.parametrize(
    ("algorithm", "inside"),
    [
        ("http://www.w3.org/TR/1999/REC-xpath-19991116", XPATH),
        ("http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT),
    ],
)
def test_a_transform_with_parameters(bench: Bench, algorithm: str, inside: str) -> None:
    draft = good_request()
    transform = Node("ds:Transform", {"Algorithm": algorithm})
    transform.append(tree.parse(inside))
    draft.references[0].one("Transforms").insert(0, transform)
    bench.refuses(draft.resign(), "signed-info-children", INVALID)


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "#",
        "body-1",
        "http://127.0.0.1:9/#body-1",
        "file:///etc/passwd",
        "cid:1@example.org",
        "#xpointer(/)",
        "#xpointer(id('body-1'))",
        "#element(/1/2)",
        "#xmlns(a=urn:a)xpointer(//a:b)",
        "##body-1",
        "#body 1",
        " #body-1",
        "#body-1 ",
        "?#body-1",
        "./#body-1",
    ],
)
def test_another_form_of_reference(bench: Bench, uri: str | None) -> None:
    draft = good_request()
    reference = draft.references[0]
    del reference.attributes["URI"]
    if uri is not None:
        reference.attributes["URI"] = uri
    bench.refuses(draft.resign(), "reference-uri", INVALID)


@pytest.mark.parametrize(
    "uri", [None, "", "#", "token-1", "http://127.0.0.1:9/#token-1", "#body-1", "#nothing"]
)
def test_a_key_reference_to_something_else(bench: Bench, uri: str | None) -> None:
    draft = good_request()
    reference = draft.root.one("SecurityTokenReference", "Reference")
    del reference.attributes["URI"]
    if uri is not None:
        reference.attributes["URI"] = uri
    bench.refuses(draft.resign(), "key-reference", INVALID)


def test_a_key_reference_to_another_type_of_token(bench: Bench) -> None:
    draft = good_request()
    reference = draft.root.one("SecurityTokenReference", "Reference")
    reference.attributes["ValueType"] = reference.attributes["ValueType"].replace("X509v3", "X509PKIPathv1")
    bench.refuses(draft.resign(), "key-reference", INVALID)


# Keys


@pytest.mark.parametrize("kind", ["P-521", "secp256k1", "Ed25519", "DSA"])
@pytest.mark.parametrize("method", [signing.ECDSA_SHA256, signing.RSA_SHA256])
def test_a_key_of_another_kind(bench: Bench, kind: str, method: str) -> None:
    bench.refuses(good_request(identities.identity(kind), method=method), "key-type", FAULT)


def test_a_curve_by_explicit_parameters(bench: Bench) -> None:
    # The form of CVE-2020-0601, where the sender chose the generator. Here it is P-256's own, which the
    # library quietly takes for the named one: the profile wants named curves only.
    bench.refuses(good_request(explicit_parameters()), "key-type", FAULT)


@pytest.mark.parametrize("kind", ["RSA-1024", "RSA-2047"])
def test_a_short_key(bench: Bench, kind: str) -> None:
    bench.refuses(good_request(identities.identity(kind)), "key-size", FAULT)


@pytest.mark.parametrize("method", [signing.RSA_SHA256, signing.RSA_SHA512, signing.PSS_SHA256])
@pytest.mark.parametrize("kind", ["P-256", "P-384"])
def test_an_rsa_method_with_an_ec_key(bench: Bench, kind: str, method: str) -> None:
    bench.refuses(good_request(identities.identity(kind), method=method), "key-mismatch", FAULT)


@pytest.mark.parametrize("method", [signing.ECDSA_SHA256, signing.ECDSA_SHA384])
def test_an_ec_method_with_an_rsa_key(bench: Bench, method: str) -> None:
    bench.refuses(good_request(identities.identity("RSA-2048"), method=method), "key-mismatch", FAULT)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("RSA-2048", signing.RSA_SHA256),
        ("RSA-2048", signing.RSA_SHA384),
        ("RSA-2048", signing.RSA_SHA512),
        ("RSA-2048", signing.PSS_SHA256),
        ("RSA-2048", signing.PSS_SHA384),
        ("RSA-2048", signing.PSS_SHA512),
        ("P-256", signing.ECDSA_SHA256),
        ("P-256", signing.ECDSA_SHA384),
        ("P-384", signing.ECDSA_SHA384),
        ("P-384", signing.ECDSA_SHA256),
    ],
)
@pytest.mark.parametrize("digest", [signing.SHA256, signing.SHA384, signing.SHA512])
def test_every_allowed_combination(bench: Bench, kind: str, method: str, digest: str) -> None:
    bench.accepts(good_request(identities.identity(kind), method=method, style=Style(digest=digest)))
