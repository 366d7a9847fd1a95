"""Messages damaged in one way each, or made with one mistake: what a diagnosis must name.

Damage is done on bytes, mistakes are signed for real by the tests' own signer.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from tests.kit import identities, signing, tree
from tests.kit.identities import NOW
from tests.kit.messages import BODY, SERVICE, Draft, Style, good_request

WAVE = f'<t:Ask xmlns:t="{SERVICE}"><t:name note="〜">東京〜大阪−１</t:name><t:lines>a\nb</t:lines></t:Ask>'
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


@dataclass(frozen=True)
class Damage:
    """A message, and the findings that explain it: cause and place of each."""

    name: str
    make: Callable[[], bytes]
    findings: tuple[tuple[str, str], ...]


def changed(old: str, new: str, body: str = BODY) -> Callable[[], bytes]:
    """A text of the message replaced after signing."""

    def make() -> bytes:
        text = good_request(body=body).raw().decode()
        assert old in text
        return text.replace(old, new).encode()

    return make


def in_body(change: Callable[[str], str], body: str = BODY) -> Callable[[], bytes]:
    """The Body's bytes changed after signing."""

    def make() -> bytes:
        draft = good_request(body=body)
        inner = tree.write(draft.body)
        assert change(inner) != inner
        return draft.raw().decode().replace(inner, change(inner)).encode()

    return make


def digested(
    form: Callable[[Draft, tree.Node], bytes], part: str = "body", body: str = BODY
) -> Callable[[], bytes]:
    """The digest of one part made of other bytes; the signature value is right."""

    def make() -> bytes:
        draft = good_request(body=body)
        node = draft.part(part)
        value = hashlib.sha256(form(draft, node)).digest()
        return _with_digest(draft, node, value)

    return make


def _with_digest(draft: Draft, node: tree.Node, value: bytes) -> bytes:
    draft.reference(node).one("DigestValue").text = base64.b64encode(value).decode()
    return _value_signed(draft).raw()


def _value_signed(draft: Draft) -> Draft:
    value = signing.signature_value(draft.signed_info, draft.identity)
    draft.root.one("SignatureValue").text = base64.b64encode(value).decode()
    return draft


def valued(value: Callable[[Draft, bytes], bytes], kind: str = "P-256") -> Callable[[], bytes]:
    """A signature value made in another way, of the canonical SignedInfo."""

    def make() -> bytes:
        draft = good_request(identities.identity(kind))
        octets = value(draft, tree.canonical(draft.signed_info))
        draft.root.one("SignatureValue").text = base64.b64encode(octets).decode()
        return draft.raw()

    return make


def pretty(style: str) -> Callable[[], bytes]:
    """White space between all elements of the Body."""
    return in_body(lambda text: re.sub(r">(?=<)", ">" + style, text))


def signed_pretty(space: str, indent: str = "") -> Callable[[], bytes]:
    """Signed with white space between the Body's elements, which was then removed."""

    def make() -> bytes:
        inner = f"{space}{indent * 2}"
        body = f'{indent}<t:Ask xmlns:t="{SERVICE}">{inner}<t:name>a</t:name>{space}{indent}</t:Ask>'
        draft = good_request(body=body, style=Style(gap=space))
        written = tree.write(draft.body)
        return draft.raw().decode().replace(written, re.sub(r">\s+<", "><", written)).encode()

    return make


def everywhere() -> bytes:
    """The whole message laid out anew after signing, as a proxy does."""
    return re.sub(r">(?=<[^/])", ">\n", good_request().raw().decode()).encode()


def mis_decoded(encoding: str) -> Callable[[], bytes]:
    """The Body's text read as another encoding and written as UTF-8."""
    body = f'<t:Ask xmlns:t="{SERVICE}"><t:name>é à ü</t:name></t:Ask>'
    return in_body(lambda text: text.encode().decode(encoding), body)


def sign(padded: padding.AsymmetricPadding, hashed: hashes.HashAlgorithm) -> Callable[[Draft, bytes], bytes]:
    """An RSA value with this padding and hash."""
    return lambda draft, data: draft.identity.key.sign(data, padded, hashed)  # type: ignore[union-attr, call-arg, arg-type]


def _der(draft: Draft, data: bytes) -> bytes:
    return draft.identity.key.sign(data, ec.ECDSA(hashes.SHA256()))  # type: ignore[union-attr, call-arg, arg-type]


def _raw(draft: Draft, data: bytes) -> bytes:
    return signing.raw_signature(signing.method_for(draft.identity.key), draft.identity, data)


def _raw_with(method: str) -> Callable[[Draft, bytes], bytes]:
    return lambda draft, data: signing.raw_signature(method, draft.identity, data)


