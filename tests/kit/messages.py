"""Good messages of profile 1, built and signed independently of the gateway, as trees to be changed.

A test takes ``good_request()``, makes the one change it is named for, calls ``resign()`` where the
signature is not the flaw, and hands ``raw()`` to the verifier (style.md's habit: one change each, and
the refusal must be the one named). All people and systems in here are made up.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self
from xml.sax.saxutils import escape

from tests.kit import identities, signing, tree
from tests.kit.identities import NOW, Identity
from tests.kit.tree import Node

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
WSSE11 = "http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
ANONYMOUS = f"{WSA}/anonymous"
ACTOR_NEXT = "http://schemas.xmlsoap.org/soap/actor/next"

SERVICE = "urn:example:test:1"
TO = "https://127.0.0.1:8443/test/1"
ACTION = f"{SERVICE}:Ask"
ANSWER_ACTION = f"{SERVICE}:AskAnswer"
FAULT_ACTION = f"{WSA}/soap/fault"
MESSAGE_ID = "urn:uuid:3f1a6c52-8f0b-4f57-9d3e-0d5f6c1b2a90"
ANSWER_ID = "urn:uuid:9d2b7f10-1c44-4be2-a0a5-5b7c6e1f2d33"
BODY = (
    f'<t:Ask xmlns:t="{SERVICE}"><t:name note="a &lt; b &amp; &quot;c&quot;">髙橋\u3000𠮷子</t:name>'
    "<t:address>東京都千代田区葛\U000e0100一丁目1−2</t:address><t:empty/></t:Ask>"
)
ANSWER_BODY = f'<t:AskAnswer xmlns:t="{SERVICE}"><t:result>match</t:result></t:AskAnswer>'
CONFIRMED = base64.b64encode(b"signature value of the request".ljust(64, b".")).decode()


@dataclass(frozen=True, slots=True)
class Style:
    """How a message is written: what other stacks do differently, and the profile allows.

    ``prefix_list`` stands in every Transform, ``signed_info_prefixes`` in CanonicalizationMethod.
    ``order`` is that of the Security header's children; ``ids`` maps a part to its Id's value.
    """

    soap: str = "soap"
    wsa: str = "wsa"
    wsse: str = "wsse"
    wsu: str = "wsu"
    ds: str = "ds"
    default_namespace: str = ""
    security_first: bool = False
    order: tuple[str, ...] = ("token", "timestamp", "signature")
    prefix_list: str | None = None
    signed_info_prefixes: str | None = None
    gap: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    digest: str = signing.SHA256


@dataclass
class Draft:
    """A message that a test may change before and after signing."""

    root: Node
    identity: Identity

    @property
    def header(self) -> Node:
        """soap:Header."""
        return self.root.one("Header")

    @property
    def body(self) -> Node:
        """soap:Body."""
        return next(node for node in self.root.elements if node.local == "Body")

    @property
    def security(self) -> Node:
        """wsse:Security."""
        return self.root.one("Security")

    @property
    def token(self) -> Node:
        """wsse:BinarySecurityToken."""
        return self.root.one("BinarySecurityToken")

    @property
    def timestamp(self) -> Node:
        """wsu:Timestamp."""
        return self.root.one("Timestamp")

    @property
    def signature(self) -> Node:
        """ds:Signature."""
        return self.root.one("Signature")

    @property
    def signed_info(self) -> Node:
        """ds:SignedInfo."""
        return self.root.one("SignedInfo")

    @property
    def signature_value(self) -> str:
        """The SignatureValue's text without white space."""
        return "".join(self.root.one("SignatureValue").text.split())

    @property
    def references(self) -> list[Node]:
        """The ds:Reference elements of the first SignedInfo."""
        return [node for node in self.signed_info.elements if node.local == "Reference"]

    def part(self, name: str) -> Node:
        """A signed part by its short name: body, timestamp, token or a wsa header's local name."""
        return {"body": self.body, "timestamp": self.timestamp, "token": self.token}.get(
            name
        ) or self.header.one(name)

    def reference(self, node: Node) -> Node:
        """The Reference that points to this element."""
        uri = f"#{signing.id_of(node)}"
        return next(found for found in self.references if found.attributes["URI"] == uri)

    def refer(self, node: Node | None, uri: str | None = None) -> Node:
        """Add one more Reference (to the element's Id, or any URI) and return it; not yet signed."""
        twin = self.references[0].copy()
        twin.attributes["URI"] = f"#{signing.id_of(node)}" if uri is None and node is not None else str(uri)
        self.references[-1].after(twin)
        return twin

    def add_header(self, xml: str, *, signed: bool = True) -> Node:
        """Put one more header first in the Header; with ``signed`` a Reference to it as well."""
        node = tree.parse(xml)
        self.header.insert(0, node)
        if signed:
            self.refer(node)
        return node

    def resign(self, identity: Identity | None = None) -> Self:
        """Fill in every digest and the signature value anew, with the algorithms the message names."""
        signing.sign(self.root, identity or self.identity)
        return self

    def raw(self) -> bytes:
        """The message's bytes, without an XML declaration."""
        return tree.write(self.root).encode()


