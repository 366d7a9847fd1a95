"""XML Signature, written for the tests: digests and a signature value for whatever a message names.

Also for algorithms that the profile forbids (SHA-1, HMAC with the public key as the secret, inclusive
canonicalisation): an attack must be right in everything but the flaw it is named for.
Clauses: XML Signature 1.1, section 3.1; RFC 6931 (algorithm names); RFC 4050 is not followed, values
are r||s (XML Signature 1.1, section 6.4.3).
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.kit.identities import Identity, PrivateKey
from tests.kit.tree import Node, canonical

_OLD = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MGF = "http://www.w3.org/2007/05/xmldsig-more#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = f"{_MORE}sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
RSA_SHA1 = f"{_OLD}rsa-sha1"
RSA_SHA256 = f"{_MORE}rsa-sha256"
RSA_SHA384 = f"{_MORE}rsa-sha384"
RSA_SHA512 = f"{_MORE}rsa-sha512"
PSS_SHA256 = f"{_MGF}sha256-rsa-MGF1"
PSS_SHA384 = f"{_MGF}sha384-rsa-MGF1"
PSS_SHA512 = f"{_MGF}sha512-rsa-MGF1"
ECDSA_SHA256 = f"{_MORE}ecdsa-sha256"
ECDSA_SHA384 = f"{_MORE}ecdsa-sha384"

_DIGESTS = {
    f"{_OLD}sha1": "sha1",
    f"{_MORE}md5": "md5",
    f"{_MORE}sha224": "sha224",
    SHA256: "sha256",
    SHA384: "sha384",
    SHA512: "sha512",
    f"{_MGF}sha3-256": "sha3_256",
}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - the downgrade attack signs with it
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def method_for(key: PrivateKey) -> str:
    """The usual SignatureMethod of a key."""
    if isinstance(key, rsa.RSAPrivateKey):
        return RSA_SHA256
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 384:
        return ECDSA_SHA384
    return ECDSA_SHA256


def id_of(node: Node) -> str:
    """The value of the element's id attribute, of whatever spelling."""
    for name, value in node.attributes.items():
        if name.rpartition(":")[2].lower() in ("id", "assertionid"):
            return value
    raise KeyError(node.name)


def by_id(root: Node, identifier: str) -> Node | None:
    """The first element that carries this id."""
    for node in root.walk():
        for name, value in node.attributes.items():
            if name.rpartition(":")[2].lower() in ("id", "assertionid") and value == identifier:
                return node
    return None


def sign(root: Node, identity: Identity) -> None:
    """Compute every DigestValue and the SignatureValue of the first Signature, in place."""
    signature = root.one("Signature")
    infos = signature.all("SignedInfo")
    for info in infos:
        for reference in [node for node in info.elements if node.local == "Reference"]:
            _digest(root, reference)
    if infos and signature.all("SignatureValue"):
        value = signature_value(infos[0], identity)
        signature.one("SignatureValue").text = base64.b64encode(value).decode()


def signature_value(info: Node, identity: Identity) -> bytes:
    """The signature over a SignedInfo, by its own CanonicalizationMethod and SignatureMethod."""
    methods = info.all("CanonicalizationMethod")
    data = _canonical(info, methods[0] if methods else None)
    named = [node.attributes.get("Algorithm", "") for node in info.all("SignatureMethod")]
    return raw_signature(named[0] if named else "", identity, data)


def raw_signature(method: str, identity: Identity, data: bytes) -> bytes:
    """Sign bytes with the method of this URI; one that cannot fit the key becomes the key's usual one."""
    key = identity.key
    name = method.rpartition("#")[2].lower()
    digest = next((_HASHES[found] for found in sorted(_HASHES) if found in name), hashes.SHA256())
    if name.startswith("hmac"):
        spki = identity.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hmac.new(spki, data, digest.name).digest()
    if isinstance(key, rsa.RSAPrivateKey):
        if "mgf1" in name:
            return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return key.sign(data, padding.PKCS1v15(), digest)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return key.sign(data) if not hasattr(key, "parameters") else key.sign(data, digest)


def _digest(root: Node, reference: Node) -> None:
    target = by_id(root, reference.attributes.get("URI", "").removeprefix("#"))
    methods, values = reference.all("DigestMethod"), reference.all("DigestValue")
    if target is None or not values:
        return
    transforms = reference.all("Transform")
    uri = methods[0].attributes.get("Algorithm", "") if methods else SHA256
    name = _DIGESTS.get(uri, "sha256")
    data = _canonical(target, transforms[-1] if transforms else None)
    values[0].text = base64.b64encode(hashlib.new(name, data).digest()).decode()


def _canonical(node: Node, method: Node | None) -> bytes:
    if method is None:
        return canonical(node)
    lists = method.all("InclusiveNamespaces")
    prefixes = tuple(lists[0].attributes.get("PrefixList", "").split()) if lists else ()
    inclusive = method.attributes.get("Algorithm", "").startswith("http://www.w3.org/TR/2001/REC-xml-c14n")
    return canonical(node, prefixes, inclusive=inclusive)