def _swapped(draft: Draft, data: bytes) -> bytes:
    value = _raw(draft, data)
    half = len(value) // 2
    return value[:half][::-1] + value[half:][::-1]


def _prehashed(draft: Draft, data: bytes) -> bytes:
    digest = hashlib.sha256(hashlib.sha256(data).digest()).digest()
    return draft.identity.key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))  # type: ignore[union-attr, call-arg, arg-type]


def wrong_target() -> bytes:
    """The Reference to the Body holds the digest of its child's form."""
    draft = good_request()
    return _with_digest(draft, draft.body, hashlib.sha256(tree.canonical(draft.body.elements[0])).digest())


def exchanged_digests() -> bytes:
    """Two References point to each other's elements."""
    draft = good_request()
    to, action = draft.reference(draft.part("To")), draft.reference(draft.part("Action"))
    one, two = to.one("DigestValue").text, action.one("DigestValue").text
    to.one("DigestValue").text, action.one("DigestValue").text = two, one
    return _value_signed(draft).raw()


def other_digest(name: str) -> Callable[[], bytes]:
    """One digest by another algorithm than declared."""

    def make() -> bytes:
        draft = good_request()
        return _with_digest(draft, draft.body, hashlib.new(name, tree.canonical(draft.body)).digest())

    return make


def hexadecimal_digest() -> bytes:
    """A digest as hexadecimal text."""
    draft = good_request()
    text = hashlib.sha256(tree.canonical(draft.body)).hexdigest()
    return _with_digest(draft, draft.body, text.encode())


def prefix_list_lost() -> bytes:
    """Digests and value made with a PrefixList that was then lost from the Transform of the Body."""
    draft = good_request(style=Style(prefix_list="wsa wsu"))
    info = draft.signed_info
    for transform in info.all("Transform"):
        transform.children = []
    return _value_signed(draft).raw()


def prefix_list_declared_only() -> bytes:
    """A PrefixList that stands in the Transform and was not used."""
    draft = good_request(style=Style(prefix_list="wsa wsu"))
    return _with_digest(draft, draft.body, hashlib.sha256(tree.canonical(draft.body)).digest())


def signed_info_inclusive() -> bytes:
    """SignedInfo signed in inclusive form."""
    draft = good_request()
    value = _raw(draft, tree.canonical(draft.signed_info, inclusive=True))
    draft.root.one("SignatureValue").text = base64.b64encode(value).decode()
    return draft.raw()


def signed_info_indented() -> bytes:
    """SignedInfo alone indented after signing."""
    draft = good_request()
    inner = tree.write(draft.signed_info)
    return draft.raw().decode().replace(inner, re.sub(r">(?=<[^/])", ">\n", inner)).encode()


def signed_info_changed() -> bytes:
    """A digest put right after the value was made: the Body changed, and its digest with it."""
    draft = good_request(identities.identity("RSA-2048"))
    draft.body.elements[0].elements[0].text = "another"
    digest = hashlib.sha256(tree.canonical(draft.body)).digest()
    draft.reference(draft.body).one("DigestValue").text = base64.b64encode(digest).decode()
    return draft.raw()


def other_key() -> bytes:
    """Signed with the key of the sender's TLS certificate."""
    draft = good_request()
    return draft.resign(_with_key_of("tls")).raw()


def stray_key() -> bytes:
    """Signed with a key that nobody here knows."""
    return good_request().resign(_with_key_of("stray")).raw()


def _with_key_of(name: str) -> identities.Identity:
    return OTHERS[name]


OTHERS = {name: identities.authority().identity("P-256", f"131016 {name}") for name in ("tls", "stray")}


def shifted(ahead: timedelta) -> Callable[[], bytes]:
    """A message whose times are so far ahead of the clock."""
    return lambda: good_request(created=NOW + ahead).raw()


SHA1 = hashes.SHA1()  # noqa: S303 # a mistake to be named
PKCS1 = padding.PKCS1v15()
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
PSS_MAX = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
BODY_ = "Body"
VALUE = "SignatureValue"
INFO = "SignedInfo"