def instant(moment: datetime) -> str:
    """A UTC instant in the profile's grammar, with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def good_request(
    identity: Identity | None = None,
    *,
    body: str = BODY,
    method: str | None = None,
    style: Style | None = None,
    created: datetime = NOW,
    lifetime: timedelta = timedelta(minutes=5),
    to: str = TO,
    action: str = ACTION,
    message_id: str = MESSAGE_ID,
) -> Draft:
    """A signed request of the test service, fit for every step up to 10 at ``NOW``."""
    headers = {"To": to, "Action": action, "MessageID": message_id}
    return _build(identity, headers, body, method, style or Style(), created, lifetime, confirms=None)


def good_answer(
    identity: Identity | None = None,
    *,
    body: str = ANSWER_BODY,
    method: str | None = None,
    style: Style | None = None,
    created: datetime = NOW,
    action: str = ANSWER_ACTION,
    relates_to: str = MESSAGE_ID,
    confirms: str | None = CONFIRMED,
) -> Draft:
    """A signed answer to the request MESSAGE_ID, whose SignatureValue was CONFIRMED."""
    headers = {"To": ANONYMOUS, "Action": action, "MessageID": ANSWER_ID, "RelatesTo": relates_to}
    lifetime = timedelta(minutes=5)
    return _build(identity, headers, body, method, style or Style(), created, lifetime, confirms=confirms)


def good_fault(*, relates_to: str = MESSAGE_ID, confirms: str | None = CONFIRMED) -> Draft:
    """A signed fault in answer to the request MESSAGE_ID."""
    body = (
        f'<soap:Fault xmlns:soap="{SOAP}"><faultcode>soap:Server</faultcode><faultstring>down</faultstring>'
        "</soap:Fault>"
    )
    return good_answer(body=body, action=FAULT_ACTION, relates_to=relates_to, confirms=confirms)


def _build(
    identity: Identity | None,
    headers: dict[str, str],
    body: str,
    method: str | None,
    style: Style,
    created: datetime,
    lifetime: timedelta,
    *,
    confirms: str | None,
) -> Draft:
    identity = identity or identities.identity()
    s, ids = style, _Ids(style.ids)
    parts = {
        "token": f'<{s.wsse}:BinarySecurityToken EncodingType="{BASE64}" ValueType="{X509V3}" '
        f'{s.wsu}:Id="{ids["token"]}">{base64.b64encode(identity.der).decode()}</{s.wsse}:BinarySecurityToken>',
        "timestamp": f'<{s.wsu}:Timestamp {s.wsu}:Id="{ids["timestamp"]}"><{s.wsu}:Created>{instant(created)}'
        f"</{s.wsu}:Created><{s.wsu}:Expires>{instant(created + lifetime)}</{s.wsu}:Expires>"
        f"</{s.wsu}:Timestamp>",
    }
    names = ["body", "timestamp", "token", *headers]
    if confirms is not None:
        names.append("confirmation")
        parts["timestamp"] += (
            f'<c:SignatureConfirmation xmlns:c="{WSSE11}" {s.wsu}:Id="{ids["confirmation"]}" '
            f'Value="{escape(confirms)}"/>'
        )
    parts["signature"] = _signature(s, [ids[name] for name in names], ids["token"], identity, method)
    security = (
        f'<{s.wsse}:Security {s.soap}:mustUnderstand="1">{s.gap}'
        + s.gap.join(parts[name] for name in s.order)
        + f"{s.gap}</{s.wsse}:Security>"
    )
    addressing = "".join(
        f'<{s.wsa}:{name} {s.wsu}:Id="{ids[name]}">{escape(value)}</{s.wsa}:{name}>{s.gap}'
        for name, value in headers.items()
    )
    inner = security + s.gap + addressing if s.security_first else addressing + security
    default = f' xmlns="{s.default_namespace}"' if s.default_namespace else ""
    text = (
        f'<{s.soap}:Envelope xmlns:{s.soap}="{SOAP}" xmlns:{s.wsa}="{WSA}" xmlns:{s.wsse}="{WSSE}" '
        f'xmlns:{s.wsu}="{WSU}" xmlns:{s.ds}="{DS}"{default}>{s.gap}<{s.soap}:Header>{s.gap}{inner}{s.gap}'
        f'</{s.soap}:Header>{s.gap}<{s.soap}:Body {s.wsu}:Id="{ids["body"]}">{s.gap}{body}{s.gap}'
        f"</{s.soap}:Body>{s.gap}</{s.soap}:Envelope>"
    )
    return Draft(tree.parse(text), identity).resign()


class _Ids(dict[str, str]):
    def __missing__(self, part: str) -> str:
        return f"{part.lower()}-1"


def _signature(style: Style, targets: list[str], token: str, identity: Identity, method: str | None) -> str:
    d, w = style.ds, style.wsse
    references = style.gap.join(
        f'<{d}:Reference URI="#{target}"><{d}:Transforms><{d}:Transform Algorithm="{EXC}">'
        f"{_prefixes(style.prefix_list)}</{d}:Transform></{d}:Transforms>"
        f'<{d}:DigestMethod Algorithm="{style.digest}"/><{d}:DigestValue></{d}:DigestValue></{d}:Reference>'
        for target in targets
    )
    return (
        f'<{d}:Signature><{d}:SignedInfo>{style.gap}<{d}:CanonicalizationMethod Algorithm="{EXC}">'
        f"{_prefixes(style.signed_info_prefixes)}</{d}:CanonicalizationMethod>"
        f'<{d}:SignatureMethod Algorithm="{method or signing.method_for(identity.key)}"/>{references}'
        f"{style.gap}"
        f"</{d}:SignedInfo><{d}:SignatureValue></{d}:SignatureValue><{d}:KeyInfo><{w}:SecurityTokenReference>"
        f'<{w}:Reference URI="#{token}" ValueType="{X509V3}"/></{w}:SecurityTokenReference></{d}:KeyInfo>'
        f"</{d}:Signature>"
    )


def _prefixes(tokens: str | None) -> str:
    return "" if tokens is None else f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{tokens}"/>'