DAMAGES = (
    Damage("indented by line breaks", pretty("\n"), (("pretty-printed", BODY_),)),
    Damage("indented by spaces", pretty("\r\n    "), (("pretty-printed", BODY_),)),
    Damage("indented by tabs", pretty("\n\t"), (("pretty-printed", BODY_),)),
    Damage(
        "text laid out on its own lines",
        in_body(
            lambda text: text.replace(">髙橋\u3000𠮷子<", ">\n  髙橋\u3000𠮷子\n<").replace("><", ">\n<")
        ),
        (("pretty-printed", BODY_),),
    ),
    Damage(
        "the whole message laid out anew",
        everywhere,
        (("pretty-printed", BODY_), ("pretty-printed", "Timestamp"), ("pretty-printed", INFO)),
    ),
    Damage("line breaks removed", signed_pretty("\n"), (("white-space-removed", BODY_),)),
    Damage("indentation removed", signed_pretty("\n", "  "), (("white-space-removed", BODY_),)),
    Damage(
        "trailing space cut",
        changed("a </t:name>", "a</t:name>", BODY.replace("髙橋\u3000𠮷子", "a ")),
        (("text-trimmed", BODY_),),
    ),
    Damage(
        "ideographic space cut",
        changed("a\u3000</t:name>", "a</t:name>", BODY.replace("髙橋\u3000𠮷子", "a\u3000")),
        (("text-trimmed", BODY_),),
    ),
    Damage(
        "leading space cut",
        changed(">\u3000a<", ">a<", BODY.replace("髙橋\u3000𠮷子", "\u3000a")),
        (("text-trimmed", BODY_),),
    ),
    Damage(
        "LF became CR LF",
        in_body(lambda text: text.replace("a\nb", "a&#13;\nb"), WAVE),
        (("line-ends", BODY_),),
    ),
    Damage(
        "CR LF became LF",
        digested(lambda d, n: tree.canonical(n).replace(b"a\nb", b"a&#xD;\nb"), body=WAVE),
        (("line-ends", BODY_),),
    ),
    Damage(
        "a line break was lost",
        in_body(lambda text: text.replace("a\nb", "ab"), WAVE),
        (("changed-after", BODY_),),
    ),
    Damage(
        "inclusive form of the Body",
        digested(lambda d, n: tree.canonical(n, inclusive=True)),
        (("inclusive-form", BODY_),),
    ),
    Damage(
        "inclusive form of the Timestamp",
        digested(lambda d, n: tree.canonical(n, inclusive=True), "timestamp"),
        (("inclusive-form", "Timestamp"),),
    ),
    Damage("inclusive form of SignedInfo", signed_info_inclusive, (("inclusive-form", INFO),)),
    Damage(
        "PrefixList not declared",
        digested(lambda d, n: tree.canonical(n, ("wsa", "ds"))),
        (("prefix-list-missing", BODY_),),
    ),
    Damage(
        "PrefixList of one",
        digested(lambda d, n: tree.canonical(n, ("wsse",))),
        (("prefix-list-missing", BODY_),),
    ),
    Damage("PrefixList declared, not used", prefix_list_declared_only, (("prefix-list-ignored", BODY_),)),
    Damage(
        "prefix of the service renamed",
        in_body(
            lambda text: (
                text.replace("<t:", "<ns1:").replace("</t:", "</ns1:").replace("xmlns:t=", "xmlns:ns1=")
            )
        ),
        (("prefix-changed", BODY_),),
    ),
    Damage(
        "prefix renamed from a usual one",
        in_body(
            lambda text: text.replace("soapenv:", "q:").replace("xmlns:soapenv=", "xmlns:q="),
            f'<soapenv:Ask xmlns:soapenv="{SERVICE}" soapenv:note="a"/>',
        ),
        (("prefix-changed", BODY_),),
    ),
    Damage(
        "prefix renamed from one that nobody uses",
        in_body(
            lambda text: text.replace("mine:", "q:").replace("xmlns:mine=", "xmlns:q="),
            f'<mine:Ask xmlns:mine="{SERVICE}"/>',
        ),
        (("changed-after", BODY_),),
    ),
    Damage(
        "default namespace became a prefix",
        in_body(
            lambda text: text.replace("<Ask xmlns=", "<x:Ask xmlns:x=").replace("</Ask", "</x:Ask"),
            f'<Ask xmlns="{SERVICE}">text</Ask>',
        ),
        (("prefix-changed", BODY_),),
    ),
    Damage(
        "bytes as they stand",
        digested(lambda d, n: tree.write(n).encode(), body=BODY.replace("<t:empty/>", "<t:empty />")),
        (("not-canonical", BODY_),),
    ),
    Damage(
        "UTF-16",
        digested(lambda d, n: tree.canonical(n).decode().encode("utf-16-le")),
        (("other-encoding", BODY_),),
    ),
    Damage(
        "Shift_JIS",
        digested(
            lambda d, n: tree.canonical(n).decode().encode("cp932"),
            body=WAVE.replace("〜", "").replace("−", ""),
        ),
        (("other-encoding", BODY_),),
    ),
    Damage("UTF-8 taken for Latin-1", mis_decoded("latin-1"), (("mis-decoded", BODY_),)),
    Damage("UTF-8 taken for Windows-1252", mis_decoded("cp1252"), (("mis-decoded", BODY_),)),
    Damage(
        "escaped twice",
        in_body(lambda text: text.replace("&amp;", "&amp;amp;").replace("&lt;", "&amp;lt;")),
        (("escaped-twice", BODY_),),
    ),
    Damage(
        "wave dash to full-width tilde",
        in_body(lambda text: text.replace("〜", "～").replace("−", "－"), WAVE),
        (("windows-31j", BODY_),),
    ),
    Damage(
        "full-width tilde to wave dash",
        in_body(
            lambda text: text.replace("～", "〜").replace("－", "−"),
            WAVE.replace("〜", "～").replace("−", "－"),
        ),
        (("windows-31j", BODY_),),
    ),
    Damage(
        "composed after signing",
        in_body(
            lambda text: unicodedata.normalize("NFC", text),
            unicodedata.normalize("NFD", WAVE.replace("東京", "ガギグ")),
        ),
        (("normalised", BODY_),),
    ),
    Damage(
        "decomposed after signing",
        in_body(lambda text: unicodedata.normalize("NFD", text), WAVE.replace("東京", "ガギグ")),
        (("normalised", BODY_),),
    ),
    Damage(
        "Id added after digesting",
        digested(lambda d, n: re.sub(rb' wsu:Id="[^"]*"| xmlns:wsu="[^"]*"', b"", tree.canonical(n))),
        (("id-added", BODY_),),
    ),
    Damage(
        "content of the Timestamp only",
        digested(lambda d, n: b"".join(tree.canonical(c) for c in n.elements), "timestamp"),
        (("content-only", "Timestamp"),),
    ),
    Damage("content of the Body only", wrong_target, (("content-only", BODY_),)),
    Damage("text of a header only", digested(lambda d, n: n.text.encode(), "To"), (("content-only", "To"),)),
    Damage(
        "digests of two headers exchanged",
        exchanged_digests,
        (("other-element", "To"), ("other-element", "Action")),
    ),
    Damage("SHA-1 digest", other_digest("sha1"), (("other-digest", BODY_),)),
    Damage("SHA-512 digest", other_digest("sha512"), (("other-digest", BODY_),)),
    Damage("hexadecimal digest", hexadecimal_digest, (("hexadecimal", BODY_),)),
    Damage("a name changed", changed("髙橋", "高橋"), (("changed-after", BODY_),)),
    Damage("a variation selector lost", changed("葛\U000e0100", "葛"), (("changed-after", BODY_),)),
    Damage("ECDSA in DER", valued(_der), (("der-value", VALUE),)),
    Damage("ECDSA with SHA-384", valued(_raw_with("#ecdsa-sha384")), (("other-hash", VALUE),)),
    Damage("ECDSA halves reversed", valued(_swapped), (("byte-order", VALUE),)),
    Damage("RSA with SHA-1", valued(sign(PKCS1, SHA1), "RSA-2048"), (("other-hash", VALUE),)),
    Damage("RSA with SHA-512", valued(sign(PKCS1, hashes.SHA512()), "RSA-2048"), (("other-hash", VALUE),)),
    Damage("PSS for PKCS #1", valued(sign(PSS, hashes.SHA256()), "RSA-2048"), (("other-padding", VALUE),)),
    Damage(
        "PSS with the longest salt",
        valued(sign(PSS_MAX, hashes.SHA256()), "RSA-2048"),
        (("other-padding", VALUE),),
    ),
    Damage("hashed twice", valued(_prehashed, "RSA-2048"), (("digest-signed", VALUE),)),
    Damage(
        "the hash's hexadecimal text signed",
        valued(lambda d, data: _raw(d, hashlib.sha256(data).hexdigest().encode())),
        (("digest-signed", VALUE),),
    ),
    Damage(
        "little-endian RSA value",
        valued(lambda d, data: _raw(d, data)[::-1], "RSA-2048"),
        (("byte-order", VALUE),),
    ),
    Damage(
        "hexadecimal value",
        valued(lambda d, data: _raw(d, data).hex().encode(), "RSA-2048"),
        (("hexadecimal", VALUE),),
    ),
    Damage("SignedInfo indented", signed_info_indented, (("pretty-printed", INFO),)),
    Damage("SignedInfo changed", signed_info_changed, (("signed-info-changed", INFO),)),
    Damage("key of the TLS certificate", other_key, (("other-key", VALUE),)),
    Damage("a key that nobody knows", stray_key, (("value-unexplained", VALUE),)),
    Damage("Japanese time as UTC", shifted(timedelta(hours=9)), (("local-time", "Timestamp"),)),
    Damage("nine hours subtracted twice", shifted(-timedelta(hours=9)), (("local-time", "Timestamp"),)),
    Damage("clock fast", shifted(timedelta(minutes=4)), (("clock", "Timestamp"),)),
    Damage("clock a year slow", shifted(-timedelta(days=365)), (("clock", "Timestamp"),)),
    Damage("sent again late", shifted(-timedelta(minutes=30)), (("sent-late", "Timestamp"),)),
)
